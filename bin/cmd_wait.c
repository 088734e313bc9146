/*
 * quire wait - stays until runs have ended, and prints how they go.
 *
 * It looks at the database again and again, each time with a connection of its
 * own and in a transaction that ends before anything is printed: nobody waits
 * for it, however slow its reader is. In between it watches its standard
 * output, since a reader that is gone, of a push that was interrupted say,
 * shows there without a byte being written.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/units.h"
#include "cmd.h"
#include "cmd_course.h"
#include "cmd_term.h"

#define LOOK_MS 300 /* between two looks */
/* How long a database that cannot be read is tried again: at first, when this
 * may be a user who never can, and later. */
#define FIRST_PATIENCE_MS 1000
#define PATIENCE_MS 60000

static const char usage[] =
	"usage: quire wait RUN... [--timeout SPAN]\n"
	"\n"
	"Waits for runs to end. Prints a line when one is queued, when it starts,\n"
	"as each of its jobs ends, with the last lines of what failed, and how it\n"
	"went. A RUN is foo#42, an id, or the start of an id that no other run\n"
	"has.\n"
	"\n"
	"  --timeout SPAN  no longer than this: 90s, 30m, 1h\n"
	"  --queued        what is told already, that they are queued, is left\n"
	"                  out: for quire-push\n"
	"\n"
	"Exits 0 if all are complete; 1 if one has failed or was superseded; 75\n"
	"if time is over.\n";

struct wait {
	char **typed;
	struct course *v;
	size_t n;
	struct course_style style;
	int64_t until_ms; /* clock_mono_ms(); -1: for ever */
};

static int look(struct cmd_ctx *ctx, void *arg, struct err *e)
{
	struct wait *w = arg;

	for (size_t i = 0; i < w->n; i++)
		if (!w->v[i].ended &&
			course_look(&w->v[i], &ctx->db, w->typed[i], e) < 0)
			return -1;
	return 0;
}

/* Prints what is new; 1 if all have ended, 0, -1. */
static int tell(struct wait *w, const struct home *h, struct err *e)
{
	struct buf out = BUF_INIT;
	int ended = 1, rc = 0;

	for (size_t i = 0; i < w->n; i++) {
		course_tell(&w->v[i], h, &w->style, clock_mono_ms(), &out);
		ended &= w->v[i].ended;
	}
	if (out.len && (fwrite(out.ptr, 1, out.len, stdout) != out.len ||
			       fflush(stdout)))
		rc = err_sys(e, "standard output");
	buf_release(&out);
	return rc < 0 ? -1 : ended;
}

static int time_is_up(const struct wait *w)
{
	return w->until_ms >= 0 && clock_mono_ms() >= w->until_ms;
}

/* Names a run that has not ended in time. */
static int is_over(const struct wait *w, struct err *e)
{
	if (!time_is_up(w))
		return 0;
	for (size_t i = 0; i < w->n; i++)
		if (!w->v[i].ended) {
			struct buf name = BUF_INIT;

			term_add_run(&name, &w->v[i].run);
			err_set(e, EXIT_BUSY, "%s: is still %s", name.ptr,
				run_state_name(w->v[i].run.state));
			buf_release(&name);
			break;
		}
	return 1;
}

static int wait_for(struct wait *w, const struct home *h, struct err *e)
{
	int64_t good_ms = clock_mono_ms(), patience_ms = FIRST_PATIENCE_MS;

	for (;;) {
		if (cmd_read(look, w, e) == 0) {
			int rc = tell(w, h, e);

			if (rc)
				return rc < 0 ? -1 : 0;
			good_ms = clock_mono_ms();
			patience_ms = PATIENCE_MS;
			if (is_over(w, e))
				return -1;
		} else if (e->status != EXIT_BUSY || time_is_up(w) ||
			   clock_mono_ms() - good_ms > patience_ms) {
			return -1;
		}
		if (term_pause(LOOK_MS, e) < 0)
			return -1;
	}
}

static int outcome(const struct wait *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->v[i].run.state != RUN_COMPLETE)
			return EXIT_RED;
	return EXIT_DONE;
}

static int wait_all(struct wait *w, int queued, const char *name)
{
	struct home home;
	struct err e;
	int status;

	if (home_open(&home, NULL, &e) < 0)
		return program_fail(name, &e);
	w->v = mem_zero(w->n * sizeof(*w->v));
	for (size_t i = 0; i < w->n; i++)
		course_init(&w->v[i], clock_mono_ms(), queued);
	if (wait_for(w, &home, &e) < 0)
		status = program_fail(name, &e);
	else
		status = outcome(w);
	for (size_t i = 0; i < w->n; i++)
		course_release(&w->v[i]);
	free(w->v);
	home_close(&home);
	return status;
}

int cmd_wait(int argc, char **argv)
{
	static const struct option options[] = {
		{ "timeout", required_argument, NULL, 't' },
		{ "queued", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct wait w = { .until_ms = -1 };
	int queued = 0, c;
	int64_t span_ms;
	struct err e;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 't':
			if (units_duration(optarg, &span_ms, &e) < 0) {
				err_prefix(&e, "--timeout");
				return program_fail(argv[0], &e);
			}
			/* no limit, as everywhere */
			w.until_ms = span_ms ? clock_mono_ms() + span_ms : -1;
			break;
		case 'q':
			queued = 1;
			break;
		case 'h':
			return cmd_help(usage);
		default:
			return cmd_bad_option(argv[0]);
		}
	}
	w.typed = argv + optind;
	w.n = (size_t)(argc - optind);
	if (!w.n)
		return program_usage(argv[0], "which run? as foo#42, or an id");
	w.style = (struct course_style){
		.several = w.n > 1,
		.colours = term_colours(),
		/* what goes elsewhere is UTF-8, as all that quire writes */
		.utf8 = !isatty(STDOUT_FILENO) || term_utf8(),
	};
	return wait_all(&w, queued, argv[0]);
}
