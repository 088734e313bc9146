/*
 * quire init - makes a home, mends one, takes one of the older system over.
 *
 * In this order, each step safe to be repeated: folders and an empty database
 * file; a mark if the home is the older system's; the migration, with every
 * run's lock held; its repositories; the sandbox; -wal and -shm. What was done is printed,
 * and what to do next.
 */
#include <inttypes.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/shword.h"
#include "cmd.h"
#include "exec/cronline.h"
#include "exec/forget.h"
#include "exec/layout.h"
#include "exec/reconcile.h"
#include "exec/sandbox.h"
#include "exec/takeover.h"
#include "store/legacy.h"
#include "store/migrate.h"
#include "store/repo.h"
#include "store/setting.h"
#include "store/upgrade.h"

static const char help[] =
	"usage: quire init [--shared GROUP] [DIR]\n"
	"\n"
	"Makes the home DIR ($QUIRE_HOME, or " HOME_DEFAULT "), or mends what\n"
	"is missing in one. A home of the older system is upgraded: its\n"
	"repositories below repos/ are registered and get the hook.\n"
	"\n"
	"  --shared GROUP   members of GROUP may push and are recorded\n";

struct work {
	struct home home;
	struct buf done;
	struct takeover takeover;
	int older;
};

/* A trigger that somebody dropped guards nothing. */
static int mend_triggers(struct work *w, struct db *db, struct err *e)
{
	struct buf names = BUF_INIT;
	int mended = migrate_mend_triggers(db, &names, e);

	if (mended > 0)
		buf_addf(&w->done, "quire.db: put back the triggers %s\n",
			names.ptr);
	buf_release(&names);
	return mended < 0 ? -1 : 0;
}

/* Whether nobody has said what jobs are confined by, and nobody has gone by
 * what is so without. 1, 0, -1. */
static int is_sandbox_open(const struct work *w, struct db *db, struct err *e)
{
	struct repo *repos;
	size_t n;
	int stored = setting_is_stored(db, "sandbox", e);

	if (stored || w->older)
		return stored < 0 ? -1 : !stored;
	if (repo_list(db, &repos, &n, e) < 0)
		return -1;
	repo_list_release(repos, n);
	return n == 0;
}

/* A new home has the best that works here. */
static int choose_sandbox(struct work *w, struct db *db, struct err *e)
{
	int open = is_sandbox_open(w, db, e);
	struct err why;

	if (open <= 0)
		return open;
	int works = sandbox_try(NULL, &why) == 0;
	if (works)
		buf_adds(&w->done,
			"sandbox is set to bwrap: each job runs in a "
			"bubblewrap, which works here\n");
	else
		buf_addf(&w->done,
			"sandbox is set to none: jobs are not confined, since "
			"bubblewrap does not work\nhere (quire doctor says "
			"what helps): %s\n",
			why.text);
	return setting_set(db, NULL, "sandbox", works ? "bwrap" : "none", e);
}

static int fill_database(struct work *w, struct err *e)
{
	int64_t settled = 0;
	struct db db;
	int failed = 0, older, ignored;

	if (reconcile_migrate(&w->home, &ignored, e) < 0)
		return -1;
	if (db_open(&db, &w->home, DB_WRITE_CURRENT, e) < 0)
		return -1;
	older = legacy_marked(&db, &settled, e);
	if (older < 0) {
		failed = 1;
	} else if (older) {
		w->older = 1;
		buf_addf(&w->done,
			"took over a home of the older system; settled as "
			"orphaned what was\npending or active: %" PRId64
			" runs\nkeepDays is set to 0: its runs stay, "
			"whatever their age\n",
			settled);
		failed = takeover_finish(&db, &w->home, &w->takeover, e) < 0;
	} else {
		takeover_survey(&db, &w->home, &w->takeover);
	}
	failed = failed || mend_triggers(w, &db, e) < 0 ||
		 choose_sandbox(w, &db, e) < 0;
	db_checkpoint(&db);
	db_close(&db);
	return failed ? -1 : layout_wal(&w->home, e);
}

/* A database that is not ours, or not whole, stops all before anything is
 * touched. What else may be wrong with the folder is layout_make()'s to say. */
static int judge_database(const char *dir, struct err *e)
{
	struct err ignored;
	int version, failed = 0;
	struct stat st;
	struct home h;
	struct db db;

	if (home_open(&h, dir, &ignored) < 0)
		return 0;
	if (home_is_owner(&h) && fstatat(h.fd, "quire.db", &st, 0) == 0 &&
		S_ISREG(st.st_mode)) {
		failed = upgrade_open(&db, &h, &version, e) < 0;
		if (!failed)
			db_close(&db);
	}
	home_close(&h);
	return failed ? -1 : 0;
}

static int init(
	struct work *w, const char *dir, const char *group, struct err *e)
{
	if (judge_database(dir, e) < 0)
		return -1;
	if (layout_make(&w->home, dir, group, &w->done, e) < 0)
		return -1;
	if (forget_sweep(&w->home, &w->done, e) < 0)
		return -1;
	return fill_database(w, e);
}

static int print_next_steps(const struct home *h, struct err *e)
{
	int is_default = !strcmp(h->path, HOME_DEFAULT);
	struct buf b = BUF_INIT;

	buf_adds(
		&b, "\nNext, a line for this user's crontab (crontab -e):\n  ");
	int failed = cronline_add(&b, h, e) < 0;
	buf_adds(&b, "\nthen repositories:\n");
	if (!is_default) {
		buf_adds(&b, "  export QUIRE_HOME=");
		shword_add(&b, h->path);
		buf_addc(&b, '\n');
	}
	buf_adds(&b, "  quire repo adopt DIR    one that is there\n"
		     "  quire repo new NAME     a new one\n");
	if (layout_is_shared(h)) {
		buf_adds(&b, "each of which git has to be told of, as root, "
			     "since its pushers do not own it:\n"
			     "  git config --system --add safe.directory ");
		shword_add(&b, h->path);
		buf_adds(&b, "/repos/NAME.git\n"
			     "(where they come over HTTP it is another "
			     "line: quire(7))\n");
	}
	buf_adds(&b, "and a web server for the pages: quire-cgi(8) has a few "
		     "lines for it.\n");
	if (!failed)
		fputs(b.ptr, stdout);
	buf_release(&b);
	return failed ? -1 : 0;
}

static void report_takeover(const struct work *w)
{
	fwrite(w->takeover.done.ptr, 1, w->takeover.done.len, stdout);
	if (w->takeover.left.len)
		printf("%s%s", w->older ? "\nNot carried over:\n" : "",
			w->takeover.left.ptr);
}

static int report(struct work *w, struct err *e)
{
	if (!w->done.len) {
		printf("%s: nothing to do\n", w->home.path);
		return 0;
	}
	if (geteuid() == 0)
		puts("\nThis home is root's, and so every job will run as "
		     "root: better make one as\na user of its own.");
	return print_next_steps(&w->home, e);
}

int cmd_init(int argc, char **argv)
{
	static const struct option options[] = {
		{ "shared", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct work w = { .done = BUF_INIT,
		.takeover = { BUF_INIT, BUF_INIT } };
	const char *group = NULL;
	struct err e;
	int opt, failed;

	while ((opt = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (opt == 'h')
			return cmd_help(help);
		if (opt != 's')
			return cmd_bad_option(argv[0]);
		group = optarg;
	}
	if (argc - optind > 1)
		return program_usage(argv[0], "one folder at a time");
	umask(027);
	failed = init(&w, argv[optind], group, &e) < 0;
	fwrite(w.done.ptr, 1, w.done.len, stdout);
	report_takeover(&w);
	if (!failed)
		failed = report(&w, &e) < 0;
	if (w.home.path)
		home_close(&w.home);
	buf_release(&w.done);
	takeover_release(&w.takeover);
	return failed ? program_fail(argv[0], &e) : EXIT_DONE;
}
