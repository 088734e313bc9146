/*
 * quire-ci run: a person's working tree, shown on the terminal.
 */
#include "ci.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/git.h"
#include "ci_progress.h"
#include "exec/kick.h"
#include "exec/proctree.h"
#include "exec/sendq.h"
#include "program.h"

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

static int local_env(const struct ci_options *o, struct err *e)
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

static void show_event(
	void *arg, const struct event *ev, const char *line, size_t len)
{
	(void)line;
	(void)len;
	ci_progress_event(arg, ev);
}

static void show_output(void *arg, const char *job_id,
	enum crilog_stream stream, const char *data, size_t len)
{
	(void)stream;
	ci_progress_output(arg, job_id, data, len);
}

static int want_colour(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no && *no) && term &&
	       strcmp(term, "dumb") != 0;
}

/* The last lines, and the exit status with its line if it was cut short. */
static int say_result(struct executor *x, struct ci_progress *progress,
	const struct executor_result *r, struct err *e)
{
	struct buf limit = BUF_INIT;

	if (r->outcome == EXECUTOR_HANGUP) {
		errno = x->out->error;
		err_sys(e, "standard output");
		e->status = EXIT_RED;
		return -1;
	}
	ci_progress_table(progress);
	if (r->outcome == EXECUTOR_SIGNAL) {
		/* the terminal may be stopped: what it does not take is lost */
		sendq_flush(x->out);
		return err_set(e, 128 + r->signal, "interrupted");
	}
	if (sendq_drain(x->out) < 0)
		return err_sys(e, "standard output");
	if (r->outcome != EXECUTOR_TIMEOUT)
		return 0;
	pipeline_add_timeout(&limit, x->timeout_ms);
	err_set(e, EXIT_RED, "timed out after %s", limit.ptr);
	buf_release(&limit);
	return -1;
}

/* Runs p, which is filled here; progress is what shows it. */
static int run_pipeline(struct executor *x, struct pipeline *p,
	struct ci_progress *progress, const struct ci_options *o, struct err *e)
{
	struct buf changed = BUF_INIT;
	struct executor_result result = { 0 };

	if (ci_load_here(p, &x->workspace_fd, e) < 0)
		return -1;
	ci_progress_init(progress, p, &x->out->pending, want_colour());
	int ret = local_env(o, e);
	if (ret == 0)
		ret = ci_read_cause(&x->cause, &changed, e);
	if (ret == 0)
		ret = proctree_subreaper(1, e);
	if (ret == 0) {
		x->timeout_ms = p->timeout_ms;
		x->env = environ;
		ret = executor_run(x, &result, e);
	}
	if (ret == 0)
		ret = say_result(x, progress, &result, e);
	ci_progress_release(progress);
	buf_release(&changed);
	if (ret < 0)
		return -1;
	return result.outcome == EXECUTOR_GREEN ? EXIT_DONE : EXIT_RED;
}

int ci_run(const struct ci_options *o)
{
	struct sendq out;
	struct pipeline p = { 0 };
	struct ci_progress progress = { 0 };
	struct err e;
	struct executor x = {
		.pipeline = &p,
		.run_dir_fd = -1,
		.hangup_fd = -1,
		.out = &out,
		.event = show_event,
		.output = show_output,
		.arg = &progress,
	};

	sendq_open(&out, STDOUT_FILENO, 1);
	int ret = run_pipeline(&x, &p, &progress, o, &e);
	pipeline_release(&p);
	sendq_close(&out);
	return ret < 0 ? program_fail(CI_NAME, &e) : ret;
}
