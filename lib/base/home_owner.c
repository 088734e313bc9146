/*
 * Apart from home.c: a user's name comes from getpwuid(), which loads shared
 * objects at run time, and quire-push and quire-cgi are static.
 */
#include "base/home.h"

#include <pwd.h>

int home_need_owner(const struct home *h, struct err *e)
{
	if (home_is_owner(h))
		return 0;

	const struct passwd *pw = getpwuid(h->owner);
	if (!pw)
		return err_set(e, EXIT_BUSY,
			"%s: belongs to uid %ld, and only that user may do "
			"this",
			h->path, (long)h->owner);
	return err_set(e, EXIT_BUSY,
		"%s: belongs to %s; become that user first, as with: "
		"sudo -u %s ...",
		h->path, pw->pw_name, pw->pw_name);
}
