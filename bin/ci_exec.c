/*
 * quire-ci exec: a pipeline for quire-run. Standard input is the pipe that the
 * supervisor holds, and its end means: end everything.
 */
#include "ci.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/event.h"
#include "exec/cgroup.h"
#include "exec/evaluate.h"
#include "exec/history.h"
#include "exec/proctree.h"
#include "exec/sendq.h"
#include "program.h"

extern char **environ;

static void queue_event(
	void *arg, const struct event *ev, const char *line, size_t len)
{
	struct sendq *out = arg;

	(void)ev;
	buf_add(&out->pending, line, len);
}

/* The run ends before it began: its pipeline is wrong. */
static int refuse(struct sendq *out, const char *reason, struct err *e)
{
	struct event ev = { .type = EVENT_RUN_FINISHED,
		.at_ms = -1,
		.outcome = "pipeline-failure",
		.reason = (char *)reason };

	event_write(&out->pending, &ev);
	return sendq_drain(out) < 0 ? err_sys(e, "standard output") : 0;
}

/* It did not come to its end. */
static int say_cut_short(const struct executor_result *r, struct err *e)
{
	if (r->outcome == EXECUTOR_SIGNAL)
		return err_set(
			e, 128 + r->signal, "ended by signal %d", r->signal);
	return err_set(e, EXIT_BUSY, "the supervisor is gone");
}

static int is_cut_short(const struct executor_result *r)
{
	return r->outcome == EXECUTOR_HANGUP || r->outcome == EXECUTOR_SIGNAL;
}

/* sandbox: shows jobs the objects, if they are confined. */
static int add_history(
	const struct ci_options *o, struct sandbox *sandbox, struct err *e)
{
	const char *commit = getenv("QUIRE_SHA");

	if (!o->git_dir || !commit)
		return err_set(e, EXIT_USAGE,
			"a pipeline with \"history\" needs --git-dir and "
			"QUIRE_SHA");
	return history_make(
		o->workspace, o->git_dir, commit, &sandbox->objects, e);
}

static int exec_pipeline(const struct executor *x, const struct ci_options *o,
	struct sandbox *sandbox, struct pipeline *p, struct err *e)
{
	struct executor_result result = { 0 };

	/* EXIT_USAGE: there is none, which here is no other than a wrong one */
	if (evaluate(x, o->ci_timeout_ms, p, &result, e) < 0)
		return e->status == EXIT_RED || e->status == EXIT_USAGE
			       ? refuse(x->out, e->text, e)
			       : -1;
	if (is_cut_short(&result))
		return say_cut_short(&result, e);
	if (p->history && add_history(o, sandbox, e) < 0)
		return -1;
	int ret = executor_run(x, &result, e);
	if (ret == 0 && is_cut_short(&result))
		return say_cut_short(&result, e);
	return ret;
}

int ci_exec(const struct ci_options *o)
{
	struct sendq out;
	struct buf changed = BUF_INIT;
	struct pipeline p = { 0 };
	struct sandbox sandbox = { 0 };
	struct cgroup_base cgroups = { .fd = -1 };
	struct err e;
	struct secret_source secrets = {
		.dir = o->secrets,
		.without = "this ref gets no secrets (setting protectedRefs)",
	};
	struct executor x = {
		.pipeline = &p,
		.max_log = o->max_log,
		.limits = o->limits,
		.env = environ,
		.secrets = &secrets,
		.hangup_fd = STDIN_FILENO,
		.out = &out,
		.event = queue_event,
		.arg = &out,
	};

	if (!o->workspace || !o->run_dir)
		return program_usage(
			CI_NAME, "exec: --workspace and --run-dir are needed");
	sendq_open(&out, STDOUT_FILENO, 1);
	struct joboutput output = { realpath(o->run_dir, NULL), -1 };
	int ret = output.dir ? -1 : err_sys(&e, "%s", o->run_dir);
	if (output.dir && ci_sandbox(&sandbox, o, &x.sandbox, &e) == 0 &&
		(x.workspace_fd = ci_open_folder(o->workspace, &e)) >= 0 &&
		(x.run_dir_fd = ci_open_folder(o->run_dir, &e)) >= 0 &&
		ci_read_cause(&x.cause, &changed, &e) == 0 &&
		proctree_subreaper(1, &e) == 0) {
		output.fd = x.scratch_fd = x.run_dir_fd;
		x.output_to = &output;
		const char *id = strrchr(output.dir, '/');
		if (id && cgroup_open_base(&cgroups, x.run_dir_fd, id + 1))
			x.cgroups = &cgroups;
		ret = exec_pipeline(&x, o, &sandbox, &p, &e);
	}
	free((char *)output.dir);
	pipeline_release(&p);
	ci_sandbox_release(&sandbox);
	cgroup_close_base(&cgroups);
	sendq_close(&out);
	buf_release(&changed);
	return ret < 0 ? program_fail(CI_NAME, &e) : EXIT_DONE;
}
