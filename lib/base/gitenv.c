#include "base/gitenv.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int starts_with(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

static void add_user(struct strv *env)
{
	for (char **v = environ; v && *v; v++) {
		if (starts_with(*v, "LC_ALL=") || starts_with(*v, "LANGUAGE="))
			continue;
		if (starts_with(*v, "GIT_") &&
			!starts_with(*v, "GIT_CONFIG_NOSYSTEM=") &&
			!starts_with(*v, "GIT_CONFIG_GLOBAL=") &&
			!starts_with(*v, "GIT_CONFIG_SYSTEM="))
			continue;
		strv_push(env, *v);
	}
}

static void add_lean(struct strv *env)
{
	const char *path = getenv("PATH");

	strv_pushf(
		env, "PATH=%s", path ? path : "/usr/local/bin:/usr/bin:/bin");
	strv_push(env, "GIT_CONFIG_NOSYSTEM=1");
	strv_push(env, "GIT_CONFIG_GLOBAL=/dev/null");
}

/* Whether this process is in a hook of that repository. */
static int in_hook_of(const char *git_dir)
{
	const char *here = getenv("GIT_DIR");
	struct stat a, b;

	return here && !stat(here, &a) && !stat(git_dir, &b) &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

void gitenv_add(struct strv *env, enum gitenv_kind kind, const char *git_dir)
{
	static const char *const objects[] = { "GIT_OBJECT_DIRECTORY",
		"GIT_ALTERNATE_OBJECT_DIRECTORIES" };

	if (kind == GITENV_LEAN)
		add_lean(env);
	else
		add_user(env);
	strv_push(env, "LC_ALL=C");
	strv_push(env, "GIT_NO_REPLACE_OBJECTS=1");
	strv_push(env, "GIT_NO_LAZY_FETCH=1");
	strv_push(env, "GIT_OPTIONAL_LOCKS=0");
	strv_push(env, "GIT_TERMINAL_PROMPT=0");
	if (!git_dir)
		return;
	strv_pushf(env, "GIT_DIR=%s", git_dir);
	for (size_t i = 0; i < sizeof(objects) / sizeof(*objects); i++) {
		const char *value = getenv(objects[i]);

		if (value && in_hook_of(git_dir))
			strv_pushf(env, "%s=%s", objects[i], value);
	}
}
