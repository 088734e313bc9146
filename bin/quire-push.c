/*
 * quire-push - the hook end: records ref moves as runs, and returns at once.
 *
 * Somebody waits for this program at the end of every push, so it is done in
 * an order that lets things happen side by side: git is started first, then
 * the process that will become quire-run, and while they get ready the
 * database is opened and its statements are compiled. The commit lets the
 * kick go. Nothing is closed or freed at the end: _exit does it for less.
 * Only who asks for it, with the push option ci.wait, waits: `quire wait` shows
 * him his runs then, and nothing of this process is open meanwhile.
 *
 * It never fails a push: whatever is wrong is said in one line, the exit
 * status is 0, and quire-reconcile finds what was not recorded. A hook that
 * was there before runs afterwards in any case, and its status counts.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/gitcat.h"
#include "base/home.h"
#include "base/mem.h"
#include "exec/hookfile.h"
#include "exec/kick.h"
#include "exec/lock.h"
#include "exec/pusher.h"
#include "exec/pushoption.h"
#include "exec/pushwait.h"
#include "program.h"
#include "store/db.h"
#include "store/ref.h"
#include "store/repo.h"
#include "store/setting.h"

static const char usage[] =
	"usage: quire-push HOOK\n"
	"       quire-push [--home DIR] [--git-dir DIR]\n"
	"       quire-push --help | --version\n"
	"\n"
	"Records ref moves of a repository as runs and starts them. They are on\n"
	"standard input, as for a post-receive hook: <old> <new> <ref>.\n"
	"\n"
	"  --home DIR     quire's home (default: $QUIRE_HOME, or " HOME_DEFAULT
	")\n"
	"  --git-dir DIR  the repository (default: $GIT_DIR, or .)\n"
	"  --version      print the version\n"
	"  --help         print this help\n"
	"\n"
	"See quire-push(8).\n";

struct push {
	const char *hook; /* the hook file that runs us, or NULL */
	const char *home_path, *git_dir_arg;
	struct hookfile hf;
	char git_dir[PATH_MAX]; /* links resolved, as repos.git_dir is */
	struct buf input;
	struct buf out; /* what the pusher is told */
	struct home home;
	struct db db;
	struct repo repo;
	struct gitcat git;
	struct kick kick;
	struct ref_move *moves;
	size_t n;
	struct push_options options;
	int recorded;
	/* dispositions as they were, for the chained hook */
	struct sigaction pipe_was, child_was;
};

/* A pusher that is gone does not matter. */
static void tell(struct push *p)
{
	if (p->out.len)
		(void)fs_write_all(STDERR_FILENO, p->out.ptr, p->out.len);
}

/* What is wrong, and what becomes of it. */
static void say_lost(struct push *p, const struct err *e, const char *next)
{
	pusher_say(&p->out, "%s: the push stands, nothing is queued; %s",
		e->text, next);
}

static const char until_reconcile[] = "the next quire-reconcile finds it";

/* ---- the repository, and git in it ---- */

static int find_repository(struct push *p, struct err *e)
{
	const char *dir = p->git_dir_arg;
	struct buf path = BUF_INIT;
	int reftable;

	if (!dir)
		dir = getenv("GIT_DIR");
	if (!dir || !*dir)
		dir = ".";
	if (!realpath(dir, p->git_dir))
		return err_sys(e, "%s", dir);
	buf_addf(&path, "%s/reftable", p->git_dir);
	reftable = fs_exists(AT_FDCWD, path.ptr);
	if (reftable < 0)
		err_sys(e, "%s", path.ptr);
	buf_release(&path);
	if (reftable < 0)
		return -1;
	if (reftable)
		return err_set(e, EXIT_INTERNAL,
			"%s: keeps its refs in a reftable, and quire takes "
			"repositories with ref files only",
			p->git_dir);
	return 0;
}

static int need_repo(struct push *p, struct err *e)
{
	int rc = repo_by_git_dir(&p->db, p->git_dir, &p->repo, e);

	if (!rc)
		return err_set(e, EXIT_USAGE,
			"%s: is not registered in %s (quire repo adopt)",
			p->git_dir, p->home.path);
	return rc < 0 ? -1 : 0;
}

/* ---- after the commit ---- */

static void wake(void *arg, const char *repo, const char *run_id)
{
	struct push *p = arg;

	run_wake(&p->home, repo, run_id);
}

/* The kick was prepared if this user may; else the setting `kick`. */
static void start_runs(struct push *p)
{
	struct buf told = BUF_INIT;
	struct err e;
	char *command;
	int rc = -1;

	if (p->kick.pid) {
		kick_release(&p->kick);
		return;
	}
	command = setting_get(&p->db, NULL, "kick", &e);
	if (command)
		rc = kick_now(&p->home, command, &e);
	free(command);
	kick_add_outcome(&told, &p->home, rc, &e);
	if (told.len)
		pusher_say(&p->out, "%s", told.ptr);
	buf_release(&told);
}

static void report(struct push *p)
{
	struct err e;
	int waits = 0;
	char *url = setting_get(&p->db, p->repo.name, "url", &e);

	for (size_t i = 0; i < p->n; i++)
		waits |= pusher_tell(
			&p->out, &p->repo, &p->moves[i], url ? url : "");
	free(url);
	if (p->db.unsynced)
		pusher_say(&p->out,
			"%s: %s: the push is recorded, but the disk may not "
			"keep it over a power cut; if it is lost, %s",
			p->db.path, strerror(p->db.unsynced), until_reconcile);
	if (waits)
		start_runs(p);
}

/* ---- recording ---- */

static int open_store(struct push *p, struct err *e)
{
	/* forked before the database is open; a failure is told if it counts */
	(void)kick_prepare(&p->kick, &p->home, e);
	if (db_open(&p->db, &p->home, DB_PUSH, e) < 0)
		return -1;
	return need_repo(p, e);
}

static void record(struct push *p)
{
	struct recording r = {
		.db = &p->db,
		.repo = &p->repo,
		.git = &p->git,
		.trigger = "push",
		.pusher = pusher_name(),
		.skip = p->options.skip,
		.stopped = wake,
		.arg = p,
	};
	struct err e;

	if (home_open(&p->home, p->home_path, &e) < 0) {
		/* a home that is not there has no reconcile either */
		say_lost(p, &e,
			e.status == EXIT_INTERNAL
				? "tell who looks after this repository"
				: until_reconcile);
		return;
	}
	if (gitcat_start(&p->git, p->git_dir, &e) < 0 ||
		open_store(p, &e) < 0 ||
		ref_record(&r, p->moves, p->n, &e) < 0) {
		/* not registered is nothing that reconcile could find */
		say_lost(p, &e,
			e.status == EXIT_USAGE
				? "register it, or remove this hook"
				: until_reconcile);
		return;
	}
	p->recorded = 1;
	report(p);
}

static void push(struct push *p)
{
	struct err e;

	push_options_read(&p->options, &p->out);
	if (find_repository(p, &e) < 0) {
		/* a reftable stays; what may not be read now is the host's */
		say_lost(p, &e,
			e.status == EXIT_INTERNAL ? "take this hook out"
						  : until_reconcile);
		return;
	}
	if (ref_moves_parse(p->input.ptr, p->input.len, &p->moves, &p->n, &e) <
		0)
		pusher_say(&p->out, "%s: %s; this line is left out", p->git_dir,
			e.text);
	if (p->n)
		record(p);
	kick_drop(&p->kick);
}

/* ---- ci.wait ---- */

/* The ids of the runs that he may wait for: those born superseded have ended. */
static void add_live_runs(const struct push *p, struct strv *ids)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct ref_move *m = &p->moves[i];

		if (m->result == MOVE_QUEUED || m->result == MOVE_ADOPTED ||
			m->result == MOVE_NOT_SKIPPED)
			strv_push(ids, m->run_id);
	}
}

/*
 * After all that was to be said. What of it fails changes nothing for the runs,
 * so that is one more line.
 */
static void wait_for_runs(struct push *p)
{
	struct strv ids = STRV_INIT;
	struct err e;

	if (!p->options.wait || !p->recorded)
		return;
	add_live_runs(p, &ids);
	buf_reset(&p->out);
	if (ids.n && kick_in_job()) {
		/* which may have to end before they can begin */
		pusher_say(&p->out, "a job does not wait for the runs of its "
				    "pushes");
	} else if (ids.n) {
		gitcat_stop(&p->git);
		db_close(&p->db);
		if (pushwait(&p->home, &ids, &e) < 0)
			pusher_say(&p->out,
				"%s: the push stands, and its runs go on",
				e.text);
	}
	strv_release(&ids);
	tell(p);
}

/* ---- the hook that was there before ---- */

/* The input once more, as its standard input. */
static int feed_input(const struct buf *input)
{
	int fd = memfd_create("post-receive", MFD_CLOEXEC);

	if (fd < 0 || fs_write_all(fd, input->ptr, input->len) < 0 ||
		lseek(fd, 0, SEEK_SET) < 0 || dup2(fd, STDIN_FILENO) < 0)
		return -1;
	return 0;
}

/*
 * Becomes it, as git would have started it: a script without a #! line is
 * sh's. One that is not executable, or gone, git would not have run either.
 */
static int become_chained(struct push *p, char **argv)
{
	struct buf path = BUF_INIT;
	const char *slash = strrchr(p->hook, '/');

	if (slash)
		buf_add(&path, p->hook, (size_t)(slash + 1 - p->hook));
	else
		buf_adds(&path, "./");
	buf_adds(&path, p->hf.chain);
	if (access(path.ptr, X_OK)) {
		if (errno != ENOENT && errno != ENOTDIR && errno != EACCES)
			fprintf(stderr, "quire: %s: %s\n", path.ptr,
				strerror(errno));
		return EXIT_DONE;
	}
	/* it gets no child that it does not know */
	gitcat_stop(&p->git);
	if (feed_input(&p->input) < 0) {
		fprintf(stderr, "quire: %s: %s\n", path.ptr, strerror(errno));
		return EXIT_DONE;
	}
	sigaction(SIGPIPE, &p->pipe_was, NULL);
	sigaction(SIGCHLD, &p->child_was, NULL);

	argv[0] = path.ptr;
	execve(path.ptr, argv, environ);
	if (errno == ENOEXEC) {
		argv[-1] = (char *)"sh";
		execve("/bin/sh", argv - 1, environ);
	}
	fprintf(stderr, "quire: %s: %s\n", path.ptr, strerror(errno));
	return EXIT_DONE;
}

/* ---- the two ways to be called ---- */

static int read_input(struct push *p)
{
	if (!fs_read_all(STDIN_FILENO, &p->input, SIZE_MAX))
		return 0;
	pusher_say(&p->out, "standard input: %s: nothing is queued; %s",
		strerror(errno), until_reconcile);
	return -1;
}

static int run_as_hook(struct push *p, char **argv)
{
	struct err e;
	int rc;

	p->hook = argv[1];
	rc = hookfile_read(&p->hf, p->hook, &e);
	if (!rc)
		err_set(&e, EXIT_USAGE, "%s: is not a hook of quire", p->hook);
	/* damaged: the old hook runs all the same, by the name it has */
	if (rc < 0)
		p->hf.chain = mem_strdup(HOOKFILE_CHAIN);
	p->home_path = p->hf.home;
	if (!read_input(p)) {
		if (rc == 1)
			push(p);
		else
			say_lost(p, &e,
				e.status == EXIT_BUSY
					? until_reconcile
					: "install the hook: quire repo hook");
	}
	tell(p);
	wait_for_runs(p);
	return p->hf.chain ? become_chained(p, argv + 1) : EXIT_DONE;
}

static int run_by_hand(struct push *p, int argc, char **argv)
{
	static const struct option options[] = {
		{ "home", required_argument, NULL, 'H' },
		{ "git-dir", required_argument, NULL, 'g' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'H':
			p->home_path = optarg;
			break;
		case 'g':
			p->git_dir_arg = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return EXIT_DONE;
		case 'V':
			puts("quire-push " QUIRE_VERSION);
			return EXIT_DONE;
		default:
			fputs("quire-push: try 'quire-push --help'\n", stderr);
			return EXIT_USAGE;
		}
	}
	if (optind < argc)
		return program_usage(
			"quire-push", "%s: unexpected operand", argv[optind]);
	if (!read_input(p))
		push(p);
	tell(p);
	wait_for_runs(p);
	return EXIT_DONE;
}

int main(int argc, char **argv)
{
	static struct push p;
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	int status;

	sigaction(SIGPIPE, NULL, &p.pipe_was);
	sigaction(SIGCHLD, NULL, &p.child_was);
	program_start();
	sigaction(SIGPIPE, &ignore, NULL);
	buf_init(&p.input);
	buf_init(&p.out);
	p.git.sock = p.git.log = p.kick.fd = -1;

	if (argc > 1 && argv[1][0] != '-')
		status = run_as_hook(&p, argv);
	else
		status = run_by_hand(&p, argc, argv);
	fflush(stdout);
	_exit(status);
}
