#include "exec/dispatch.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fs.h"
#include "exec/finished.h"
#include "exec/kick.h"
#include "exec/lock.h"
#include "exec/rundir.h"
#include "exec/runlog.h"
#include "exec/sandbox.h"
#include "exec/space.h"
#include "exec/supervisor.h"
#include "exec/workspace.h"
#include "store/run.h"
#include "store/setting.h"
#include "store/seeded.h"

/* A workspace takes some 20 at a time, packs included. */
#define FILES_WANTED 64

struct dispatch {
	struct db *db;
	const struct home *home;
	int stop; /* readable: we were told to */
	int git_started; /* workspace_init() was called */
	int sandbox_tried; /* and it works */
	struct run stuck; /* a process of it could not be ended; its lock */
	int stuck_lock; /* -1: there is none */
	struct strv held; /* pending rows that are not for us to claim */
	struct strv told; /* those of them that quire-run.log has the why of */
	struct strv failed; /* pending rows that the last claim has failed */
};

static int has_id(const struct strv *list, const char *id)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->v[i], id) == 0)
			return 1;
	return 0;
}

/* Passes the row over, and says why, once. */
static void hold(struct dispatch *d, const struct run *r, const char *why)
{
	strv_push(&d->held, r->id);
	if (has_id(&d->told, r->id))
		return;
	strv_push(&d->told, r->id);
	runlog_add(d->home, "%s#%lld: %s: it stays pending", r->repo,
		(long long)r->number, why);
}

/* A setting that no run can be made with is the operator's to mend: until then
 * the run waits, and those of other repositories go on. */
static int is_unfit(struct dispatch *d, const struct run *r)
{
	struct err e;

	if (setting_check_run(d->db, r->repo, &e) == 0)
		return 0;
	hold(d, r, e.text);
	return 1;
}

/* What a run is sure to need, seen before it is claimed: it stays pending. */
static int check_host(struct dispatch *d, struct err *e)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files))
		return err_sys(e, "the limit of open files");
	if (files.rlim_cur < FILES_WANTED)
		return err_set(e, EXIT_BUSY,
			"only %llu open files are allowed, and %d are wanted; "
			"runs stay pending",
			(unsigned long long)files.rlim_cur, FILES_WANTED);
	return space_check(d->db, d->home, e);
}

/* Whoever claims without an executor would fail every run that there is. */
static int check_executor(struct err *e)
{
	struct buf path = BUF_INIT;
	int failed = fs_sibling(&path, "quire-ci", e);

	if (!failed && access(path.ptr, X_OK))
		failed = err_sys(e, "%s", path.ptr);
	buf_release(&path);
	return failed;
}

static int take_edge(struct dispatch *d, const struct run *r, enum run_state to,
	const char *kind, const char *reason, struct err *e)
{
	char *sandbox = setting_get(d->db, NULL, "sandbox", e);
	const struct run_edge edge = { .to = to,
		.failure_kind = kind,
		.reason = reason,
		.sandbox = to == RUN_ACTIVE ? sandbox : NULL };
	int taken = -1;

	if (sandbox)
		taken = run_take_edge(d->db, r->id, &edge, clock_now_ms(), e);
	free(sandbox);
	return taken;
}

/* pending -> active. *r becomes the row with the times and the sandbox that
 * this has stamped: read before the commit, behind which nothing may fail that
 * would leave an active run with nobody to supervise it. */
static int activate(struct dispatch *d, struct run *r, struct err *e)
{
	struct run stamped;
	int taken = take_edge(d, r, RUN_ACTIVE, NULL, NULL, e);

	if (taken <= 0)
		return taken;
	taken = run_by_id(d->db, r->id, &stamped, e);
	if (taken < 0)
		return -1;
	if (taken == 0)
		return err_set(e, EXIT_INTERNAL, "run %s: is gone", r->id);
	run_release(r);
	*r = stamped;
	return 1;
}

/*
 * One pending run, inside the transaction. 1 claimed, *lock is ours; 0 it is
 * another's, or it has failed by its own fault: on to the next; -1 the host's
 * or the database's fault.
 */
static int claim_one(
	struct dispatch *d, struct run *r, int *lock, struct err *e)
{
	struct err why;
	int taken;

	if (is_unfit(d, r))
		return 0;
	taken = run_lock_take(d->home, r->repo, r->id, 1, lock, &why);
	if (taken == 0) {
		strv_push(&d->held, r->id);
		return 0;
	}
	if (taken < 0) {
		if (why.status == EXIT_BUSY) {
			*e = why;
			return -1;
		}
		strv_push(&d->failed, r->id);
		return take_edge(d, r, RUN_FAILED, KIND_WORKSPACE, why.text,
			       e) < 0
			       ? -1
			       : 0;
	}
	/* the row is from a copy of the database that is older than the run */
	taken = rundir_is_begun(d->home, r, e);
	if (taken > 0) {
		hold(d, r, "was begun already, quire-reconcile settles it");
		taken = 0;
	} else if (taken == 0) {
		taken = activate(d, r, e);
	}
	if (taken <= 0) {
		run_lock_release(*lock);
		*lock = -1;
	}
	return taken;
}

/* Pending runs in their order, inside the transaction: 1 claimed, 0 none left,
 * -1. What was claimed by nobody but is another's stays where it is. */
static int claim_any(
	struct dispatch *d, struct run *r, int *lock, struct err *e)
{
	int skip = 0, found, claimed = 0;

	while ((found = run_next_pending(d->db, skip, r, e)) == 1) {
		if (!skip && check_host(d, e)) {
			run_release(r);
			return -1;
		}
		size_t held = d->held.n;
		claimed = claim_one(d, r, lock, e);
		if (claimed)
			break;
		if (d->held.n > held)
			skip++;
		run_release(r);
	}
	if (found < 1)
		return found;
	if (claimed < 0)
		run_release(r);
	return claimed;
}

/* Whoever waits for the run's end hears of it. */
static void tell(struct dispatch *d, const char *id)
{
	struct err e;

	if (finished_tell(d->db, d->home, id, &e) < 0)
		runlog_add(d->home, "run %s: nobody was told of its end: %s",
			id, e.text);
}

/* 1 claimed: *r and its *lock are the caller's; 0 nothing to claim; -1. */
static int claim(struct dispatch *d, struct run *r, int *lock, struct err *e)
{
	int claimed;

	*lock = -1;
	strv_release(&d->held);
	strv_release(&d->failed);
	if (db_begin(d->db, e))
		return -1;
	claimed = claim_any(d, r, lock, e);
	if (claimed >= 0 && db_commit(d->db, e)) {
		if (claimed)
			run_release(r);
		claimed = -1;
	}
	db_rollback(d->db);
	if (claimed < 0 && *lock >= 0) {
		run_lock_release(*lock);
		*lock = -1;
	}
	for (size_t i = 0; i < d->failed.n && claimed >= 0; i++)
		tell(d, d->failed.v[i]);
	return claimed;
}

/* With one slot, which we have, there is none to fill. */
static void kick_others(struct dispatch *d, int64_t max)
{
	int64_t pending;
	struct err e;

	if (max < 2)
		return;
	if (run_count(d->db, RUN_PENDING, &pending, &e) ||
		(pending && kick_now(d->home, "", &e) < 0))
		runlog_add(d->home, "no other slot was filled: %s", e.text);
}

/* Not before there is a run, since it takes time; and before it is claimed,
 * since a host that can't do it could do no run. 1 done, 0 no run, -1. */
static int start_git(struct dispatch *d, struct err *e)
{
	struct run r;
	int found;

	if (d->git_started)
		return 1;
	found = run_next_pending(d->db, 0, &r, e);
	if (found <= 0)
		return found;
	run_release(&r);
	if (workspace_init(e)) {
		e->status = EXIT_BUSY;
		return -1;
	}
	d->git_started = 1;
	return 1;
}

/* Without the sandbox that is set no run is claimed, and none is confined by
 * less. Once it was seen to work, that bubblewrap is there has to do. */
static int check_sandbox(struct dispatch *d, struct err *e)
{
	char *sandbox = setting_get(d->db, NULL, "sandbox", e);
	int is_none = sandbox && strcmp(sandbox, "none") == 0;
	struct buf bwrap = BUF_INIT;
	int failed = sandbox ? 0 : -1;

	free(sandbox);
	/* a setting that can't be read is the claim's to tell */
	if (is_none || failed)
		return 0;
	failed = d->sandbox_tried ? sandbox_find(&bwrap, e)
				  : sandbox_try(NULL, e);
	buf_release(&bwrap);
	if (failed) {
		err_prefix(e, "runs stay pending, since the sandbox does not "
			      "work");
		e->status = EXIT_BUSY;
		return -1;
	}
	d->sandbox_tried = 1;
	return 0;
}

static int check_stop(const struct dispatch *d, struct err *e)
{
	struct pollfd fd = { .fd = d->stop, .events = POLLIN };

	if (poll(&fd, 1, 0) <= 0)
		return 0;
	return err_set(e, EXIT_BUSY,
		"told to stop; what is pending waits for the next quire-run");
}

/* With a slot: run after run. 0 the queue has nothing for us, 1 the slot is
 * one too many, 2 it is for another, a run is stuck; -1. */
static int drain(struct dispatch *d, int64_t slot, struct err *e)
{
	for (;;) {
		struct run r;
		int64_t max;
		int lock, claimed, failed;

		if (setting_get_int(d->db, NULL, "maxRuns", &max, e))
			return -1;
		if (slot > max)
			return 1;
		if (check_stop(d, e))
			return -1;
		claimed = start_git(d, e);
		if (claimed <= 0)
			return claimed;
		if (check_sandbox(d, e))
			return -1;
		claimed = claim(d, &r, &lock, e);
		if (claimed <= 0)
			return claimed;
		kick_others(d, max);
		/* what becomes of the run is to be written, told or not */
		db_wait_until(d->db, -1);
		failed = supervise(d->db, d->home, &r, lock, d->stop, e);
		db_wait_until(d->db, d->stop);
		tell(d, r.id);
		if (failed == 1) {
			d->stuck = r;
			d->stuck_lock = lock;
			return 2;
		}
		run_lock_release(lock);
		run_release(&r);
		if (failed)
			return -1;
	}
}

/* Whether a run has come that the last claim did not see: what is another's
 * will be kicked for by him. */
static int look_again(struct dispatch *d, struct err *e)
{
	struct run r;
	int skip = 0, found;

	while ((found = run_next_pending(d->db, skip, &r, e)) == 1) {
		int held = has_id(&d->held, r.id);

		run_release(&r);
		if (!held)
			return 1;
		skip++;
	}
	return found;
}

/* The run's lock is held as long as a process of it lives; the slot is not. */
static int linger(struct dispatch *d, struct err *e)
{
	struct err why;
	int failed;

	if (!check_stop(d, &why) && kick_now(d->home, "", &why) < 0)
		runlog_add(d->home, "the slot was not filled: %s", why.text);
	failed = supervise_linger(d->home, &d->stuck, d->stop, e);
	run_lock_release(d->stuck_lock);
	run_release(&d->stuck);
	return failed;
}

/* 1 the queue is empty, 0 no slot is free, -1. */
static int dispatch_slots(struct dispatch *d, struct err *e)
{
	int again;

	do {
		int64_t max, slot;
		int fd, taken;

		if (setting_get_int(d->db, NULL, "maxRuns", &max, e))
			return -1;
		taken = slot_take(d->home, max, &slot, &fd, e);
		if (taken <= 0)
			return taken;
		again = drain(d, slot, e);
		slot_release(fd);
		if (again == 2)
			return linger(d, e);
		if (again == 0)
			again = look_again(d, e);
	} while (again == 1);
	return again < 0 ? -1 : 1;
}

int dispatch(struct db *db, const struct home *h, int stop, struct err *e)
{
	struct dispatch d = {
		.db = db,
		.home = h,
		.stop = stop,
		.stuck_lock = -1,
		.held = STRV_INIT,
		.told = STRV_INIT,
		.failed = STRV_INIT,
	};
	int done = seed_is_seeded(db, e);

	/* what was made up is there to be looked at */
	if (done)
		return done < 0 ? -1 : 0;
	db_wait_until(db, stop);
	done = check_executor(e) ? -1 : dispatch_slots(&d, e);
	db_wait_until(db, -1);
	if (done < 0 && e->status != EXIT_INTERNAL)
		e->status = EXIT_BUSY;
	if (d.git_started)
		workspace_shutdown();
	strv_release(&d.held);
	strv_release(&d.told);
	strv_release(&d.failed);
	return done;
}
