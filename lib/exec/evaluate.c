#include "exec/evaluate.h"

#include <string.h>
#include <unistd.h>

#include "base/utf8.h"
#include "exec/sendq.h"

#define PROGRAM ".quire/ci"
#define LINE_SHOWN 200 /* bytes of its last words */

struct program {
	struct buf printed; /* its standard output */
	int too_much; /* of that */
	struct sendq err; /* its standard error, on the way to ours */
	size_t err_bytes;
	struct buf line, last; /* of that: the one begun, the one before */
	struct buf reason; /* why it failed */
};

/* The last line that has something in it, cut to what is shown. */
static void note_line(struct program *g, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (data[i] != '\n') {
			if (g->line.len < LINE_SHOWN)
				buf_addc(&g->line, data[i]);
		} else if (g->line.len) {
			buf_reset(&g->last);
			buf_add(&g->last, g->line.ptr, g->line.len);
			buf_reset(&g->line);
		}
}

/* What can't be written there is lost, and no fault of the pipeline's. */
static void pass_stderr(struct program *g, const char *data, size_t len)
{
	size_t room = EVALUATE_MAX_STDERR - g->err_bytes;

	note_line(g, data, len);
	if (!room)
		return;
	if (len < room) {
		buf_add(&g->err.pending, data, len);
		g->err_bytes += len;
	} else {
		buf_add(&g->err.pending, data, room);
		buf_addf(&g->err.pending,
			"\nquire-ci: " PROGRAM ": past %d bytes its standard "
			"error is dropped\n",
			EVALUATE_MAX_STDERR);
		g->err_bytes = EVALUATE_MAX_STDERR;
	}
	sendq_flush(&g->err);
}

static int take_output(void *arg, const char *job_id, enum crilog_stream stream,
	const char *data, size_t len)
{
	struct program *g = arg;

	(void)job_id;
	if (stream == CRILOG_STDERR) {
		pass_stderr(g, data, len);
		return 0;
	}
	if (len > PIPELINE_MAX_BYTES - g->printed.len) {
		g->too_much = 1;
		return -1;
	}
	buf_add(&g->printed, data, len);
	return 0;
}

static void take_event(
	void *arg, const struct event *ev, const char *line, size_t len)
{
	static const char one[] = "command 1 "; /* there is no other */
	struct program *g = arg;
	const char *reason = ev->reason;

	(void)line;
	(void)len;
	if (ev->type != EVENT_JOB_FINISHED || !reason)
		return;
	if (strncmp(reason, one, sizeof(one) - 1) == 0)
		reason += sizeof(one) - 1;
	buf_adds(&g->reason, reason);
}

/* It did not end well: why, and its last words. */
static int say_failed(const struct program *g, struct err *e)
{
	const struct buf *said = g->line.len ? &g->line : &g->last;
	struct buf words = BUF_INIT;

	if (g->too_much)
		return err_set(e, EXIT_RED,
			PROGRAM ": printed more than %d bytes, the limit",
			PIPELINE_MAX_BYTES);
	utf8_add_plain(&words, said->ptr, said->len, 0);
	err_set(e, EXIT_RED, PROGRAM ": %s%s%s", g->reason.ptr,
		words.len ? ": " : "", words.ptr);
	buf_release(&words);
	return -1;
}

static int read_printed(
	const struct program *g, struct pipeline *p, struct err *e)
{
	if (!g->printed.len)
		return err_set(e, EXIT_RED, PROGRAM ": printed nothing");
	if (pipeline_parse(p, g->printed.ptr, g->printed.len, e) < 0)
		return err_prefix(e, PROGRAM ": what it printed");
	return 0;
}

/* The pipeline that runs the program: the executor's business is jobs. */
static int run_program(const struct executor *x, int64_t timeout_ms,
	struct program *g, struct executor_result *result, struct err *e)
{
	char *argv[] = { PROGRAM, NULL };
	struct command command = { .argv = { argv, 1, 0 }, .text = PROGRAM };
	struct job job = { .id = PROGRAM,
		.run = &command,
		.n_run = 1,
		.timeout_ms = timeout_ms };
	struct pipeline its = { .parallel = 1, .jobs = &job, .n_jobs = 1 };
	struct executor in = *x;

	in.pipeline = &its;
	in.evaluates = 1;
	in.cause = (struct executor_cause){ 0 };
	in.run_dir_fd = -1; /* its output comes here, and into no log */
	in.secrets = NULL; /* it names none */
	in.output_to = NULL; /* it is no job that others need */
	in.max_log = 0;
	in.timeout_ms = 0;
	in.turn = NULL;
	in.event = take_event;
	in.output = take_output;
	in.arg = g;
	return executor_run(&in, result, e);
}

static int load_program(const struct executor *x, int64_t timeout_ms,
	struct pipeline *p, struct executor_result *result, struct err *e)
{
	struct program g = { .printed = BUF_INIT,
		.line = BUF_INIT,
		.last = BUF_INIT,
		.reason = BUF_INIT };

	sendq_open(&g.err, STDERR_FILENO, 1);
	int ret = run_program(x, timeout_ms, &g, result, e);
	int cut_short = result->outcome == EXECUTOR_SIGNAL ||
			result->outcome == EXECUTOR_HANGUP;
	if (cut_short)
		sendq_flush(&g.err);
	else
		sendq_drain(&g.err);
	sendq_close(&g.err);
	if (ret == 0 && result->outcome == EXECUTOR_GREEN)
		ret = read_printed(&g, p, e);
	else if (ret == 0 && !cut_short)
		ret = say_failed(&g, e);
	buf_release(&g.printed);
	buf_release(&g.line);
	buf_release(&g.last);
	buf_release(&g.reason);
	return ret;
}

int evaluate(const struct executor *x, int64_t timeout_ms, struct pipeline *p,
	struct executor_result *result, struct err *e)
{
	int is_program = pipeline_is_program(x->workspace_fd, e);

	*result = (struct executor_result){ EXECUTOR_GREEN, 0 };
	if (is_program < 0)
		return -1;
	if (is_program)
		return load_program(x, timeout_ms, p, result, e);
	return pipeline_load(p, x->workspace_fd, e);
}
