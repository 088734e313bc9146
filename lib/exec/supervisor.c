/*
 * The order of things, and what a crash between any two of them leaves:
 *
 *	claim committed (by the caller, with the run's lock held)
 *	workspace laid out, or given up        reconcile: orphaned
 *	quire-ci spawned, events taken in      reconcile: orphaned
 *	executor_exited appended and synced    reconcile: settles by it
 *	row settled                            reconcile: cleans
 *	processes ended, workspace removed
 *	row settled, if it could not be before
 *	lock released (by the caller)
 */
#include "exec/supervisor.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "exec/fault.h"
#include "exec/finished.h"
#include "exec/proctree.h"
#include "exec/runlog.h"
#include "exec/watch.h"
#include "exec/workspace.h"
#include "store/setting.h"

#define LINGER_LOOK_MS 1000

/* What is to become of the row. */
struct verdict {
	struct run_edge edge;
	struct buf reason;
	int due; /* not settled yet */
};

static void report(const struct watch *w, const char *text)
{
	runlog_add(w->home, "%s#%lld: %s", w->run->repo,
		(long long)w->run->number, text);
}

static void decide(struct verdict *v, enum run_state to, const char *kind,
	const char *reason)
{
	buf_reset(&v->reason);
	if (reason)
		buf_adds(&v->reason, reason);
	v->edge = (struct run_edge){ .to = to,
		.failure_kind = kind,
		.reason = reason ? v->reason.ptr : NULL };
	v->due = 1;
}

/* 0 also if the row had moved on, which is none of our business any more. The
 * rows of its jobs come first: what is live then is aborted. */
static int settle(struct watch *w, struct verdict *v, struct err *e)
{
	if (!v->due)
		return 0;
	if (watch_ingest_rest(w, e) ||
		run_settle(w->db, w->run->id, &v->edge, e) < 0)
		return -1;
	v->due = 0;
	return 0;
}

static int lay_out(struct watch *w, struct err *e)
{
	struct buf path = BUF_INIT;
	int failed;

	if (!w->run->git_dir) {
		errno = 0;
		return err_set(e, EXIT_INTERNAL,
			"the run does not say where its repository is");
	}
	buf_addf(&path, "%s/workspace", w->dir.path);
	failed = workspace_lay_out(
		w->run->git_dir, w->run->sha, path.ptr, watch_is_over, w, e);
	int why = errno;
	buf_release(&path);
	errno = why;
	return failed;
}

/* All that the run needs before its processes. -1 with errno, 0 if no system
 * call is to blame. */
static int prepare(struct watch *w, struct launch *l, struct err *e)
{
	if (rundir_open(&w->dir, w->home, w->run, e) ||
		rundir_prepare(&w->dir, &w->wake, e))
		return -1;
	if (finished_owe(w->home, w->run, &w->dir))
		return err_sys(e, "%s/" FINISHED_MARK, w->dir.path);
	w->events = rundir_append(&w->dir, "events.jsonl");
	if (w->events < 0)
		return err_sys(e, "%s/events.jsonl", w->dir.path);
	if (setting_get_int(
		    w->db, w->run->repo, "timeout", &w->timeout_ms, e)) {
		errno = 0;
		return -1;
	}
	if (lay_out(w, e))
		return -1;
	return launch_make(l, w->db, w->home, w->run, &w->dir, e);
}

/* Where a fault of the host is to blame, the caller is to claim no more: -1. */
static int stop_if_hosts(const struct err *why, int error, struct err *e)
{
	if (!fault_is_hosts(error))
		return 0;
	*e = *why;
	e->status = EXIT_BUSY;
	return -1;
}

/* Of a run that is over: nothing may be left, and quire-ci's end is noted. 1 if
 * something is. */
static int end_processes(struct watch *w)
{
	struct err e;

	if (proctree_end(PROCTREE_GRACE_MS, watch_on_exit, w, &e) == 0)
		return 0;
	report(w, e.text);
	return 1;
}

/* Told to stop just as quire-ci had done its work: then that counts. */
static int is_cut_off(const struct ingest *in)
{
	return !in->exited || !in->finished || in->crash[0];
}

static void add_timeout(struct buf *reason, const struct watch *w)
{
	buf_adds(reason, "the run was ended after its time limit of ");
	clock_add_span(reason, watch_limit_ms(w));
}

static void record_end(struct watch *w, enum watch_end end)
{
	struct buf reason = BUF_INIT;

	if (end == WATCH_TIMEOUT) {
		add_timeout(&reason, w);
		watch_record_exit(w, EVENT_CAUSE_TIMEOUT, reason.ptr);
	} else {
		watch_record_exit(w, NULL, NULL);
	}
	buf_release(&reason);
}

static void decide_end(struct watch *w, enum watch_end end, struct verdict *v)
{
	struct buf reason = BUF_INIT;
	struct run_edge edge;

	if (end == WATCH_STOP && !is_cut_off(&w->ingest))
		end = WATCH_EXITED;
	switch (end) {
	case WATCH_EXITED:
		ingest_outcome(&w->ingest, &edge);
		decide(v, edge.to, edge.failure_kind, edge.reason);
		break;
	case WATCH_TIMEOUT:
		add_timeout(&reason, w);
		decide(v, RUN_FAILED, KIND_TIMEOUT, reason.ptr);
		buf_release(&reason);
		break;
	case WATCH_NO_SPACE:
		decide(v, RUN_FAILED, KIND_DISK_FULL,
			"no space was left for the run's events");
		break;
	case WATCH_STOP:
		decide(v, RUN_FAILED, KIND_PROCESS_CRASHED,
			"quire-run was told to stop");
		break;
	case WATCH_GONE:
		decide(v, RUN_FAILED, KIND_WORKSPACE,
			"its run directory was removed");
		break;
	case WATCH_ROW:
	case WATCH_GOES_ON:
		break;
	}
}

/* Between the two calls of proctree_subreaper() nobody is kicked: what this
 * process starts now, it kills. */
static int execute(struct watch *w, const struct launch *l, struct verdict *v,
	struct err *e)
{
	struct err why;
	int failed = 0;

	if (proctree_subreaper(1, &why) || watch_spawn(w, l, &why)) {
		failed = stop_if_hosts(&why, errno, e);
		decide(v, RUN_FAILED, KIND_PROCESS_CRASHED, why.text);
	} else {
		enum watch_end end = watch_until_end(w);

		if (end != WATCH_EXITED) {
			end_processes(w);
			watch_drain(w);
		}
		record_end(w, end);
		decide_end(w, end, v);
	}
	if (settle(w, v, &why))
		report(w, why.text);
	if (end_processes(w) && !failed)
		failed = 1;
	if (proctree_subreaper(0, &why))
		report(w, why.text);
	return failed;
}

static int is_still_active(struct watch *w)
{
	enum run_state state;
	struct err e;

	/* what can't be read now will be by the watch */
	return run_state_of(w->db, w->run->id, &state, &e) < 0 ||
	       state == RUN_ACTIVE;
}

int supervise(struct db *db, const struct home *h, const struct run *r,
	int lock, int stop, struct err *e)
{
	struct launch l = { .argv = STRV_INIT, .env = STRV_INIT };
	struct verdict v = { .reason = BUF_INIT };
	struct watch w;
	struct err why;
	int failed = 0;

	watch_init(&w, db, h, r, lock, stop);
	if (prepare(&w, &l, &why) == 0) {
		if (is_still_active(&w))
			failed = execute(&w, &l, &v, e);
	} else if (w.over) {
		/* before the workspace goes, which may take its time */
		decide_end(&w, w.over, &v);
		if (settle(&w, &v, &why))
			report(&w, why.text);
	} else {
		int error = errno;

		decide(&v, RUN_FAILED,
			fault_is_no_space(error) ? KIND_DISK_FULL
						 : KIND_WORKSPACE,
			why.text);
		failed = stop_if_hosts(&why, error, e);
	}
	/* what is left may write on; and reconcile goes by the workspace */
	if (w.dir.path && failed != 1 && rundir_clean(&w.dir, &why))
		report(&w, why.text);
	/* if the disk was full, there is space for the row only now */
	if (settle(&w, &v, &why)) {
		*e = why;
		failed = -1;
	}
	launch_release(&l);
	buf_release(&v.reason);
	watch_release(&w);
	return failed;
}

/* 1 told to stop, 0 a second has passed, -1. */
static int linger(int stop, struct err *e)
{
	struct pollfd fd = { .fd = stop, .events = POLLIN };
	int ready = poll(&fd, 1, LINGER_LOOK_MS);

	if (ready < 0 && errno != EINTR)
		return err_sys(e, "poll");
	return ready > 0;
}

/* They were sent KILL. What they start meanwhile is, too. */
static int await_processes(int stop, struct err *e)
{
	for (;;) {
		pid_t pid = waitpid(-1, NULL, WNOHANG);
		int told;

		if (pid > 0 || (pid < 0 && errno == EINTR))
			continue;
		if (pid < 0)
			return 0;
		told = linger(stop, e);
		if (told)
			return told < 0 ? -1
					: err_set(e, EXIT_BUSY,
						  "told to stop before the "
						  "last process had ended");
		if (proctree_signal(SIGKILL, e))
			return -1;
	}
}

int supervise_linger(
	const struct home *h, const struct run *r, int stop, struct err *e)
{
	struct rundir d;
	int failed;

	if (proctree_subreaper(1, e) || await_processes(stop, e) ||
		proctree_subreaper(0, e) || rundir_open(&d, h, r, e))
		return -1;
	failed = rundir_clean(&d, e);
	rundir_close(&d);
	return failed;
}
