/*
 * Runs whose supervisor is gone, and runs whose claim is.
 *
 * A supervisor holds its run's lock from before the claim commits until the
 * row is terminal, no process is left and the workspace is removed. So a free
 * lock under an active row is an orphan, by definition, and a free lock under
 * a terminal row whose workspace is still there is one too, that got as far as
 * its last commit. Both are looked at again under the lock before anything is
 * done to them.
 *
 * A claim is durable before its run leaves a trace. So a pending row whose run
 * has left its events comes from a copy of the database, made before the claim
 * and put back since: what was run then is not run again.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "exec/finished.h"
#include "exec/lock.h"
#include "exec/pass.h"
#include "exec/rundir.h"
#include "exec/supervisor.h"

/*
 * The run's lock, also where somebody has removed it: then the folder above
 * the run's tells a removed run from a disk that is not mounted. 1 taken, 0
 * held by its supervisor, -1 not to be told (said already).
 */
static int lock_take(struct pass *p, const struct run *r, int *fd)
{
	const struct home *h = p->r->home;
	struct buf dir = BUF_INIT, name = BUF_INIT;
	struct stat st;
	struct err e;
	int taken;

	pass_add_run(&name, r);
	taken = run_lock_take(h, r->repo, r->id, 0, fd, &e);
	if (taken == 0 && errno == ENOENT) {
		buf_addf(&dir, "runs/%s", r->repo);
		if (fstatat(h->fd, dir.ptr, &st, 0)) {
			err_sys(&e, "%s/%s", h->path, dir.ptr);
			taken = -1;
		} else if (p->r->dry_run) {
			taken = 1;
		} else {
			taken = run_lock_take(h, r->repo, r->id, 1, fd, &e);
		}
	}
	if (taken < 0)
		pass_warn(p, "%s: %s; 'quire cancel %s' ends it", name.ptr,
			e.text, name.ptr);
	buf_release(&dir);
	buf_release(&name);
	return taken;
}

/* Whether something of an ended run is left, or only its end is to be told. */
static int is_dirty(struct pass *p, const struct run *r)
{
	struct buf dir = BUF_INIT;
	int clean;

	home_add_run_dir(&dir, r->repo, r->id);
	clean = rundir_is_clean(p->r->home->fd, dir.ptr);
	buf_release(&dir);
	return clean <= 0;
}

static void say_settled(struct pass *p, const char *name, const struct run *now)
{
	pass_say(p, "%s: its supervisor is gone; %s%s%s%s", name,
		run_state_name(now->state), now->failure_kind ? " (" : "",
		now->failure_kind ? now->failure_kind : "",
		now->failure_kind ? ")" : "");
}

static void tell(struct pass *p, const char *name, const struct run *r)
{
	struct err e;

	if (finished_tell(p->db, p->r->home, r->id, &e) < 0)
		pass_warn(
			p, "%s: nobody was told of its end: %s", name, e.text);
}

/* An ended run: whether it is still to be told is looked at before, since its
 * supervisor had the lock until then. */
static void clear_ended(struct pass *p, const char *name, const struct run *r)
{
	struct buf dir = BUF_INIT;
	int dirty = is_dirty(p, r), owed;
	enum run_state outcome;
	struct err why;

	home_add_run_dir(&dir, r->repo, r->id);
	owed = finished_is_owed(p->r->home->fd, dir.ptr);
	buf_release(&dir);
	if (p->r->dry_run && dirty)
		pass_say(p, "%s: would remove what it left behind", name);
	else if (p->r->dry_run && owed > 0)
		pass_say(p, "%s: would call the hooks of its end", name);
	if (p->r->dry_run)
		return;
	if (supervise_salvage(p->db, p->r->home, r, &outcome, &why) < 0)
		pass_warn(p, "%s: %s", name, why.text);
	else if (dirty)
		pass_say(p, "%s: removed what it left behind", name);
	if (owed > 0) {
		tell(p, name, r);
		pass_say(p, "%s: called the hooks of its end", name);
	}
}

/* Under the lock. was is the row as it is now. */
static int salvage(struct pass *p, const struct run *was, struct err *e)
{
	struct buf name = BUF_INIT;
	struct run now;
	enum run_state outcome;
	struct err why;
	int got = 0;

	pass_add_run(&name, was);
	if (run_state_is_terminal(was->state)) {
		clear_ended(p, name.ptr, was);
	} else if (p->r->dry_run) {
		pass_say(p, "%s: its supervisor is gone; would settle it",
			name.ptr);
	} else if (supervise_salvage(p->db, p->r->home, was, &outcome, &why) <
		   0) {
		pass_warn(p, "%s: %s", name.ptr, why.text);
	} else if ((got = run_by_id(p->db, was->id, &now, e)) > 0) {
		say_settled(p, name.ptr, &now);
		tell(p, name.ptr, &now);
		run_release(&now);
	}
	buf_release(&name);
	return got < 0 ? -1 : 0;
}

/* When the run was claimed, which made its lock file: by the clock of then. */
static int64_t claimed_at_ms(struct pass *p, const struct run *r)
{
	struct buf path = BUF_INIT;
	int64_t at_ms = clock_now_ms();
	struct stat st;

	home_add_run_dir(&path, r->repo, r->id);
	buf_adds(&path, "/lock");
	if (fstatat(p->r->home->fd, path.ptr, &st, 0) == 0 &&
		st.st_mtim.tv_sec * INT64_C(1000) < at_ms)
		at_ms = st.st_mtim.tv_sec * INT64_C(1000) +
			st.st_mtim.tv_nsec / 1000000;
	buf_release(&path);
	return at_ms;
}

/* Under its lock: the claim once more, so that what followed can. */
static int claim_again(struct pass *p, const struct run *r, struct err *e)
{
	const struct run_edge edge = { .to = RUN_ACTIVE };
	int taken;

	if (db_begin(p->db, e) < 0)
		return -1;
	taken = run_take_edge(p->db, r->id, &edge, claimed_at_ms(p, r), e);
	if (taken > 0 && db_commit(p->db, e) < 0)
		taken = -1;
	db_rollback(p->db);
	return taken;
}

static int settle_begun(struct pass *p, const struct run *r, struct err *e)
{
	struct buf name = BUF_INIT;
	struct run now;
	int got = 0;

	pass_add_run(&name, r);
	if (p->r->dry_run) {
		pass_say(p,
			"%s: pending, but it was begun already; would settle "
			"it",
			name.ptr);
	} else {
		got = claim_again(p, r, e);
		if (got > 0)
			got = run_by_id(p->db, r->id, &now, e);
		if (got > 0) {
			pass_say(p, "%s: pending, but it was begun already",
				name.ptr);
			got = salvage(p, &now, e);
			run_release(&now);
		}
	}
	buf_release(&name);
	return got < 0 ? -1 : 0;
}

/* Under the run's lock, by its row as it is then: only if that is pending
 * still, or only if it is not. */
static int settle_locked(
	struct pass *p, const struct run *seen, int pending, struct err *e)
{
	struct run now;
	int fd = -1, got, rc = 0;

	if (lock_take(p, seen, &fd) <= 0)
		return 0;
	got = run_by_id(p->db, seen->id, &now, e);
	if (got < 0)
		rc = -1;
	else if (got > 0) {
		if (pending == (now.state == RUN_PENDING))
			rc = pending ? settle_begun(p, &now, e)
				     : salvage(p, &now, e);
		run_release(&now);
	}
	if (fd >= 0)
		run_lock_release(fd);
	return rc;
}

int orphan_settle(struct pass *p, const struct run *seen, struct err *e)
{
	return settle_locked(p, seen, 0, e);
}

int orphan_begun(struct pass *p, const struct run *seen, struct err *e)
{
	struct err why;
	int begun = rundir_is_begun(p->r->home, seen, &why);

	if (begun < 0)
		pass_warn(p, "%s", why.text);
	return begun > 0 ? settle_locked(p, seen, 1, e) : 0;
}

/* Without runs/ no lock can be found, and its absence says nothing. */
static int runs_dir_is_there(struct pass *p)
{
	struct stat st;

	if (fstatat(p->r->home->fd, "runs", &st, 0) == 0)
		return 1;
	pass_warn_sys(p, "runs");
	return 0;
}

int orphan_pass(struct pass *p, struct err *e)
{
	struct run *list;
	size_t n;
	int rc = 0;

	if (run_list_active(p->db, &list, &n, e) < 0)
		return -1;
	if (n && runs_dir_is_there(p))
		for (size_t i = 0; i < n && rc == 0; i++)
			rc = orphan_settle(p, &list[i], e);
	run_list_release(list, n);
	return rc;
}
