/*
 * quire-reconcile - repairs what a crash, a reboot or a lost hook left behind.
 *
 * Cron runs it, so it prints nothing when there was nothing to do: what was
 * done goes to standard output, what could not be done to standard error. All
 * of it is in lib/exec/reconcile.c and its passes.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "exec/reconcile.h"
#include "program.h"

#define NAME "quire-reconcile"

static const char usage[] =
	"usage: quire-reconcile [-n]\n"
	"       quire-reconcile --help | --version\n"
	"\n"
	"Settles runs whose supervisor is gone, removes what they left behind,\n"
	"records refs that moved without their hook, and starts quire-run if\n"
	"anything is pending. Meant for cron; silent when all is well.\n"
	"\n"
	"  -n, --dry-run  say what it would do, and change nothing\n"
	"      --help     show this text\n"
	"      --version  show the version\n"
	"\n"
	"The home is $QUIRE_HOME or " HOME_DEFAULT ". See "
	"quire-reconcile(8).\n";

static void print(FILE *out, const char *before, const char *line)
{
	struct buf text = BUF_INIT;

	utf8_add_plain(&text, line, strlen(line), 0);
	fprintf(out, "%s%s\n", before, text.ptr);
	buf_release(&text);
}

static void say(void *arg, const char *line)
{
	(void)arg;
	print(stdout, "", line);
	fflush(stdout); /* failures are looked for in the end */
}

static void warn(void *arg, const char *line)
{
	(void)arg;
	print(stderr, NAME ": ", line);
}

/* A mail that cannot be written tells nobody. */
static int end(int status)
{
	struct err e;

	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	err_set(&e, EXIT_BUSY, "standard output: %s", strerror(errno));
	return program_fail(NAME, &e);
}

static int run(int dry_run)
{
	struct home home = { 0 };
	struct reconcile r = {
		.home = &home,
		.dry_run = dry_run,
		.say = say,
		.warn = warn,
	};
	struct err e;
	int failed;

	if (home_open(&home, NULL, &e) < 0)
		return program_fail(NAME, &e);
	failed = reconcile(&r, &e) < 0;
	home_close(&home);
	if (failed)
		return program_fail(NAME, &e);
	return r.problems ? EXIT_BUSY : EXIT_DONE;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "dry-run", no_argument, NULL, 'n' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int dry_run = 0, c;

	program_start();
	argv[0] = NAME;
	while ((c = getopt_long(argc, argv, "nh", options, NULL)) != -1) {
		switch (c) {
		case 'n':
			dry_run = 1;
			break;
		case 'h':
			fputs(usage, stdout);
			return end(EXIT_DONE);
		case 'V':
			puts(NAME " " QUIRE_VERSION);
			return end(EXIT_DONE);
		default:
			fputs(NAME ": try 'quire-reconcile --help'\n", stderr);
			return EXIT_USAGE;
		}
	}
	if (optind < argc)
		return program_usage(
			NAME, "'%s': it takes no operands", argv[optind]);
	return end(run(dry_run));
}
