/*
 * What a monitor asks for, in the text format of Prometheus, 0.0.4: what waits
 * and goes on, and what has ended, of the repositories that this reader may
 * see. It takes as long as the queue is, and no longer for all that has ended.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/name.h"
#include "base/utf8.h"
#include "store/repo.h"
#include "store/tally.h"
#include "web/page.h"

/* One repository; those that may not be seen are not in the list at all. */
struct seen {
	const char *name;
	int64_t pending, active;
};

struct metrics {
	struct repo *repos;
	size_t n_repos;
	struct seen *seen; /* by name */
	size_t n_seen;
	struct tally *tallies;
	size_t n_tallies;
	int64_t oldest_ms; /* when what waits longest was queued; -1: nothing */
};

static int compare(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static struct seen *find(struct metrics *m, const char *name)
{
	const struct seen key = { .name = name };

	if (!m->n_seen)
		return NULL;
	return bsearch(&key, m->seen, m->n_seen, sizeof(key), compare);
}

static void note_pending(void *arg, const char *repo, int64_t queued_at_ms)
{
	struct metrics *m = arg;
	struct seen *s = find(m, repo);

	if (!s)
		return;
	s->pending++;
	if (m->oldest_ms < 0 || queued_at_ms < m->oldest_ms)
		m->oldest_ms = queued_at_ms;
}

static void note_active(void *arg, const char *repo, int64_t queued_at_ms)
{
	struct seen *s = find(arg, repo);

	(void)queued_at_ms;
	if (s)
		s->active++;
}

static int load_seen(struct metrics *m, struct page *p, struct err *e)
{
	enum access access;

	if (repo_list(p->db, &m->repos, &m->n_repos, e) < 0)
		return -1;
	m->seen = mem_zero((m->n_repos + 1) * sizeof(*m->seen));
	for (size_t i = 0; i < m->n_repos; i++) {
		const char *name = m->repos[i].name;

		if (access_to(&p->audience, name, p->req->user, &access, e) < 0)
			return -1;
		if (access != ACCESS_NONE)
			m->seen[m->n_seen++].name = name;
	}
	return 0;
}

static int load(struct metrics *m, struct page *p, struct err *e)
{
	if (load_seen(m, p, e) < 0 ||
		tally_live(p->db, RUN_PENDING, note_pending, m, e) < 0 ||
		tally_live(p->db, RUN_ACTIVE, note_active, m, e) < 0)
		return -1;
	return tally_list(p->db, &m->tallies, &m->n_tallies, e);
}

static void release(struct metrics *m)
{
	repo_list_release(m->repos, m->n_repos);
	tally_list_release(m->tallies, m->n_tallies);
	free(m->seen);
}

static void declare(
	struct buf *b, const char *name, const char *type, const char *help)
{
	buf_adds(b, "# HELP ");
	buf_adds(b, name);
	buf_addc(b, ' ');
	buf_adds(b, help);
	buf_adds(b, "\n# TYPE ");
	buf_adds(b, name);
	buf_addc(b, ' ');
	buf_adds(b, type);
	buf_addc(b, '\n');
}

/* A label's value is UTF-8 with \, " and newline escaped. */
static void add_label(struct buf *b, const char *name, const char *s, size_t n)
{
	struct buf text = BUF_INIT;

	utf8_add(&text, s, n);
	buf_adds(b, name);
	buf_adds(b, "=\"");
	for (const char *p = text.ptr; *p; p++) {
		if (*p == '\n') {
			buf_adds(b, "\\n");
			continue;
		}
		if (*p == '\\' || *p == '"')
			buf_addc(b, '\\');
		buf_addc(b, *p);
	}
	buf_addc(b, '"');
	buf_release(&text);
}

static void begin_sample(
	struct buf *b, const char *name, const char *repo, const char *state)
{
	buf_adds(b, name);
	buf_addc(b, '{');
	add_label(b, "repo", repo, name_short_len(repo));
	buf_addc(b, ',');
	add_label(b, "state", state, strlen(state));
}

static void end_sample(struct buf *b, int64_t value)
{
	buf_adds(b, "} ");
	buf_addi(b, value);
	buf_addc(b, '\n');
}

static void add_seconds(struct buf *b, int64_t ms)
{
	buf_addf(b, "%lld.%03d", (long long)(ms / 1000), (int)(ms % 1000));
}

static void add_live(struct buf *b, const struct metrics *m)
{
	static const char name[] = "quire_runs";

	declare(b, name, "gauge", "Runs that wait or are going on.");
	for (size_t i = 0; i < m->n_seen; i++) {
		const struct seen *s = &m->seen[i];

		begin_sample(b, name, s->name, "pending");
		end_sample(b, s->pending);
		begin_sample(b, name, s->name, "active");
		end_sample(b, s->active);
	}
}

static void add_queue(
	struct buf *b, const struct page *p, const struct metrics *m)
{
	int64_t length = 0, age_ms = 0;

	for (size_t i = 0; i < m->n_seen; i++)
		length += m->seen[i].pending;
	declare(b, "quire_queue_length", "gauge", "Runs that wait.");
	buf_adds(b, "quire_queue_length ");
	buf_addi(b, length);
	buf_addc(b, '\n');
	if (m->oldest_ms >= 0 && m->oldest_ms < p->now_ms)
		age_ms = p->now_ms - m->oldest_ms;
	declare(b, "quire_queue_oldest_seconds", "gauge",
		"For how long the run has waited that waits longest.");
	buf_adds(b, "quire_queue_oldest_seconds ");
	add_seconds(b, age_ms);
	buf_addc(b, '\n');
}

/* What has ended in one state: a piece of the tallies. */
struct piece {
	const char *repo, *state;
	const struct tally *rows;
	size_t n;
};

/* Calls fn for each repository seen and each state a run may end in. */
static void each_piece(struct buf *b, const struct metrics *m,
	void (*fn)(struct buf *b, const struct piece *piece))
{
	static const enum run_state ended[] = { RUN_COMPLETE, RUN_FAILED,
		RUN_SUPERSEDED };
	size_t at = 0;

	for (size_t i = 0; i < m->n_seen; i++) {
		const char *repo = m->seen[i].name;

		/* both are by name; what is skipped may not be seen */
		while (at < m->n_tallies &&
			strcmp(m->tallies[at].repo, repo) < 0)
			at++;
		for (size_t k = 0; k < sizeof(ended) / sizeof(*ended); k++) {
			struct piece piece = { repo, run_state_name(ended[k]),
				&m->tallies[at], 0 };

			while (at < m->n_tallies &&
				!strcmp(m->tallies[at].repo, repo) &&
				m->tallies[at].state == ended[k]) {
				piece.n++;
				at++;
			}
			fn(b, &piece);
		}
	}
}

static void add_finished(struct buf *b, const struct piece *piece)
{
	int64_t runs = 0;

	for (size_t i = 0; i < piece->n; i++)
		runs += piece->rows[i].runs;
	begin_sample(b, "quire_runs_finished_total", piece->repo, piece->state);
	end_sample(b, runs);
}

static void add_bucket(struct buf *b, const struct piece *piece,
	const char *bound, int64_t runs)
{
	begin_sample(b, "quire_run_duration_seconds_bucket", piece->repo,
		piece->state);
	buf_addc(b, ',');
	add_label(b, "le", bound, strlen(bound));
	end_sample(b, runs);
}

/* 1, 2, 5, 10, ... seconds: bounds of the classes that are tallied. */
static void add_durations(struct buf *b, const struct piece *piece)
{
	static const struct {
		const char *text;
		int64_t ms;
	} bounds[] = { { "1", 1000 }, { "2", 2000 }, { "5", 5000 },
		{ "10", 10000 }, { "20", 20000 }, { "50", 50000 },
		{ "100", 100000 }, { "200", 200000 }, { "500", 500000 },
		{ "1000", 1000000 }, { "2000", 2000000 }, { "5000", 5000000 },
		{ "10000", 10000000 }, { "+Inf", INT64_MAX } };
	int64_t runs = 0, sum_ms = 0;

	for (size_t i = 0; i < sizeof(bounds) / sizeof(*bounds); i++) {
		runs = 0;
		for (size_t k = 0; k < piece->n; k++) {
			const struct tally *t = &piece->rows[k];

			if (t->within_ms >= 0 && t->within_ms <= bounds[i].ms)
				runs += t->runs;
		}
		add_bucket(b, piece, bounds[i].text, runs);
	}
	for (size_t k = 0; k < piece->n; k++)
		sum_ms += piece->rows[k].duration_ms;
	begin_sample(
		b, "quire_run_duration_seconds_sum", piece->repo, piece->state);
	buf_adds(b, "} ");
	add_seconds(b, sum_ms);
	buf_addc(b, '\n');
	begin_sample(b, "quire_run_duration_seconds_count", piece->repo,
		piece->state);
	end_sample(b, runs);
}

int page_metrics(struct page *p, struct err *e)
{
	struct metrics m = { .oldest_ms = -1 };
	struct buf *b = &p->res->body;
	int ret = load(&m, p, e);

	if (!ret) {
		p->res->type = "text/plain; version=0.0.4; charset=utf-8";
		add_live(b, &m);
		add_queue(b, p, &m);
		declare(b, "quire_runs_finished_total", "counter",
			"Runs that have ended, also those deleted since.");
		each_piece(b, &m, add_finished);
		declare(b, "quire_run_duration_seconds", "histogram",
			"From start to end of the runs that had started.");
		each_piece(b, &m, add_durations);
	}
	release(&m);
	return ret;
}
