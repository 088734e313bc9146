/*
 * quire - the operator's front.
 *
 * A table leads from a word to a function; the words that are programs of
 * their own (push, run, ci, ...) exec the sibling of that name beside this
 * executable, as git does. The table also is the help.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/near.h"
#include "cmd.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv); /* NULL: quire-NAME is a program */
	const char *help;
} commands[] = {
	/* a row without a name heads a group */
	{ NULL, NULL, "A home and its repositories" },
	{ "init", cmd_init, "make a home, or mend or upgrade one" },
	{ "repo", cmd_repo, "the repositories: new, adopt, list, rm, hook" },
	{ "config", cmd_config, "read and set settings" },
	{ "secret", cmd_secret, "what jobs may know: set, list, rm" },
	{ "doctor", cmd_doctor, "say what is wrong here, and what mends it" },
	{ "backup", cmd_backup, "copy the database while runs go on" },
	{ "seed", cmd_seed, "make a home with made-up runs to look at" },
	{ NULL, NULL, "Runs" },
	{ "runs", cmd_runs, "list runs, the newest first" },
	{ "show", cmd_show, "show a run with its jobs" },
	{ "log", cmd_log, "print what its commands wrote" },
	{ "wait", cmd_wait, "stay until it has ended, and say how it goes" },
	{ "artifacts", cmd_artifacts, "list or copy what its jobs kept" },
	{ "cancel", cmd_cancel, "end a run" },
	{ "rerun", cmd_rerun, "queue it once more" },
	{ "start", cmd_start, "queue a run without a push" },
	{ NULL, NULL, "The programs that do the work" },
	{ "push", NULL, "record what was pushed: the hook" },
	{ "run", NULL, "run what is queued" },
	{ "ci", NULL, "check a pipeline, or run it right here" },
	{ "reconcile", NULL, "repair what a crash left behind: cron" },
	{ "cgi", NULL, "the pages" },
	{ NULL, NULL, "Help" },
	{ "help", NULL, "open the manual page of a command" },
};
#define N_COMMANDS (sizeof(commands) / sizeof(*commands))

static const struct topic {
	const char *name, *page;
} topics[] = {
	{ "overview", "quire.7" },
	{ "tutorial", "quire-tutorial.7" },
	{ "moving", "quire-moving.7" },
	{ "pipeline", "quire-pipeline.5" },
	{ "settings", "quire-config.5" },
	{ "hooks", "quire-hooks.5" },
	{ "events", "quire-events.5" },
	{ "database", "quire-db.5" },
};
#define N_TOPICS (sizeof(topics) / sizeof(*topics))

/* what a newcomer types, from other programs of the kind */
static const struct near_other others[] = {
	{ "abort", "cancel" },
	{ "add", "repo adopt" },
	{ "build", "start" },
	{ "check", "ci check" },
	{ "create", "repo new" },
	{ "kill", "cancel" },
	{ "list", "runs" },
	{ "ls", "runs" },
	{ "new", "repo new" },
	{ "ps", "runs --state active" },
	{ "restart", "rerun" },
	{ "retry", "rerun" },
	{ "set", "config" },
	{ "status", "runs" },
	{ "stop", "cancel" },
	{ "tail", "log -f" },
	{ "trigger", "start" },
	{ "validate", "ci check" },
	{ "version", "--version" },
	{ "watch", "wait" },
};

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (commands[i].name && !strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

static int usage(FILE *out)
{
	fputs("usage: quire [--home DIR] COMMAND [ARG...]\n"
	      "       quire --help | --version\n",
		out);
	for (size_t i = 0; i < N_COMMANDS; i++) {
		const struct command *c = &commands[i];

		if (!c->name)
			fprintf(out, "\n%s\n", c->help);
		else
			fprintf(out, "  %-12s%s\n", c->name, c->help);
	}
	fputs("\n'quire COMMAND --help' says more, 'quire help COMMAND' all, and "
	      "'quire help\noverview' where to start. The home is DIR, "
	      "$QUIRE_HOME or " HOME_DEFAULT ".\n",
		out);
	return out == stdout ? EXIT_DONE : EXIT_USAGE;
}

/* What was wanted is a command, or with topics also what `quire help` knows. */
static int unknown(const char *name, int topics_too)
{
	const char *words[N_COMMANDS + N_TOPICS];
	const char *what = topics_too ? "command or topic" : "command";
	const char *near;
	size_t n = 0;

	for (size_t i = 0; i < N_COMMANDS; i++)
		if (commands[i].name)
			words[n++] = commands[i].name;
	for (size_t i = 0; i < N_TOPICS && topics_too; i++)
		words[n++] = topics[i].name;
	near = near_other(name, others, sizeof(others) / sizeof(*others));
	if (!near || topics_too)
		near = near_word(name, words, n);
	if (near)
		return program_usage("quire", "no %s '%s' (did you mean '%s'?)",
			what, name, near);
	return program_usage("quire", "no %s '%s'", what, name);
}

static int run_sibling(const char *name, char **argv)
{
	struct buf program = BUF_INIT, path = BUF_INIT;
	struct err e;

	buf_addf(&program, "quire-%s", name);
	if (fs_sibling(&path, program.ptr, &e) == 0) {
		argv[0] = path.ptr;
		execv(path.ptr, argv);
		err_sys(&e, "cannot run %s", path.ptr);
	}
	buf_release(&program);
	buf_release(&path);
	return program_fail("quire", &e);
}

/* "quire.1" of a topic, or of a command: its program's page, or quire(1). */
static int page_of(const char *word, struct buf *page)
{
	const struct command *c = find(word);

	for (size_t i = 0; i < N_TOPICS && !c; i++)
		if (!strcmp(topics[i].name, word)) {
			buf_adds(page, topics[i].page);
			return 0;
		}
	if (!c)
		return -1;
	if (c->run || !strcmp(word, "help"))
		buf_adds(page, "quire.1");
	else
		buf_addf(page, "quire-%s.%c", word,
			strcmp(word, "ci") ? '8' : '1');
	return 0;
}

static int help_usage(void)
{
	fputs("usage: quire help [COMMAND]\n"
	      "\n"
	      "Opens the manual page of a command, or of a topic:",
		stdout);
	for (size_t i = 0; i < N_TOPICS; i++)
		printf("%s %s", i ? "," : "", topics[i].name);
	puts(".\n\nSee quire(1).");
	return EXIT_DONE;
}

/* man(1) on an installed page, or on the file beside an uninstalled build. */
static int help(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "overview";
	struct buf page = BUF_INIT, file = BUF_INIT;
	struct err e;

	if (!strcmp(word, "--help") || !strcmp(word, "-h"))
		return help_usage();
	if (argc > 2)
		return program_usage("quire", "help: one command at a time");
	if (page_of(word, &page) < 0)
		return unknown(word, 1);
	if (fs_self_dir(&file, &e) < 0)
		return program_fail("quire", &e);
	buf_addf(&file, "/../../man/%s", page.ptr);
	if (access(file.ptr, R_OK) == 0) {
		execlp("man", "man", "-l", file.ptr, (char *)NULL);
	} else {
		char *dot = strrchr(page.ptr, '.');

		*dot = '\0';
		execlp("man", "man", dot + 1, page.ptr, (char *)NULL);
	}
	err_sys(&e, "help: cannot run man");
	buf_release(&page);
	buf_release(&file);
	return program_fail("quire", &e);
}

static int run_command(const struct command *c, int argc, char **argv)
{
	struct buf name = BUF_INIT;
	int status;

	buf_addf(&name, "quire %s", c->name);
	argv[0] = name.ptr;
	status = c->run(argc, argv);
	buf_release(&name);
	return status;
}

/* Options before the command; returns their number, or -1 with the status. */
static int own_options(int argc, char **argv, int *status)
{
	int i;

	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
			*status = usage(stdout);
			return -1;
		}
		if (!strcmp(argv[i], "--version")) {
			puts("quire " QUIRE_VERSION);
			*status = EXIT_DONE;
			return -1;
		}
		const char *home = NULL;

		if (!strncmp(argv[i], "--home=", 7))
			home = argv[i] + 7;
		else if (!strcmp(argv[i], "--home") && i + 1 < argc)
			home = argv[++i];
		if (!home) {
			*status = program_usage(
				"quire", "no option '%s'", argv[i]);
			return -1;
		}
		if (setenv("QUIRE_HOME", home, 1) < 0) {
			*status = EXIT_INTERNAL;
			return -1;
		}
	}
	return i - 1;
}

/* A full disk or a closed pipe behind standard output is no success. */
static int end(int status)
{
	struct err e;

	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	err_sys(&e, "standard output");
	return program_fail("quire", &e);
}

int main(int argc, char **argv)
{
	const struct command *c;
	int skip, status;

	program_start();
	skip = own_options(argc, argv, &status);
	if (skip < 0)
		return end(status);
	argc -= skip + 1;
	argv += skip + 1;
	if (argc < 1)
		return usage(stderr);
	c = find(argv[0]);
	if (!c)
		return unknown(argv[0], 0);
	if (c->run)
		status = run_command(c, argc, argv);
	else if (!strcmp(c->name, "help"))
		status = help(argc, argv);
	else
		status = run_sibling(c->name, argv);
	return end(status);
}
