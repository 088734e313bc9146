/*
 * quire-ci run: a person's working tree, shown on the terminal.
 */
#include "ci.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/pipeline_env.h"
#include "base/pipeline_select.h"
#include "ci_jobs.h"
#include "ci_list.h"
#include "ci_live.h"
#include "ci_progress.h"
#include "ci_signals.h"
#include "exec/scratch.h"
#include "exec/sendq.h"
#include "program.h"

extern char **environ;

/* How the run is shown: line by line, or live. */
struct view {
	struct sendq *out;
	struct ci_jobs jobs;
	int is_live;
	struct ci_progress progress;
	struct ci_live live;
	struct ci_signals signals;
};

static void show_event(
	void *arg, const struct event *ev, const char *line, size_t len)
{
	struct view *v = arg;

	(void)line;
	(void)len;
	ci_jobs_event(&v->jobs, ev);
	if (v->is_live)
		ci_live_event(&v->live, ev);
	else
		ci_progress_event(&v->progress, ev);
}

static int show_output(void *arg, const char *job_id, enum crilog_stream stream,
	const char *data, size_t len)
{
	struct view *v = arg;

	if (v->is_live)
		ci_live_output(&v->live, job_id, stream, data, len);
	else
		ci_progress_output(&v->progress, job_id, data, len);
	return 0;
}

/* Whoever suspends the run gets the terminal back as it was before. */
static void leave_screen(void *arg)
{
	struct view *v = arg;

	if (v->is_live)
		ci_live_hide(&v->live);
	sendq_flush(v->out);
}

static int show_turn(void *arg)
{
	struct view *v = arg;
	unsigned came = ci_signals_take(&v->signals);
	struct err e;

	if (came & CI_SUSPEND && ci_signals_suspend(leave_screen, v, &e) < 0)
		program_fail(CI_NAME, &e);
	if (!v->is_live)
		return -1;
	if (came & CI_RESIZED)
		ci_live_redraw(&v->live);
	return ci_live_turn(&v->live);
}

static int view_open(struct view *v, const struct pipeline *p,
	const struct ci_options *o, struct err *e)
{
	int fd = STDOUT_FILENO;

	if (ci_signals_open(&v->signals, e) < 0)
		return -1;
	ci_jobs_init(&v->jobs, p);
	v->is_live = !o->plain && ci_screen_fits(fd);
	if (v->is_live)
		ci_live_init(
			&v->live, &v->jobs, fd, &v->out->pending, o->verbose);
	else
		ci_progress_init(&v->progress, &v->jobs, &v->out->pending,
			ci_screen_colours(fd));
	return 0;
}

static void view_close(struct view *v)
{
	if (v->is_live)
		ci_live_release(&v->live);
	else
		ci_progress_release(&v->progress);
	ci_jobs_release(&v->jobs);
	ci_signals_close(&v->signals);
}

/* What stays, and the exit status with its line if the run was cut short. */
static int say_result(struct executor *x, struct view *v,
	const struct executor_result *r, struct err *e)
{
	struct buf limit = BUF_INIT;

	if (r->outcome == EXECUTOR_HANGUP) {
		errno = x->out->error;
		err_sys(e, "standard output");
		e->status = EXIT_RED;
		return -1;
	}
	if (v->is_live)
		ci_live_end(&v->live);
	else
		ci_progress_table(&v->progress);
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

static int run_jobs(struct executor *x, struct view *v,
	const struct ci_options *o, struct err *e)
{
	struct executor_result result = { 0 };

	if (view_open(v, x->pipeline, o, e) < 0)
		return -1;
	x->turn = show_turn;
	x->watch_fd = v->signals.fd;
	x->fail_fast = !o->keep_going;
	x->timeout_ms = x->pipeline->timeout_ms;
	int ret = executor_run(x, &result, e);
	if (ret == 0)
		ret = say_result(x, v, &result, e);
	view_close(v);
	if (ret < 0)
		return -1;
	return result.outcome == EXECUTOR_GREEN ? EXIT_DONE : EXIT_RED;
}

/* All that a local run holds. */
struct local {
	struct sendq out;
	struct pipeline pipeline;
	struct secret_source secrets;
	struct sandbox sandbox;
	struct buf changed; /* what the executor's cause points to */
	struct scratch scratch;
	struct joboutput output; /* there */
	struct view view;
};

/* The pipeline of the tree as the options have it. */
static int load(struct executor *x, struct local *l, const struct ci_options *o,
	struct err *e)
{
	/* while the process is where the paths of the options begin */
	if (ci_secrets(&l->secrets, o, e) < 0 ||
		ci_enter_tree(&x->workspace_fd, e) < 0 ||
		ci_local_env(o, e) < 0 || ci_local_files(o, &l->scratch, e) < 0)
		return -1;
	if (ci_read_cause(&x->cause, &l->changed, e) < 0 ||
		ci_sandbox(&l->sandbox, o, &x->sandbox, e) < 0)
		return -1;
	x->env = environ;
	if (ci_load(x, o, &l->pipeline, e) < 0 ||
		ci_secrets_check(&l->secrets, &l->pipeline, e) < 0)
		return -1;
	for (size_t i = 0; i < o->env.n; i++)
		if (pipeline_set_env(&l->pipeline, o->env.v[i], e) < 0)
			return err_prefix(e, "--env");
	return o->n_operands ? pipeline_select(&l->pipeline, o->operands,
				       o->n_operands, e)
			     : 0;
}

static int show(struct executor *x, const struct ci_options *o, struct err *e)
{
	struct buf *out = &x->out->pending;

	if (o->graph)
		ci_graph(x->pipeline, &x->cause, out);
	else if (o->json)
		ci_list_json(x->pipeline, &x->cause, out);
	else
		ci_list(x->pipeline, &x->cause, out);
	return sendq_drain(x->out) < 0 ? err_sys(e, "standard output")
				       : EXIT_DONE;
}

static int run(struct executor *x, struct local *l, const struct ci_options *o,
	struct err *e)
{
	if (o->list && o->graph)
		return err_set(
			e, EXIT_USAGE, "--list and --graph exclude each other");
	if (o->json && !o->list)
		return err_set(e, EXIT_USAGE, "--json needs --list");
	if (scratch_make(&l->scratch, e) < 0 || load(x, l, o, e) < 0)
		return -1;
	l->output = (struct joboutput){ l->scratch.path, l->scratch.fd };
	x->output_to = &l->output;
	return o->list || o->graph ? show(x, o, e)
				   : run_jobs(x, &l->view, o, e);
}

int ci_run(const struct ci_options *o)
{
	struct local l = { .changed = BUF_INIT, .view = { .out = &l.out } };
	struct err e, ignored;
	struct executor x = {
		.pipeline = &l.pipeline,
		.secrets = &l.secrets,
		.run_dir_fd = -1,
		.scratch_fd = -1,
		.hangup_fd = -1,
		.out = &l.out,
		.event = show_event,
		.output = show_output,
		.arg = &l.view,
	};

	sendq_open(&l.out, STDOUT_FILENO, 1);
	int ret = run(&x, &l, o, &e);
	/* what went wrong first is told */
	if (scratch_remove(&l.scratch, ret < 0 ? &ignored : &e) < 0)
		ret = -1;
	buf_release(&l.changed);
	pipeline_release(&l.pipeline);
	ci_sandbox_release(&l.sandbox);
	ci_secrets_release(&l.secrets);
	sendq_close(&l.out);
	return ret < 0 ? program_fail(CI_NAME, &e) : ret;
}
