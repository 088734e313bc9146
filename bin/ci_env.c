/*
 * The environment of the jobs of a person's working tree.
 */
#include "ci.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/git.h"
#include "exec/kick.h"

extern char **environ;

/* A person's environment, without what belongs to a git hook that quire-ci may
 * have been started from. */
static void clean_env(void)
{
	size_t i = 0;

	while (environ && environ[i]) {
		size_t len = strcspn(environ[i], "=");
		char name[256];

		if ((strncmp(environ[i], "GIT_", 4) != 0 &&
			    strncmp(environ[i], "PWD=", 4) != 0 &&
			    strncmp(environ[i], "OLDPWD=", 7) != 0) ||
			len >= sizeof(name)) {
			i++;
			continue;
		}
		memcpy(name, environ[i], len);
		name[len] = '\0';
		if (unsetenv(name) < 0)
			i++;
	}
}

static int set_var(const char *name, const char *value, struct err *e)
{
	if (value ? setenv(name, value, 1) < 0 : unsetenv(name) < 0)
		return err_sys(e, "%s", name);
	return 0;
}

/* The branch that the working tree is on; none where git says so. */
static int current_branch(struct buf *branch, struct err *e)
{
	static const char *const argv[] = { "git", "symbolic-ref", "-q",
		"--short", "HEAD", NULL };
	struct err ignored;

	if (git_run(NULL, argv, branch, 4096, &ignored) != 0)
		buf_reset(branch);
	while (branch->len && branch->ptr[branch->len - 1] == '\n')
		buf_setlen(branch, branch->len - 1);
	return branch->len ? set_var("QUIRE_BRANCH", branch->ptr, e) : 0;
}

/* Not QUIRE_RUN_ID of a run that quire-ci is within: its supervisor finds
 * stray processes by it. */
static int mark_job(struct err *e)
{
	const char *id = getenv("QUIRE_RUN_ID");

	return id && *id ? 0 : set_var("QUIRE_RUN_ID", KICK_LOCAL_RUN, e);
}

int ci_local_env(const struct ci_options *o, struct err *e)
{
	struct buf branch = BUF_INIT;
	char *top = getcwd(NULL, 0);
	int ret = 0;

	if (!top)
		return err_sys(e, "the working tree");
	clean_env();
	if (o->branch || o->tag) {
		ret = set_var("QUIRE_BRANCH", o->branch, e);
		if (ret == 0)
			ret = set_var("QUIRE_TAG", o->tag, e);
	} else if (!getenv("QUIRE_BRANCH") && !getenv("QUIRE_TAG")) {
		ret = current_branch(&branch, e);
	}
	if (ret == 0)
		ret = set_var("QUIRE_WORKSPACE", top, e);
	if (ret == 0)
		ret = set_var("CI", "true", e);
	if (ret == 0)
		ret = mark_job(e);
	buf_release(&branch);
	free(top);
	return ret;
}
