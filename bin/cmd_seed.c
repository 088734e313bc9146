/*
 * quire seed - a home with made-up runs, for work on the pages.
 */
#include <getopt.h>
#include <stdio.h>

#include "base/clock.h"
#include "cmd.h"
#include "exec/seed.h"

static const char help[] =
	"usage: quire seed DIR\n"
	"\n"
	"Makes DIR, which must be empty or absent, a home with repositories and\n"
	"a fixed set of runs in every state, with logs, to look at the pages\n"
	"with. Nothing in it runs: quire-run and quire-reconcile leave such a\n"
	"home alone.\n";

int cmd_seed(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct err e;
	int c;

	while ((c = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (c == 'h')
			return cmd_help(help);
		return cmd_bad_option(argv[0]);
	}
	if (argc - optind != 1)
		return program_usage(argv[0], "it takes one folder");
	if (seed_home(argv[optind], clock_now_ms(), &e) < 0)
		return program_fail(argv[0], &e);
	return EXIT_DONE;
}
