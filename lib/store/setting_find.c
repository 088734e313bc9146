#include "store/setting.h"

#include <string.h>

#include "base/near.h"

static void say_unknown(const char *name, struct err *e)
{
	const char *names[64];
	size_t n = 0;

	while (n < setting_keys_count && n < 64) {
		names[n] = setting_keys[n].name;
		n++;
	}
	const char *near = near_word(name, names, n);
	err_set(e, EXIT_USAGE, "no setting '%s'%s%s%s", name,
		near ? " (did you mean '" : "", near ? near : "",
		near ? "'?)" : "");
}

const struct setting_key *setting_find(const char *name, struct err *e)
{
	for (size_t i = 0; i < setting_keys_count; i++) {
		if (strcmp(setting_keys[i].name, name) == 0)
			return &setting_keys[i];
	}
	if (e)
		say_unknown(name, e);
	return NULL;
}
