/*
 * One reconcile: its lock, the database, the passes in their order, the kick,
 * and pruning.
 *
 * slots/reconcile.lock is held throughout, so that of two reconciles one waits
 * for the other: it may have begun before the change that somebody wants to
 * see repaired. Its time is set at the end of one that could do its work, so
 * that quire doctor sees whether cron runs it. A dry run creates nothing, not
 * even that file.
 *
 * The locks of runs are free again before the kick; pruning, which nobody
 * waits for, comes after it and locks only runs that have ended.
 */
#include "exec/reconcile.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/name.h"
#include "exec/finished.h"
#include "exec/kick.h"
#include "exec/lock.h"
#include "exec/pass.h"
#include "exec/space.h"
#include "exec/supervisor.h"
#include "store/legacy.h"
#include "store/migrate.h"
#include "store/seeded.h"
#include "store/setting.h"
#include "store/upgrade.h"

/* A run that has been pending for less is on its way already. */
#define QUEUE_STALE_MS 10000
/* Between two runs of a supervisor none is active: on a host with too much to
 * do that takes its time. */
#define QUEUE_WATCH_MS 5000
#define QUEUE_LOOK_MS 100

void pass_say(struct pass *p, const char *fmt, ...)
{
	struct buf line = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_addv(&line, fmt, ap);
	va_end(ap);
	p->r->say(p->r->arg, line.ptr);
	buf_release(&line);
}

void pass_warn(struct pass *p, const char *fmt, ...)
{
	struct buf line = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_addv(&line, fmt, ap);
	va_end(ap);
	p->r->problems++;
	p->r->warn(p->r->arg, line.ptr);
	buf_release(&line);
}

void pass_warn_sys(struct pass *p, const char *path)
{
	struct err e;

	err_sys(&e, "%s/%s", p->r->home->path, path);
	pass_warn(p, "%s", e.text);
}

void pass_add_repo(struct buf *b, const char *repo)
{
	buf_add(b, repo, name_short_len(repo));
}

void pass_add_run(struct buf *b, const struct run *r)
{
	pass_add_repo(b, r->repo);
	buf_addf(b, "#%lld", (long long)r->number);
}

/* The locks of the active rows, held over a migration. */
struct held {
	struct run *list;
	size_t n;
	int *fds; /* -1: the run has no lock file, and so no supervisor */
};

static void held_release(struct held *held)
{
	for (size_t i = 0; held->fds && i < held->n; i++)
		if (held->fds[i] >= 0)
			run_lock_release(held->fds[i]);
	free(held->fds);
	run_list_release(held->list, held->n);
}

static int held_take(
	struct held *held, struct db *db, const struct home *h, struct err *e)
{
	if (upgrade_list_active(db, &held->list, &held->n, e) < 0)
		return -1;
	held->fds = mem_resize(NULL, held->n + 1, sizeof(*held->fds));
	for (size_t i = 0; i < held->n; i++)
		held->fds[i] = -1;
	for (size_t i = 0; i < held->n; i++) {
		const struct run *r = &held->list[i];
		int taken =
			run_lock_take(h, r->repo, r->id, 0, &held->fds[i], e);

		if (taken < 0)
			return -1;
		if (taken == 0 && errno != ENOENT)
			return err_set(e, EXIT_BUSY,
				"quire.db: cannot be upgraded while run %s of "
				"%s is live: try again when it has ended",
				r->id, r->repo);
	}
	return 0;
}

/* What was live under the older version and has nobody any more. */
static int held_settle(
	struct held *held, struct db *db, const struct home *h, struct err *e)
{
	for (size_t i = 0; i < held->n; i++) {
		enum run_state outcome;
		struct run r;
		int got;

		if (held->fds[i] < 0)
			continue;
		got = run_by_id(db, held->list[i].id, &r, e);
		if (got < 0)
			return -1;
		if (got == 0)
			continue;
		got = supervise_salvage(db, h, &r, &outcome, e);
		if (got == 0)
			got = finished_tell(db, h, r.id, e);
		run_release(&r);
		if (got < 0)
			return -1;
	}
	return 0;
}

int reconcile_migrate(const struct home *h, int *taken_over, struct err *e)
{
	struct held held = { 0 };
	struct db db = { 0 };
	int64_t settled = 0;
	int version, rc;

	*taken_over = 0;
	if (upgrade_open(&db, h, &version, e) < 0)
		return -1;
	if (version == migrate_current()) {
		db_close(&db);
		return 0;
	}
	/* what was live in the older system's is settled by the migration */
	rc = version <= LEGACY_LAST ? 0 : held_take(&held, &db, h, e);
	if (rc == 0)
		rc = migrate_run(&db, e);
	if (rc == 0 && version > 0 && version <= LEGACY_LAST &&
		legacy_marked(&db, &settled, e) < 0)
		rc = -1;
	*taken_over = (int)settled;
	db_close(&db);
	if (rc == 0 && held.n) {
		rc = db_open(&db, h, DB_WRITE_CURRENT, e);
		if (rc == 0) {
			rc = held_settle(&held, &db, h, e);
			db_close(&db);
		}
	}
	held_release(&held);
	return rc;
}

/* 1: go on; 0: that was all (a dry run on an older database); -1. */
static int migrate(struct pass *p, struct err *e)
{
	const struct home *h = p->r->home;
	struct db db = { 0 };
	int version, taken_over;

	if (upgrade_open(&db, h, &version, e) < 0)
		return -1;
	db_close(&db);
	/* to fill an empty file is for quire init: opening it will say so */
	if (version == migrate_current() || version == 0)
		return 1;
	if (p->r->dry_run) {
		pass_say(p,
			"quire.db: would upgrade it from version %d to %d, "
			"and then look at the rest",
			version, migrate_current());
		return 0;
	}
	if (reconcile_migrate(h, &taken_over, e) < 0)
		return -1;
	pass_say(p, "quire.db: upgraded from version %d to %d", version,
		migrate_current());
	if (taken_over)
		pass_say(p,
			"%d live runs of the older system ended as "
			"orphaned",
			taken_over);
	return 1;
}

static int passes(struct pass *p, struct err *e)
{
	int rc = -1;

	/* What needs no room on the disk and makes some comes first, then the
	 * orphans: neither needs a repository. */
	if (pruned_pass(p, e) < 0 || leftover_pass(p, e) < 0 ||
		orphan_pass(p, e) < 0 ||
		repo_list(p->db, &p->repos, &p->n_repos, e) < 0)
		return -1;
	p->present = mem_zero(p->n_repos + 1);
	if (missing_pass(p, e) == 0 && baseline_pass(p, e) == 0 &&
		drift_pass(p, e) == 0)
		rc = 0;
	repo_list_release(p->repos, p->n_repos);
	free(p->present);
	return rc;
}

/* What the kick needs to know, while the database is open. */
struct queue {
	int64_t pending, active;
	char next_id[sizeof(((struct run *)0)->id)]; /* first in the queue */
	int64_t next_ms; /* when that was queued */
	char *command; /* the setting `kick` */
};

static int queue_look(struct queue *q, struct db *db, struct err *e)
{
	struct run r;
	int got;

	if (run_count(db, RUN_PENDING, &q->pending, e) < 0 ||
		run_count(db, RUN_ACTIVE, &q->active, e) < 0)
		return -1;
	got = run_next_pending(db, 0, &r, e);
	if (got <= 0)
		return got;
	q->next_ms = r.queued_at_ms;
	memcpy(q->next_id, r.id, sizeof(r.id));
	run_release(&r);
	return 0;
}

/* Whether it is old enough to be told of, and nobody takes it up while one
 * looks. 1, 0, -1. */
static int queue_is_lost(struct pass *p, const struct queue *q, struct err *e)
{
	int64_t until = clock_mono_ms() + QUEUE_WATCH_MS;
	struct queue now = *q;

	if (p->queued || clock_now_ms() - q->next_ms < QUEUE_STALE_MS)
		return 0;
	while (!now.active && now.pending &&
		strcmp(now.next_id, q->next_id) == 0) {
		if (clock_mono_ms() >= until)
			return 1;
		clock_sleep_ms(QUEUE_LOOK_MS);
		if (queue_look(&now, p->db, e) < 0)
			return -1;
	}
	return 0;
}

/*
 * Whatever is pending is kicked: one process too many finds no free slot and
 * ends. Worth a word is only a queue that stands still; where that is for want
 * of space, whoever can make some has to know. Whether somebody has the slots is
 * not said, since nobody may find out by taking one: a supervisor that is
 * removing a large workspace has one, with no run active.
 */
static int kick(struct pass *p, const struct queue *q, struct err *e)
{
	struct err why;
	int lost = 0;

	if (!q->pending)
		return 0;
	/* a run that is at work gives its space back when it ends */
	if (!q->active && space_check(p->db, p->r->home, &why) < 0)
		pass_warn(p, "%s", why.text);
	else
		lost = queue_is_lost(p, q, e);
	if (lost < 0)
		return -1;
	if (p->r->dry_run) {
		if (lost)
			pass_say(p,
				"%lld pending and none active; would "
				"start quire-run",
				(long long)q->pending);
		return 0;
	}
	int started = kick_now(p->r->home, q->command, e);
	if (started < 0)
		return -1;
	if (started && lost)
		pass_say(p,
			"%lld pending and none active; started "
			"quire-run%s",
			(long long)q->pending,
			*q->command ? " (does the command in the setting kick "
				      "work?)"
				    : "");
	return 0;
}

static int start_queue(struct pass *p, struct queue *q, struct err *e)
{
	int rc = -1;

	q->command = setting_get(p->db, NULL, "kick", e);
	if (q->command && queue_look(q, p->db, e) == 0)
		rc = kick(p, q, e);
	free(q->command);
	return rc;
}

static int work(struct pass *p, struct err *e)
{
	struct queue q = { 0 };
	int rc = migrate(p, e);

	if (rc <= 0)
		return rc;
	if (db_open(p->db, p->r->home, DB_WRITE_CURRENT, e) < 0)
		return -1;
	rc = seed_is_seeded(p->db, e);
	if (rc > 0)
		rc = 0;
	else if (rc < 0 || passes(p, e) < 0 || start_queue(p, &q, e) < 0 ||
		 prune_pass(p, e) < 0 || cache_pass(p, e) < 0)
		rc = -1;
	if (rc == 0 && !q.pending && !q.active)
		db_checkpoint(p->db);
	db_close(p->db);
	return rc;
}

int reconcile(struct reconcile *r, struct err *e)
{
	struct db db = { 0 };
	struct pass p = { .r = r, .db = &db, .start_ms = clock_now_ms() };
	int fd, rc;

	if (home_need_owner(r->home, e) < 0 ||
		reconcile_lock_take(r->home, r->dry_run, &fd, e) < 0)
		return -1;
	rc = work(&p, e);
	if (rc == 0 && !r->dry_run && futimens(fd, NULL))
		pass_warn(&p, RECONCILE_LOCK ": its time cannot be set: %s",
			strerror(errno));
	reconcile_lock_release(fd);
	return rc;
}
