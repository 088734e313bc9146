/*
 * quire-ci run: a person's working tree, shown on the terminal.
 */
#include "ci.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ci_progress.h"
#include "exec/sendq.h"
#include "program.h"

extern char **environ;

static void show_event(
	void *arg, const struct event *ev, const char *line, size_t len)
{
	(void)line;
	(void)len;
	ci_progress_event(arg, ev);
}

static int show_output(void *arg, const char *job_id, enum crilog_stream stream,
	const char *data, size_t len)
{
	(void)stream;
	ci_progress_output(arg, job_id, data, len);
	return 0;
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
	struct sandbox *sandbox, struct ci_progress *progress,
	const struct ci_options *o, struct err *e)
{
	struct buf changed = BUF_INIT;
	struct executor_result result = { 0 };

	if (ci_enter_tree(&x->workspace_fd, e) < 0 || ci_local_env(o, e) < 0 ||
		ci_sandbox(sandbox, o, &x->sandbox, e) < 0)
		return -1;
	x->env = environ;
	if (ci_load(x, o, p, e) < 0)
		return -1;
	ci_progress_init(progress, p, &x->out->pending, want_colour());
	int ret = ci_read_cause(&x->cause, &changed, e);
	if (ret == 0) {
		x->timeout_ms = p->timeout_ms;
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
	struct sandbox sandbox = { 0 };
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
	int ret = run_pipeline(&x, &p, &sandbox, &progress, o, &e);
	pipeline_release(&p);
	ci_sandbox_release(&sandbox);
	sendq_close(&out);
	return ret < 0 ? program_fail(CI_NAME, &e) : ret;
}
