#include "web/access.h"

#include <string.h>

int access_is_reader(const char *readers, const char *user)
{
	static const char blanks[] = " \t\n,";
	size_t user_len = strlen(user);

	for (;;) {
		readers += strspn(readers, blanks);
		size_t len = strcspn(readers, blanks);
		if (!len)
			return 0;
		if (len == user_len && !memcmp(readers, user, len))
			return 1;
		readers += len;
	}
}

/* An empty list is every user there is. */
static int is_trusted(const char *readers, const char *user)
{
	if (!user)
		return 0;
	return !readers[strspn(readers, " \t\n,")] ||
	       access_is_reader(readers, user);
}

enum access access_of(const struct audience *a, const char *user)
{
	if (is_trusted(a->readers, user))
		return ACCESS_ALL;
	if (a->is_private)
		return ACCESS_NONE;
	return a->public_runs ? ACCESS_ALL : ACCESS_STATES;
}

int access_to(const struct audience_list *l, const char *repo, const char *user,
	enum access *access, struct err *e)
{
	struct audience a;

	if (audience_of(l, repo, &a, e) < 0)
		return -1;
	*access = access_of(&a, user);
	return 0;
}
