#include "base/gitenv.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
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

static int add_files(posix_spawn_file_actions_t *acts, const int fds[3])
{
	int rc = 0;

	for (int i = 0; i < 3 && !rc; i++)
		rc = fds[i] < 0 ? posix_spawn_file_actions_addopen(
					  acts, i, "/dev/null", O_RDONLY, 0)
				: posix_spawn_file_actions_adddup2(
					  acts, fds[i], i);
	return rc;
}

static int set_signals(posix_spawnattr_t *attr)
{
	sigset_t none, usual;
	int rc;

	sigemptyset(&none);
	sigemptyset(&usual);
	sigaddset(&usual, SIGPIPE);
	sigaddset(&usual, SIGCHLD);
	rc = posix_spawnattr_setsigmask(attr, &none);
	if (!rc)
		rc = posix_spawnattr_setsigdefault(attr, &usual);
	if (!rc)
		rc = posix_spawnattr_setflags(
			attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	return rc;
}

int gitenv_spawn(pid_t *pid, const char *const *argv, enum gitenv_kind kind,
	const char *git_dir, const int fds[3])
{
	posix_spawn_file_actions_t acts;
	posix_spawnattr_t attr;
	struct strv env = STRV_INIT;
	int rc = posix_spawn_file_actions_init(&acts);

	if (rc)
		return rc;
	rc = posix_spawnattr_init(&attr);
	if (rc)
		goto no_attr;
	rc = add_files(&acts, fds);
	if (!rc)
		rc = set_signals(&attr);
	if (!rc) {
		gitenv_add(&env, kind, git_dir);
		rc = posix_spawnp(
			pid, "git", &acts, &attr, (char **)argv, env.v);
		strv_release(&env);
	}
	posix_spawnattr_destroy(&attr);
no_attr:
	posix_spawn_file_actions_destroy(&acts);
	return rc;
}
