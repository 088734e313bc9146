/*
 * quire-ci - reads a pipeline and runs its jobs.
 *
 * It has no database and no home, so that it runs in a sandbox, in somebody's
 * own working tree, or on another machine. For quire-run (exec) it emits
 * events and writes logs into a folder that it is given; standard input is the
 * pipe that the supervisor holds, and its end means: end everything. For a
 * person (run) it shows the same jobs on the terminal.
 */
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/units.h"
#include "ci.h"
#include "exec/evaluate.h"
#include "exec/fds.h"
#include "exec/jobinit.h"
#include "program.h"

#define NAME CI_NAME

static const char usage[] =
	"usage: quire-ci run [--keep-going] [--plain] [--verbose]\n"
	"                    [--branch NAME | --tag NAME | --ref REF]\n"
	"                    [--changed-since REV] [--env NAME=VALUE]\n"
	"                    [--secret NAME=FILE] [--sandbox KIND]\n"
	"                    [--bind PATH[:rw]] [--no-network]\n"
	"                    [--ci-timeout DURATION] [JOB...]\n"
	"       quire-ci run --list [--json] | --graph [OPTION...] [JOB...]\n"
	"       quire-ci check [--ci-timeout DURATION] [FILE]\n"
	"       quire-ci exec --workspace DIR --run-dir DIR [--git-dir DIR]\n"
	"                     [--max-log BYTES] [--limit NAME=VALUE...]\n"
	"                     [--sandbox KIND] [--bind PATH[:rw]]\n"
	"                     [--no-network] [--hide DIR] [--secrets DIR]\n"
	"                     [--ci-timeout DURATION]\n"
	"       quire-ci --help | --version\n"
	"\n"
	"Reads a pipeline (.quire/ci.json, or what .quire/ci prints) and runs\n"
	"its jobs.\n"
	"\n"
	"  run    runs the pipeline of the working tree you stand in, or only\n"
	"         these jobs and what they need, whatever their `when` says\n"
	"  check  says whether FILE, or that pipeline, is right ('-': standard\n"
	"         input)\n"
	"  exec   runs one for quire-run, whose pipe is standard input: events\n"
	"         on standard output, logs below the run's folder\n"
	"\n"
	"      --keep-going     goes on after a failure, as a pushed run does\n"
	"      --verbose        shows all output, also on a terminal\n"
	"      --plain          shows lines, also on a terminal\n"
	"      --list           shows the jobs, and which would run; --json\n"
	"      --graph          prints them for Graphviz\n"
	"      --branch NAME    the branch that `when` is matched against\n"
	"      --tag NAME       the tag that it is matched against\n"
	"      --ref REF        either, in full: refs/heads/main\n"
	"      --changed-since REV\n"
	"                       the commit that `paths` compare with\n"
	"      --env NAME=VALUE a variable of every job\n"
	"      --secret NAME=FILE\n"
	"                       the value of a secret; '-': standard input\n"
	"      --workspace DIR  where the commands start\n"
	"      --git-dir DIR    the repository that \"history\" is taken from\n"
	"      --run-dir DIR    where jobs/<id>/sh-<n>.log go\n"
	"      --max-log BYTES  the limit of one log, as 64M; 0 is none\n"
	"      --limit NAME=VALUE  what a job may take, as maxFiles=1024: the\n"
	"                       name and value of a setting, see\n"
	"                       quire-config(5); may be repeated\n"
	"      --secrets DIR    where the jobs' secrets are, a file each\n"
	"      --ci-timeout DURATION\n"
	"                       the time that .quire/ci has; 5m\n"
	"      --sandbox KIND   bwrap: each job runs in a bubblewrap; none\n"
	"      --bind PATH[:rw] a path that is seen in it (may be repeated)\n"
	"      --no-network     it has none\n"
	"      --hide DIR       a folder that is not seen, whatever is bound\n"
	"      --help           show this text\n"
	"      --version        show the version\n"
	"\n"
	"See quire-ci(1).\n";

/* Who takes an option, as bits; what it is, and where its value goes. */
enum { RUN = 1, CHECK = 2, EXEC = 4 };
enum value { FLAG, TEXT, LIST, SIZE, DURATION, LIMIT };
#define TO(member) offsetof(struct ci_options, member)

static const struct ci_option {
	const char *name;
	unsigned commands;
	enum value value;
	size_t to;
} table[] = {
	{ "branch", RUN, TEXT, TO(branch) },
	{ "tag", RUN, TEXT, TO(tag) },
	{ "ref", RUN, TEXT, TO(ref) },
	{ "changed-since", RUN, TEXT, TO(changed_since) },
	{ "env", RUN, LIST, TO(env) },
	{ "secret", RUN, LIST, TO(given_secrets) },
	{ "keep-going", RUN, FLAG, TO(keep_going) },
	{ "plain", RUN, FLAG, TO(plain) },
	{ "verbose", RUN, FLAG, TO(verbose) },
	{ "list", RUN, FLAG, TO(list) },
	{ "graph", RUN, FLAG, TO(graph) },
	{ "json", RUN, FLAG, TO(json) },
	{ "workspace", EXEC, TEXT, TO(workspace) },
	{ "run-dir", EXEC, TEXT, TO(run_dir) },
	{ "git-dir", EXEC, TEXT, TO(git_dir) },
	{ "max-log", EXEC, SIZE, TO(max_log) },
	{ "limit", EXEC, LIMIT, TO(limits) },
	{ "secrets", EXEC, TEXT, TO(secrets) },
	{ "ci-timeout", RUN | CHECK | EXEC, DURATION, TO(ci_timeout_ms) },
	{ "sandbox", RUN | EXEC, TEXT, TO(sandbox) },
	{ "bind", RUN | EXEC, LIST, TO(binds) },
	{ "hide", EXEC, LIST, TO(hides) },
	{ "no-network", RUN | EXEC, FLAG, TO(no_network) },
	{ "help", RUN | CHECK | EXEC, FLAG, TO(help) },
	{ "version", RUN | CHECK | EXEC, FLAG, TO(version) },
};
#define N_OPTIONS (sizeof(table) / sizeof(*table))
/* what getopt_long() returns for the first of them; beyond any letter */
#define FIRST_KEY 256

static int take_value(
	const struct ci_option *option, struct ci_options *o, const char *text)
{
	char *to = (char *)o + option->to;
	struct err e;

	switch (option->value) {
	case FLAG:
		*(int *)(void *)to = 1;
		break;
	case TEXT:
		*(const char **)(void *)to = text;
		break;
	case LIST:
		strv_push((struct strv *)(void *)to, text);
		break;
	case SIZE:
		if (units_size(text, (int64_t *)(void *)to, &e) < 0)
			return program_usage(
				NAME, "--%s: %s", option->name, e.text);
		break;
	case LIMIT:
		if (limit_parse((struct limits *)(void *)to, text, &e) < 0)
			return program_usage(
				NAME, "--%s: %s", option->name, e.text);
		break;
	case DURATION:
		if (units_duration(text, (int64_t *)(void *)to, &e) < 0)
			return program_usage(
				NAME, "--%s: %s", option->name, e.text);
		break;
	}
	return 0;
}

/* Reads the options; *given has a bit for each that was there. 0, or the exit
 * status. */
static int read_options(
	int argc, char **argv, struct ci_options *o, uint64_t *given)
{
	struct option options[N_OPTIONS + 1] = { 0 };
	int key, status = 0;

	for (size_t i = 0; i < N_OPTIONS; i++)
		options[i] = (struct option){ table[i].name,
			table[i].value == FLAG ? no_argument
					       : required_argument,
			NULL, FIRST_KEY + (int)i };
	while (status == 0 &&
		(key = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (key == 'h') {
			o->help = 1;
		} else if (key >= FIRST_KEY) {
			*given |= (uint64_t)1 << (key - FIRST_KEY);
			status = take_value(&table[key - FIRST_KEY], o, optarg);
		} else {
			fputs(NAME ": try 'quire-ci --help'\n", stderr);
			status = EXIT_USAGE;
		}
	}
	return status;
}

static const struct ci_command {
	const char *name;
	unsigned bit;
	int operands; /* at most; -1: any number */
	int (*run)(const struct ci_options *o);
} commands[] = {
	{ "run", RUN, -1, ci_run },
	{ "check", CHECK, 1, ci_check },
	{ "exec", EXEC, 0, ci_exec },
};

static const struct ci_command *find_command(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	program_usage(NAME, "'%s': no such command (run, check or exec)", name);
	return NULL;
}

static int run_command(
	const struct ci_command *command, struct ci_options *o, uint64_t given)
{
	for (size_t i = 0; i < N_OPTIONS; i++)
		if (given >> i & 1 && !(table[i].commands & command->bit))
			return program_usage(NAME, "%s takes no --%s",
				command->name, table[i].name);
	if (command->operands >= 0 && o->n_operands > (size_t)command->operands)
		return program_usage(NAME, "'%s': one operand too many",
			o->operands[command->operands]);
	return command->run(o);
}

/* The command that is named, with all that belongs to it. */
static int obey(int argc, char **argv, struct ci_options *o)
{
	uint64_t given = 0;
	int status = read_options(argc, argv, o, &given);

	if (status)
		return status;
	if (o->help || o->version) {
		fputs(o->help ? usage : NAME " " QUIRE_VERSION "\n", stdout);
		return fflush(stdout) == 0 ? EXIT_DONE : EXIT_BUSY;
	}
	if (optind == argc)
		return program_usage(NAME, "a command is needed: run, check "
					   "or exec");
	const struct ci_command *command = find_command(argv[optind]);
	o->operands = argv + optind + 1;
	o->n_operands = (size_t)(argc - optind - 1);
	return command ? run_command(command, o, given) : EXIT_USAGE;
}

/* Whoever runs this is bubblewrap: there is nobody to be told. */
static void be_init(const char *socket) __attribute__((noreturn));

static void be_init(const char *socket)
{
	struct err ignored;
	int64_t fd;

	if (units_int(socket, 0, INT_MAX, &fd, &ignored) < 0)
		_exit(EXIT_USAGE);
	jobinit_serve((int)fd);
}

int main(int argc, char **argv)
{
	struct ci_options o = { .ci_timeout_ms = EVALUATE_TIMEOUT_MS };

	if (argc == 3 && strcmp(argv[1], "init") == 0)
		be_init(argv[2]);
	program_start();
	/* a reader that goes away is seen, and everything below is ended */
	signal(SIGPIPE, SIG_IGN);
	/* an inherited copy of the supervisor's end would hide its hang-up */
	fds_close_all_but(NULL, 0);
	argv[0] = NAME;
	int status = obey(argc, argv, &o);
	strv_release(&o.env);
	strv_release(&o.given_secrets);
	strv_release(&o.binds);
	strv_release(&o.hides);
	return status;
}
