#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "exec/proctree.h"
#include "exec/rundir.h"
#include "exec/runlog.h"
#include "exec/supervisor.h"
#include "store/ingest.h"

#define READ_BYTES 65536

/*
 * Ingests events.jsonl from its start. A torn last line is left out. A file
 * that is absent or can't be read tells nothing; a database that does not take
 * the events changes nothing about the outcome.
 */
static void ingest_again(struct ingest *in, struct db *db, const struct home *h,
	const struct rundir *d)
{
	struct buf data = BUF_INIT;
	struct err e;
	ssize_t n;
	int fd = openat(d->fd, "events.jsonl",
		O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0) {
		if (errno != ENOENT) {
			err_sys(&e, "%s/events.jsonl", d->path);
			runlog_add(h, "%s", e.text);
		}
		return;
	}
	do {
		size_t used = 0;

		buf_grow(&data, READ_BYTES);
		n = read(fd, data.ptr + data.len, READ_BYTES);
		if (n <= 0)
			continue;
		buf_setlen(&data, data.len + (size_t)n);
		if (ingest_lines(db, in, data.ptr, data.len, &used, &e)) {
			runlog_add(h, "%s/events.jsonl: %s", d->path, e.text);
			/* as the supervisor: given again with the next */
			used = 0;
		}
		buf_consume(&data, used);
	} while (n > 0 || (n < 0 && errno == EINTR));
	close(fd);
	buf_release(&data);
}

static int settle(struct db *db, const struct home *h, const struct run *r,
	const struct rundir *d, struct err *e)
{
	struct ingest in;
	struct run_edge edge;
	int settled;

	ingest_init(&in, r->id);
	ingest_again(&in, db, h, d);
	ingest_outcome(&in, &edge);
	settled = run_settle(db, r->id, &edge, e);
	ingest_release(&in);
	return settled < 0 ? -1 : 0;
}

/* The row as it is under the lock. A terminal one is only cleaned. */
static int salvage_row(struct db *db, const struct home *h, struct run *now,
	enum run_state *outcome, struct err *e)
{
	struct rundir d;
	int killed, failed = 0;

	if (proctree_end_marked(now->id, PROCTREE_GRACE_MS, &killed, e) ||
		rundir_open(&d, h, now, e))
		return -1;
	if (now->state == RUN_ACTIVE)
		failed = settle(db, h, now, &d, e);
	if (!failed)
		failed = rundir_clean(&d, e);
	rundir_close(&d);
	if (!failed && run_state_of(db, now->id, outcome, e) < 0)
		failed = -1;
	return failed;
}

int supervise_salvage(struct db *db, const struct home *h, const struct run *r,
	enum run_state *outcome, struct err *e)
{
	struct run now;
	int found = run_by_id(db, r->id, &now, e);

	*outcome = r->state;
	if (found <= 0)
		return found;

	int failed = 0;
	*outcome = now.state;
	/* a pending row has no supervisor to lose */
	if (now.state != RUN_PENDING)
		failed = salvage_row(db, h, &now, outcome, e);
	run_release(&now);
	return failed;
}
