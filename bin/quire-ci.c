/*
 * quire-ci - reads a pipeline and runs its jobs.
 *
 * It has no database and no home, so that it runs in a sandbox, in somebody's
 * own working tree, or on another machine. For quire-run (exec) it emits
 * events and writes logs into a folder that it is given; standard input is the
 * pipe that the supervisor holds, and its end means: end everything. For a
 * person (run) it shows the same jobs on the terminal.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/pipeline.h"
#include "base/units.h"
#include "ci.h"
#include "exec/fds.h"
#include "program.h"

#define NAME CI_NAME

static const char usage[] =
	"usage: quire-ci run [--branch NAME | --tag NAME]\n"
	"       quire-ci check [FILE]\n"
	"       quire-ci exec --workspace DIR --run-dir DIR [--max-log BYTES]\n"
	"\n"
	"Reads a pipeline (.quire/ci.json) and runs its jobs.\n"
	"\n"
	"  run    runs the pipeline of the working tree you stand in\n"
	"  check  says whether FILE, or that pipeline, is right ('-': standard\n"
	"         input)\n"
	"  exec   runs one for quire-run, whose pipe is standard input: events\n"
	"         on standard output, logs below the run's folder\n"
	"\n"
	"      --branch NAME    the branch that `when` is matched against\n"
	"      --tag NAME       the tag that it is matched against\n"
	"      --workspace DIR  where the commands start\n"
	"      --run-dir DIR    where jobs/<id>/sh-<n>.log go\n"
	"      --max-log BYTES  the limit of one log, as 64M; 0 is none\n"
	"      --help           show this text\n"
	"      --version        show the version\n";

/* Who names a file that can't be read has not asked about a pipeline. */
static int say_unread(const char *file, struct err *e)
{
	err_sys(e, "%s", file);
	e->status = EXIT_USAGE;
	return -1;
}

static int check_file(const char *file, struct err *e)
{
	struct pipeline p = { 0 };
	struct buf text = BUF_INIT;
	int is_stdin = strcmp(file, "-") == 0;
	int fd = is_stdin ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC);
	int ret;

	if (is_stdin)
		file = "standard input";
	if (fd < 0)
		ret = say_unread(file, e);
	else if (fs_read_all(fd, &text, PIPELINE_MAX_BYTES) < 0)
		ret = errno == EFBIG
			      ? err_set(e, EXIT_RED,
					"%s: larger than %d bytes, the limit",
					file, PIPELINE_MAX_BYTES)
			      : say_unread(file, e);
	else if ((ret = pipeline_parse(&p, text.ptr, text.len, e)) < 0)
		err_prefix(e, "%s", file);
	if (fd >= 0 && !is_stdin)
		close(fd);
	buf_release(&text);
	pipeline_release(&p);
	return ret;
}

static int run_check(const char *file)
{
	struct pipeline p = { 0 };
	struct err e;
	int top, ret;

	if (file) {
		ret = check_file(file, &e);
	} else {
		ret = ci_load_here(&p, &top, &e);
		pipeline_release(&p);
	}
	return ret < 0 ? program_fail(NAME, &e) : EXIT_DONE;
}

static int run_command(int argc, char **argv, const struct ci_options *o)
{
	const char *command = argv[0];
	int is_check = strcmp(command, "check") == 0;

	if (argc > (is_check ? 2 : 1))
		return program_usage(NAME, "'%s': one operand too many",
			argv[is_check ? 2 : 1]);
	if (is_check)
		return run_check(argv[1]);
	if (strcmp(command, "run") == 0)
		return ci_run(o);
	if (strcmp(command, "exec") == 0)
		return ci_exec(o);
	return program_usage(
		NAME, "'%s': no such command (run, check or exec)", command);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "workspace", required_argument, NULL, 'w' },
		{ "run-dir", required_argument, NULL, 'r' },
		{ "max-log", required_argument, NULL, 'm' },
		{ "branch", required_argument, NULL, 'b' },
		{ "tag", required_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	struct ci_options o = { 0 };
	struct err e;
	int c;

	program_start();
	/* a reader that goes away is seen, and everything below is ended */
	signal(SIGPIPE, SIG_IGN);
	/* an inherited copy of the supervisor's end would hide its hang-up */
	fds_close_all_but(NULL, 0);
	argv[0] = NAME;
	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'w':
			o.workspace = optarg;
			break;
		case 'r':
			o.run_dir = optarg;
			break;
		case 'm':
			if (units_size(optarg, &o.max_log, &e) < 0)
				return program_usage(
					NAME, "--max-log: %s", e.text);
			break;
		case 'b':
			o.branch = optarg;
			break;
		case 't':
			o.tag = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return fflush(stdout) == 0 ? EXIT_DONE : EXIT_BUSY;
		case 'V':
			puts(NAME " " QUIRE_VERSION);
			return fflush(stdout) == 0 ? EXIT_DONE : EXIT_BUSY;
		default:
			fputs(NAME ": try 'quire-ci --help'\n", stderr);
			return EXIT_USAGE;
		}
	}
	if (optind == argc)
		return program_usage(NAME, "a command is needed: run, check "
					   "or exec");
	return run_command(argc - optind, argv + optind, &o);
}
