#include "store/ingest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "store/ingest_apply.h"
#include "store/run.h"

void ingest_init(struct ingest *in, const char *run_id)
{
	memset(in, 0, sizeof(*in));
	snprintf(in->run_id, sizeof(in->run_id), "%s", run_id);
}

static void release_counts(struct ingest_count *counts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(counts[i].job_id);
	free(counts);
}

void ingest_release(struct ingest *in)
{
	release_counts(in->counts, in->n_counts);
	free(in->reason);
	memset(in, 0, sizeof(*in));
}

static void note_reason(struct ingest *in, const struct event *ev)
{
	free(in->reason);
	in->reason = ev->reason ? mem_strdup(ev->reason) : NULL;
}

static int has_cause(const struct event *ev, const char *cause)
{
	return ev->cause && strcmp(ev->cause, cause) == 0;
}

static void note_exit(struct ingest *in, const struct event *ev)
{
	in->timed_out = has_cause(ev, EVENT_CAUSE_TIMEOUT);
	if (in->timed_out)
		note_reason(in, ev);
	in->exited = 1;
	in->status = ev->status;
	in->signal = ev->signal;
	if (ev->signal > 0)
		snprintf(in->crash, sizeof(in->crash),
			"quire-ci was killed by signal %d", ev->signal);
	else if (ev->status != 0)
		snprintf(in->crash, sizeof(in->crash),
			"quire-ci exited with status %d", ev->status);
}

/* What the stream says of the run as a whole. */
static void note(struct ingest *in, const struct event *ev)
{
	switch (ev->type) {
	case EVENT_PIPELINE:
		in->timeout_ms = ev->timeout_ms;
		break;
	case EVENT_RUN_FINISHED:
		in->finished = 1;
		in->success =
			ev->outcome && strcmp(ev->outcome, "success") == 0;
		in->disk_full = has_cause(ev, EVENT_CAUSE_DISK_FULL);
		note_reason(in, ev);
		break;
	case EVENT_EXECUTOR_EXITED:
		note_exit(in, ev);
		break;
	default:
		break;
	}
}

static int begin(struct batch *b, struct err *e)
{
	sqlite3_stmt *s;
	int r;

	if (db_begin(b->db, e) < 0)
		return -1;
	b->begun = 1;
	s = db_stmt(b->db,
		"SELECT state IN ('pending', 'active'),"
		" coalesce(started_at_ms, queued_at_ms)"
		" FROM runs WHERE id = ?1",
		e);
	if (!s)
		return -1;
	db_bind_text(s, 1, b->in->run_id);
	r = db_step(b->db, s, e);
	if (r == 1) {
		b->live = sqlite3_column_int(s, 0);
		b->from_ms = sqlite3_column_int64(s, 1);
	}
	db_done(s);
	return r < 0 ? -1 : 0;
}

/* is_new: not noted yet. failed: the database has had enough of this batch. */
static int take_line(struct batch *b, const char *line, size_t len, int is_new,
	int failed, struct err *e)
{
	struct event ev;

	if (event_parse(&ev, line, len, NULL) < 0) {
		b->in->bad_lines += is_new != 0;
		return failed;
	}
	if (is_new)
		note(b->in, &ev);
	if (!failed && ingest_touches_rows(ev.type)) {
		if (!b->begun)
			failed = begin(b, e);
		if (!failed && b->live)
			failed = ingest_apply(b, &ev, e);
	}
	event_release(&ev);
	return failed;
}

/* A copy, so that a batch that failed can be given again. */
static struct ingest_count *copy_counts(const struct ingest *in)
{
	struct ingest_count *copy =
		mem_resize(NULL, in->n_counts + 1, sizeof(*copy));

	for (size_t i = 0; i < in->n_counts; i++) {
		copy[i].job_id = mem_strdup(in->counts[i].job_id);
		copy[i].n = in->counts[i].n;
	}
	return copy;
}

int ingest_lines(struct db *db, struct ingest *in, const char *data, size_t len,
	size_t *used, struct err *e)
{
	struct batch b = { .db = db, .in = in, .to_ms = clock_now_ms() };
	struct ingest_count *before = copy_counts(in);
	size_t n_before = in->n_counts;
	const char *p = data, *end = data + len, *nl;
	int r = 0;

	while (p < end && (nl = memchr(p, '\n', (size_t)(end - p)))) {
		r = take_line(&b, p, (size_t)(nl - p),
			(size_t)(p - data) >= in->noted, r, e);
		p = nl + 1;
	}
	if (r == 0 && b.begun)
		r = db_commit(db, e);
	db_rollback(db);

	*used = r == 0 ? (size_t)(p - data) : 0;
	in->noted = r == 0 ? 0 : (size_t)(p - data);
	if (r < 0) {
		release_counts(in->counts, in->n_counts);
		in->counts = before;
		in->n_counts = n_before;
		return -1;
	}
	release_counts(before, n_before);
	return 0;
}

size_t ingest_give_up(struct ingest *in)
{
	size_t len = in->noted;

	in->noted = 0;
	return len;
}

void ingest_outcome(const struct ingest *in, struct run_edge *edge)
{
	memset(edge, 0, sizeof(*edge));
	edge->to = RUN_FAILED;
	if (!in->exited) {
		edge->failure_kind = KIND_ORPHANED;
		edge->reason = "its supervisor was lost";
	} else if (in->timed_out) {
		edge->failure_kind = KIND_TIMEOUT;
		edge->reason = in->reason;
	} else if (in->crash[0]) {
		edge->failure_kind = KIND_PROCESS_CRASHED;
		edge->reason = in->crash;
	} else if (!in->finished) {
		edge->failure_kind = KIND_PROCESS_CRASHED;
		edge->reason = "quire-ci ended without an outcome";
	} else if (!in->success) {
		edge->failure_kind =
			in->disk_full ? KIND_DISK_FULL : KIND_PIPELINE_FAILURE;
		edge->reason = in->reason;
	} else {
		edge->to = RUN_COMPLETE;
	}
}
