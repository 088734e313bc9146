/*
 * What goes on: who waits and who is at work, what quire-run had to say in the
 * background, when quire-reconcile ran, and what time it is.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/name.h"
#include "exec/cronline.h"
#include "exec/doctor_check.h"
#include "exec/lock.h"
#include "exec/proctree.h"
#include "exec/runlog.h"

#define MINUTE_MS 60000
#define WAITED_MS (5 * MINUTE_MS)
#define CRON_MS (60 * MINUTE_MS)
/* What a supervisor that is alive needs to end a run, and more. */
#define OVERDUE_MS (10 * MINUTE_MS)
#define LOG_RECENT_MS (24 * 60 * MINUTE_MS)
#define LOG_TAIL 4096

static int64_t stamp_ms(const struct stat *st)
{
	return st->st_mtim.tv_sec * 1000LL + st->st_mtim.tv_nsec / 1000000;
}

/* A supervisor that is stopped or hangs has the lock like one that works, and
 * reconcile leaves both alone; only the time tells. */
static void say_overdue(struct doctor *d, const struct run *r, const char *name,
	int64_t limit_ms)
{
	struct buf ago = BUF_INIT, limit = BUF_INIT;

	clock_add_ago(&ago, r->started_at_ms, clock_now_ms());
	clock_add_span(&limit, limit_ms);
	doctor_say(d, FINDING_WRONG, "queue",
		"%s is active, was started %s, and its time limit is %s: its "
		"supervisor is gone, was stopped, or hangs",
		name, ago.ptr, limit.ptr);
	doctor_advise(d,
		"quire reconcile settles it if its supervisor is gone; one "
		"that is there holds its lock and is to be continued or killed "
		"(kill -CONT, kill -KILL): lslocks -u | grep %s",
		r->id);
	buf_release(&ago);
	buf_release(&limit);
}

/* Its lock alone says for certain whether it has a supervisor, and that is not
 * ours to take. Until its executor is started there is nobody to find. */
static void check_active(
	struct doctor *d, const struct run *r, int64_t limit_ms)
{
	struct buf name = BUF_INIT;
	struct err e;
	int alive;

	if (r->started_at_ms > clock_now_ms() - MINUTE_MS)
		return;
	buf_add(&name, r->repo, name_short_len(r->repo));
	buf_addf(&name, "#%" PRId64, r->number);
	if (limit_ms &&
		r->started_at_ms < clock_now_ms() - limit_ms - OVERDUE_MS) {
		say_overdue(d, r, name.ptr, limit_ms);
		buf_release(&name);
		return;
	}
	alive = home_is_owner(d->home) || geteuid() == 0
			? proctree_count_marked(r->id, &e)
			: -1;
	if (alive < 0) {
		doctor_say(d, FINDING_UNSEEN, "queue",
			"%s: whether it has a process", name.ptr);
	} else if (alive == 0) {
		doctor_say(d, FINDING_NOTE, "queue",
			"%s is active and has no process: if its supervisor "
			"is gone, quire-reconcile settles it",
			name.ptr);
		doctor_owner_runs(d, "%s reconcile", d->quire);
	}
	buf_release(&name);
}

/* The last line; -1 if there is none. */
static int last_line(const struct doctor *d, struct buf *line)
{
	char tail[LOG_TAIL + 1];
	struct stat st;
	ssize_t n = -1;
	int fd = openat(d->home->fd, RUNLOG_FILE,
		O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0)
		n = pread(fd, tail, LOG_TAIL,
			st.st_size > LOG_TAIL ? st.st_size - LOG_TAIL : 0);
	close(fd);
	while (n > 0 && tail[n - 1] == '\n')
		n--;
	if (n <= 0)
		return -1;
	tail[n] = '\0';
	const char *start = strrchr(tail, '\n');
	buf_adds(line, start ? start + 1 : tail);
	return 0;
}

static void check_log(struct doctor *d)
{
	struct buf line = BUF_INIT, ago = BUF_INIT;
	int64_t now_ms = clock_now_ms();
	struct stat st;

	if (fstatat(d->home->fd, RUNLOG_FILE, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno != ENOENT)
			doctor_say(d, FINDING_UNSEEN, "queue",
				RUNLOG_FILE ": %s", strerror(errno));
		return;
	}
	if (stamp_ms(&st) < now_ms - LOG_RECENT_MS)
		return;
	if (last_line(d, &line) == 0) {
		clock_add_ago(&ago, stamp_ms(&st), now_ms);
		doctor_say(d, FINDING_NOTE, "queue",
			RUNLOG_FILE " (%" PRId64 " KB) has, from %s: %s",
			((int64_t)st.st_size + 1023) >> 10, ago.ptr, line.ptr);
	}
	buf_release(&line);
	buf_release(&ago);
}

void doctor_queue(struct doctor *d, const struct doctor_facts *f)
{
	struct buf ago = BUF_INIT;
	int64_t now_ms = clock_now_ms();

	check_log(d);
	if (!f->read || f->seeded)
		return;
	if (f->pending && !f->n_active &&
		f->oldest_queued_ms < now_ms - WAITED_MS) {
		clock_add_ago(&ago, f->oldest_queued_ms, now_ms);
		doctor_say(d, FINDING_WRONG, "queue",
			"%" PRId64 " pending, the first queued %s, and nobody "
			"is at work",
			f->pending, ago.ptr);
		doctor_owner_runs(d, "%s reconcile", d->quire);
	} else {
		doctor_say(d, FINDING_OK, "queue",
			"%" PRId64 " pending, %zu active", f->pending,
			f->n_active);
	}
	for (size_t i = 0; i < f->n_active; i++)
		check_active(d, &f->active[i], f->limits_ms[i]);
	buf_release(&ago);
}

static void cron_advice(struct doctor *d)
{
	char *owner = doctor_user(d->home->owner);
	struct buf line = BUF_INIT;
	struct err e;

	if (cronline_add(&line, d->home, &e) == 0)
		doctor_advise(d, "%s's crontab (crontab -e) wants the line: %s",
			owner, line.ptr);
	free(owner);
	buf_release(&line);
}

/* The lock's time is that of the last reconcile that came to its end. */
void doctor_cron(struct doctor *d)
{
	int64_t now_ms = clock_now_ms(), at_ms = 0;
	struct buf ago = BUF_INIT;
	struct stat st;

	if (fstatat(d->home->fd, RECONCILE_LOCK, &st, AT_SYMLINK_NOFOLLOW) ==
		0) {
		at_ms = stamp_ms(&st);
	} else if (errno != ENOENT) {
		doctor_say(d, FINDING_UNSEEN, "cron", RECONCILE_LOCK ": %s",
			strerror(errno));
		return;
	}
	clock_add_ago(&ago, at_ms, now_ms);
	if (!at_ms) {
		doctor_say(d, FINDING_WRONG, "cron",
			"quire-reconcile has never come to its end");
		cron_advice(d);
	} else if (at_ms > now_ms + MINUTE_MS) {
		doctor_say(d, FINDING_WRONG, "cron",
			"quire-reconcile ran last at a time that is still to "
			"come, and not since the clock was set back");
		cron_advice(d);
	} else if (at_ms < now_ms - CRON_MS) {
		doctor_say(d, FINDING_WRONG, "cron",
			"quire-reconcile came to its end %s last", ago.ptr);
		cron_advice(d);
	} else {
		doctor_say(d, FINDING_OK, "cron", "quire-reconcile ran %s",
			ago.ptr);
	}
	buf_release(&ago);
}

void doctor_clock(struct doctor *d, const struct doctor_facts *f)
{
	struct buf at = BUF_INIT;

	if (!f->read || f->newest_ms <= clock_now_ms() + MINUTE_MS)
		return;
	clock_add_rfc3339(&at, f->newest_ms);
	doctor_say(d, FINDING_NOTE, "clock",
		"the newest run is from %s, which is still to come: the clock "
		"is wrong, or was",
		at.ptr);
	buf_release(&at);
}
