/*
 * quire cancel - ends a run that is pending or active.
 *
 * The row is flipped first, and then its supervisor woken: should it never
 * look, the run has ended all the same, and reconcile clears away the rest.
 */
#include <getopt.h>
#include <stdio.h>

#include "cmd.h"
#include "cmd_term.h"
#include "exec/finished.h"
#include "exec/lock.h"
#include "store/run.h"

static const char usage[] =
	"usage: quire cancel RUN\n"
	"\n"
	"Ends a run that is pending or active, as failed (canceled). A RUN is\n"
	"foo#42, an id, or the start of an id that no other run has.\n"
	"\n"
	"Exits 2, and changes nothing, if the run has ended already.\n";

static int cancel(struct cmd_ctx *c, const char *typed, struct err *e)
{
	struct run_edge edge = {
		.to = RUN_FAILED,
		.failure_kind = KIND_CANCELED,
	};
	struct buf name = BUF_INIT;
	struct run r;
	int taken;

	if (run_resolve(&c->db, typed, &r, e) < 0)
		return -1;
	term_add_run(&name, &r);
	taken = run_settle(&c->db, r.id, &edge, e);
	if (taken > 0) {
		run_wake(&c->home, r.repo, r.id);
		printf("%s canceled\n", name.ptr);
		taken = finished_tell_unbegun(&c->db, &c->home, r.id, e);
	} else if (taken == 0) {
		/* not the state that was read: the run ended since, perhaps */
		enum run_state now = r.state;

		taken = run_state_of(&c->db, r.id, &now, e);
		if (taken >= 0)
			taken = err_set(e, EXIT_USAGE,
				"%s: has ended already: %s", name.ptr,
				run_state_name(now));
	}
	run_release(&r);
	buf_release(&name);
	return taken < 0 ? -1 : 0;
}

int cmd_cancel(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct cmd_ctx c;
	struct err e;
	int opt, failed;

	while ((opt = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (opt == 'h')
			return cmd_help(usage);
		return cmd_bad_option(argv[0]);
	}
	if (argc - optind != 1)
		return program_usage(argv[0], "which run? as foo#42, or an id");
	if (cmd_open(&c, DB_WRITE, &e) < 0)
		return program_fail(argv[0], &e);
	failed = cancel(&c, argv[optind], &e) < 0;
	cmd_close(&c);
	return failed ? program_fail(argv[0], &e) : EXIT_DONE;
}
