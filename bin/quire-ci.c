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
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/event.h"
#include "base/fs.h"
#include "base/git.h"
#include "base/pipeline.h"
#include "base/units.h"
#include "ci_progress.h"
#include "exec/executor.h"
#include "exec/fds.h"
#include "exec/kick.h"
#include "exec/proctree.h"
#include "exec/sendq.h"
#include "program.h"

#define NAME "quire-ci"
#define CHANGED_MAX (256 << 20)

extern char **environ;

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

struct options {
	const char *workspace, *run_dir;
	const char *branch, *tag;
	int64_t max_log;
};

static int open_folder(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? err_sys(e, "%s", path) : fd;
}

/* What the run is for, as the environment says. changed is the caller's. */
static int read_cause(
	struct executor_cause *c, struct buf *changed, struct err *e)
{
	const char *file = getenv("QUIRE_CHANGED");

	*c = (struct executor_cause){ getenv("QUIRE_BRANCH"),
		getenv("QUIRE_TAG"), NULL, 0 };
	if (!file)
		return 0;
	if (fs_read_file(AT_FDCWD, file, changed, CHANGED_MAX) < 0)
		return err_sys(e, "QUIRE_CHANGED: %s", file);
	c->changed = changed->ptr;
	c->changed_len = changed->len;
	return 0;
}

static void queue_event(
	void *arg, const struct event *ev, const char *line, size_t len)
{
	struct sendq *out = arg;

	(void)ev;
	buf_add(&out->pending, line, len);
}

/* The run ends before it began: its pipeline is wrong. */
static int refuse(struct sendq *out, const char *reason, struct err *e)
{
	struct event ev = { .type = EVENT_RUN_FINISHED,
		.at_ms = -1,
		.outcome = "pipeline-failure",
		.reason = (char *)reason };

	event_write(&out->pending, &ev);
	return sendq_drain(out) < 0 ? err_sys(e, "standard output") : 0;
}

static int exec_pipeline(
	const struct executor *x, struct pipeline *p, struct err *e)
{
	struct executor_result result = { 0 };

	/* EXIT_USAGE: there is none, which here is no other than a wrong one */
	if (pipeline_load(p, x->workspace_fd, e) < 0)
		return e->status == EXIT_RED || e->status == EXIT_USAGE
			       ? refuse(x->out, e->text, e)
			       : -1;
	int ret = executor_run(x, &result, e);
	if (ret == 0 && result.outcome == EXECUTOR_HANGUP)
		return err_set(e, EXIT_BUSY, "the supervisor is gone");
	if (ret == 0 && result.outcome == EXECUTOR_SIGNAL)
		return err_set(e, 128 + result.signal, "ended by signal %d",
			result.signal);
	return ret;
}

static int run_exec(const struct options *o)
{
	struct sendq out;
	struct buf changed = BUF_INIT;
	struct pipeline p = { 0 };
	struct err e;
	struct executor x = {
		.pipeline = &p,
		.max_log = o->max_log,
		.env = environ,
		.hangup_fd = STDIN_FILENO,
		.out = &out,
		.event = queue_event,
		.arg = &out,
	};

	if (!o->workspace || !o->run_dir)
		return program_usage(
			NAME, "exec: --workspace and --run-dir are needed");
	sendq_open(&out, STDOUT_FILENO, 1);
	int ret = -1;
	if ((x.workspace_fd = open_folder(o->workspace, &e)) >= 0 &&
		(x.run_dir_fd = open_folder(o->run_dir, &e)) >= 0 &&
		read_cause(&x.cause, &changed, &e) == 0 &&
		proctree_subreaper(1, &e) == 0)
		ret = exec_pipeline(&x, &p, &e);
	pipeline_release(&p);
	sendq_close(&out);
	buf_release(&changed);
	return ret < 0 ? program_fail(NAME, &e) : EXIT_DONE;
}

/* The open folder that holds .quire, from here up; the process moves there. */
static int find_top(struct err *e)
{
	struct stat st, here, above;

	for (;;) {
		if (fstatat(AT_FDCWD, ".quire", &st, AT_SYMLINK_NOFOLLOW) == 0)
			return open_folder(".", e);
		if (stat(".", &here) < 0 || stat("..", &above) < 0 ||
			(here.st_dev == above.st_dev &&
				here.st_ino == above.st_ino) ||
			chdir("..") < 0)
			return err_set(e, EXIT_USAGE,
				"no .quire/ci.json here or above");
	}
}

static int load_here(struct pipeline *p, int *top, struct err *e)
{
	*top = find_top(e);
	return *top < 0 ? -1 : pipeline_load(p, *top, e);
}

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
		ret = load_here(&p, &top, &e);
		pipeline_release(&p);
	}
	return ret < 0 ? program_fail(NAME, &e) : EXIT_DONE;
}

/* A person's environment, without what belongs to a git hook that quire-ci may
 * have been started from. */
static void clean_env(void)
{
	size_t i = 0;

	while (environ && environ[i]) {
		size_t len = strcspn(environ[i], "=");
		char name[256];

		if ((strncmp(environ[i], "GIT_", 4) != 0 &&
			    strncmp(environ[i], "PWD=", 4) != 0 &&
			    strncmp(environ[i], "OLDPWD=", 7) != 0) ||
			len >= sizeof(name)) {
			i++;
			continue;
		}
		memcpy(name, environ[i], len);
		name[len] = '\0';
		if (unsetenv(name) < 0)
			i++;
	}
}

static int set_var(const char *name, const char *value, struct err *e)
{
	if (value ? setenv(name, value, 1) < 0 : unsetenv(name) < 0)
		return err_sys(e, "%s", name);
	return 0;
}

/* The branch that the working tree is on; none where git says so. */
static int current_branch(struct buf *branch, struct err *e)
{
	static const char *const argv[] = { "git", "symbolic-ref", "-q",
		"--short", "HEAD", NULL };
	struct err ignored;

	if (git_run(NULL, argv, branch, 4096, &ignored) != 0)
		buf_reset(branch);
	while (branch->len && branch->ptr[branch->len - 1] == '\n')
		buf_setlen(branch, branch->len - 1);
	return branch->len ? set_var("QUIRE_BRANCH", branch->ptr, e) : 0;
}

/* Not QUIRE_RUN_ID of a run that quire-ci is within: its supervisor finds
 * stray processes by it. */
static int mark_job(struct err *e)
{
	const char *id = getenv("QUIRE_RUN_ID");

	return id && *id ? 0 : set_var("QUIRE_RUN_ID", KICK_LOCAL_RUN, e);
}

static int local_env(const struct options *o, struct err *e)
{
	struct buf branch = BUF_INIT;
	char *top = getcwd(NULL, 0);
	int ret = 0;

	if (!top)
		return err_sys(e, "the working tree");
	clean_env();
	if (o->branch || o->tag) {
		ret = set_var("QUIRE_BRANCH", o->branch, e);
		if (ret == 0)
			ret = set_var("QUIRE_TAG", o->tag, e);
	} else if (!getenv("QUIRE_BRANCH") && !getenv("QUIRE_TAG")) {
		ret = current_branch(&branch, e);
	}
	if (ret == 0)
		ret = set_var("QUIRE_WORKSPACE", top, e);
	if (ret == 0)
		ret = set_var("CI", "true", e);
	if (ret == 0)
		ret = mark_job(e);
	buf_release(&branch);
	free(top);
	return ret;
}

static void show_event(
	void *arg, const struct event *ev, const char *line, size_t len)
{
	(void)line;
	(void)len;
	ci_progress_event(arg, ev);
}

static void show_output(void *arg, const char *job_id,
	enum crilog_stream stream, const char *data, size_t len)
{
	(void)stream;
	ci_progress_output(arg, job_id, data, len);
}

static int want_colour(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no && *no) && term &&
	       strcmp(term, "dumb") != 0;
}

/* The last lines, and the exit status with its line if it was cut short. */
static int say_result(struct executor *x, struct ci_progress *progress,
	const struct executor_result *r, struct err *e)
{
	struct buf limit = BUF_INIT;

	if (r->outcome == EXECUTOR_HANGUP) {
		errno = x->out->error;
		err_sys(e, "standard output");
		e->status = EXIT_RED;
		return -1;
	}
	ci_progress_table(progress);
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

/* Runs p, which is filled here; progress is what shows it. */
static int run_pipeline(struct executor *x, struct pipeline *p,
	struct ci_progress *progress, const struct options *o, struct err *e)
{
	struct buf changed = BUF_INIT;
	struct executor_result result = { 0 };

	if (load_here(p, &x->workspace_fd, e) < 0)
		return -1;
	ci_progress_init(progress, p, &x->out->pending, want_colour());
	int ret = local_env(o, e);
	if (ret == 0)
		ret = read_cause(&x->cause, &changed, e);
	if (ret == 0)
		ret = proctree_subreaper(1, e);
	if (ret == 0) {
		x->timeout_ms = p->timeout_ms;
		x->env = environ;
		ret = executor_run(x, &result, e);
	}
	if (ret == 0)
		ret = say_result(x, progress, &result, e);
	ci_progress_release(progress);
	buf_release(&changed);
	if (ret < 0)
		return -1;
	return result.outcome == EXECUTOR_GREEN ? EXIT_DONE : EXIT_RED;
}

static int run_local(const struct options *o)
{
	struct sendq out;
	struct pipeline p = { 0 };
	struct ci_progress progress = { 0 };
	struct err e;
	struct executor x = {
		.pipeline = &p,
		.run_dir_fd = -1,
		.hangup_fd = -1,
		.out = &out,
		.event = show_event,
		.output = show_output,
		.arg = &progress,
	};

	sendq_open(&out, STDOUT_FILENO, 1);
	int ret = run_pipeline(&x, &p, &progress, o, &e);
	pipeline_release(&p);
	sendq_close(&out);
	return ret < 0 ? program_fail(NAME, &e) : ret;
}

static int run_command(int argc, char **argv, const struct options *o)
{
	const char *command = argv[0];
	int is_check = strcmp(command, "check") == 0;

	if (argc > (is_check ? 2 : 1))
		return program_usage(NAME, "'%s': one operand too many",
			argv[is_check ? 2 : 1]);
	if (is_check)
		return run_check(argv[1]);
	if (strcmp(command, "run") == 0)
		return run_local(o);
	if (strcmp(command, "exec") == 0)
		return run_exec(o);
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
	struct options o = { 0 };
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
