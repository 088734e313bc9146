/*
 * quire-run - the supervisor: takes a slot, and works until the queue is empty.
 *
 * It is started in the background by whoever adds a run, with /dev/null for
 * its standard output and error, so what goes wrong is said twice: there, and
 * in quire-run.log in the home.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/stat.h>

#include "exec/cgroup.h"
#include "exec/dispatch.h"
#include "exec/finished.h"
#include "exec/kick.h"
#include "exec/runlog.h"
#include "program.h"

#define NAME "quire-run"

static const char usage[] =
	"usage: quire-run [--notify RUN]\n"
	"       quire-run --help | --version\n"
	"\n"
	"Runs what is pending, one run after another, until the queue is empty\n"
	"or no slot is free. Only the owner of the home may.\n"
	"\n"
	"      --notify RUN  call the hooks run-finished of a run that has ended,\n"
	"                    and nothing else\n"
	"      --help        show this text\n"
	"      --version     show the version\n"
	"\n"
	"The home is $QUIRE_HOME or " HOME_DEFAULT ". See quire-run(8).\n";

static int fail(const struct home *h, const struct err *e)
{
	runlog_add(h, "%s", e->text);
	return program_fail(NAME, e);
}

/* A descriptor that becomes readable when we are told to stop. What nohup(1)
 * had ignored stays so. -1 with e. */
static int open_stop(struct err *e)
{
	static const int told_by[] = { SIGTERM, SIGINT, SIGHUP };
	struct sigaction was;
	sigset_t set;
	int fd;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(told_by) / sizeof(told_by[0]); i++)
		if (sigaction(told_by[i], NULL, &was) == 0 &&
			was.sa_handler != SIG_IGN)
			sigaddset(&set, told_by[i]);
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (fd < 0 || sigprocmask(SIG_BLOCK, &set, NULL))
		return err_sys(e, "signals");
	return fd;
}

static int run(const struct home *h)
{
	struct db db;
	struct err e;
	int done, stop;

	if (home_need_owner(h, &e))
		return program_fail(NAME, &e);
	/* it would end with the job's run, and leave its own an orphan */
	if (kick_in_job())
		return program_usage(
			NAME, "not within a job: what it starts ends with it");
	if (db_open(&db, h, DB_WRITE, &e))
		return fail(h, &e);
	cgroup_settle();
	stop = open_stop(&e);
	done = stop < 0 ? -1 : dispatch(&db, h, stop, &e);
	/* an idle WAL is short, and the next opener quick */
	if (done == 1)
		db_checkpoint(&db);
	db_close(&db);
	return done < 0 ? fail(h, &e) : EXIT_DONE;
}

/* What a hook did wrong the log has already. */
static int notify(const struct home *h, const char *typed)
{
	struct err e;

	if (home_need_owner(h, &e))
		return program_fail(NAME, &e);
	if (finished_call(h, typed, &e) == 0)
		return EXIT_DONE;
	return e.status == EXIT_RED ? program_fail(NAME, &e) : fail(h, &e);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "notify", required_argument, NULL, 'n' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	const char *ended = NULL;
	struct home h;
	struct err e;
	int c, status;

	program_start();
	argv[0] = NAME;
	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'n':
			ended = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return EXIT_DONE;
		case 'V':
			puts(NAME " " QUIRE_VERSION);
			return EXIT_DONE;
		default:
			fputs(NAME ": try 'quire-run --help'\n", stderr);
			return EXIT_USAGE;
		}
	}
	if (optind < argc)
		return program_usage(
			NAME, "'%s': it takes no operands", argv[optind]);
	/* jobs build with the usual modes; the home keeps others out */
	umask(022);
	if (home_open(&h, NULL, &e))
		return program_fail(NAME, &e);
	status = ended ? notify(&h, ended) : run(&h);
	home_close(&h);
	return status;
}
