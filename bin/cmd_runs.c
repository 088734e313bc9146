/*
 * quire runs - what was run, newest first.
 *
 * The table fits the terminal: the subject is cut first, then the columns that
 * one can do without go, one by one. Into a pipe nothing is cut.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/columns.h"
#include "base/mem.h"
#include "base/near.h"
#include "base/units.h"
#include "base/utf8.h"
#include "cmd.h"
#include "cmd_term.h"
#include "store/repo.h"
#include "store/run.h"
#include "store/run_json.h"

#define RUNS_DEFAULT 20
#define RUNS_MAX 1000000
#define GAP 2 /* columns between two of the table's */

static const char usage[] =
	"usage: quire runs [REPO] [--ref REF] [--state STATE] [-n N] [--json]\n"
	"\n"
	"Lists runs, the newest first, of one repository or of all.\n"
	"\n"
	"  --ref REF      only of this branch, tag or full ref\n"
	"  --state STATE  only pending, active, complete, failed or superseded\n"
	"  -n N           so many at most (20)\n"
	"  --json         as a JSON array of runs, without their jobs\n";

struct query {
	const char *repo, *ref, *state; /* as typed, or NULL */
	int limit;
	struct run *list;
	size_t n;
};

/* The full name of the repository; one that is no longer known counts as long
 * as it has runs. */
static int find_repo(
	struct db *db, const char *typed, struct buf *full, struct err *e)
{
	struct run_filter filter = { .limit = 1 };
	struct repo repo;
	struct run *list;
	size_t n;
	int got;

	name_add_full(full, typed);
	got = repo_by_name(db, full->ptr, &repo, e);
	if (got > 0)
		repo_release(&repo);
	if (got != 0)
		return got < 0 ? -1 : 0;
	filter.repo = full->ptr;
	if (run_list(db, &filter, &list, &n, e) < 0)
		return -1;
	run_list_release(list, n);
	if (n)
		return 0;
	if (repo_resolve(db, typed, &repo, e) < 0)
		return -1;
	buf_reset(full);
	buf_adds(full, repo.name);
	repo_release(&repo);
	return 0;
}

static int list(struct cmd_ctx *c, struct query *q, const char *repo,
	const char *prefix, struct err *e)
{
	struct run_filter filter = {
		.repo = repo,
		.state = q->state,
		.limit = q->limit,
	};
	struct buf ref = BUF_INIT;
	int rc;

	if (q->ref) {
		buf_addf(&ref, "%s%s", prefix, q->ref);
		filter.ref = ref.ptr;
	}
	run_list_release(q->list, q->n);
	rc = run_list(&c->db, &filter, &q->list, &q->n, e);
	buf_release(&ref);
	return rc;
}

static int query(struct cmd_ctx *c, void *arg, struct err *e)
{
	struct query *q = arg;
	struct buf repo = BUF_INIT;
	int rc = 0;

	run_list_release(q->list, q->n);
	q->list = NULL;
	q->n = 0;
	if (q->repo)
		rc = find_repo(&c->db, q->repo, &repo, e);
	const char *full = q->repo ? repo.ptr : NULL;
	if (rc == 0 && q->ref && strncmp(q->ref, "refs/", 5) != 0) {
		rc = list(c, q, full, "refs/heads/", e);
		if (rc == 0 && !q->n)
			rc = list(c, q, full, "refs/tags/", e);
	} else if (rc == 0) {
		rc = list(c, q, full, "", e);
	}
	buf_release(&repo);
	return rc;
}

enum column { RUN, STATE, REF, COMMIT, QUEUED, TOOK, SUBJECT, COLUMNS };
static const char *const heads[COLUMNS] = {
	"RUN",
	"STATE",
	"REF",
	"COMMIT",
	"QUEUED",
	"TOOK",
	"SUBJECT",
};
/* Which go when it is narrow, the first first; the others stay. */
static const enum column spare[] = { SUBJECT, COMMIT, TOOK, QUEUED };
#define SUBJECT_LEAST 12 /* a subject cut to less says nothing */

static void fill_row(
	struct buf cells[COLUMNS], const struct run *r, int64_t now_ms)
{
	const char *ref = name_of_ref(r->ref);
	size_t sha_len = strlen(r->sha);

	term_add_run(&cells[RUN], r);
	term_add_state(&cells[STATE], r);
	utf8_add_plain(&cells[REF], ref, strlen(ref), 0);
	utf8_add_plain(&cells[COMMIT], r->sha, sha_len < 8 ? sha_len : 8, 0);
	clock_add_ago(&cells[QUEUED], r->queued_at_ms, now_ms);
	term_add_took(
		&cells[TOOK], r->started_at_ms, r->finished_at_ms, now_ms);
	if (r->subject)
		utf8_add_plain(
			&cells[SUBJECT], r->subject, strlen(r->subject), 0);
}

static size_t total(const size_t widths[COLUMNS])
{
	size_t sum = 0, shown = 0;

	for (int i = 0; i < COLUMNS; i++)
		if (widths[i]) {
			sum += widths[i];
			shown++;
		}
	return shown ? sum + GAP * (shown - 1) : 0;
}

/* Makes the table fit: a column of width 0 is left out. */
static void fit(size_t widths[COLUMNS], size_t screen)
{
	size_t over;

	if (!screen)
		return;
	if (total(widths) > screen && widths[SUBJECT] > SUBJECT_LEAST) {
		over = total(widths) - screen;
		widths[SUBJECT] = widths[SUBJECT] > over + SUBJECT_LEAST
					  ? widths[SUBJECT] - over
					  : SUBJECT_LEAST;
	}
	for (size_t i = 0; i < sizeof(spare) / sizeof(*spare); i++)
		if (total(widths) > screen)
			widths[spare[i]] = 0;
	if (total(widths) > screen) {
		over = total(widths) - screen;
		widths[REF] = widths[REF] > over ? widths[REF] - over : 1;
	}
}

static void add_row(struct buf *out, struct buf cells[COLUMNS],
	const size_t widths[COLUMNS], const char *colour, int colours)
{
	size_t owed = 0; /* blanks before the next cell: none at a line's end */

	for (int i = 0; i < COLUMNS; i++) {
		if (!widths[i])
			continue;
		columns_cut(&cells[i], widths[i]);
		size_t columns = columns_of(cells[i].ptr);

		if (columns) {
			columns_pad(out, 0, owed);
			owed = 0;
			term_paint(out, cells[i].ptr, i == STATE ? colour : "",
				colours);
		}
		owed += widths[i] - columns + GAP;
	}
	buf_addc(out, '\n');
}

static void print_table(const struct query *q)
{
	struct buf *cells =
		mem_resize(NULL, (q->n + 1) * COLUMNS, sizeof(*cells));
	struct buf out = BUF_INIT;
	size_t widths[COLUMNS] = { 0 };
	int64_t now_ms = clock_now_ms();
	int colours = term_colours();

	for (size_t i = 0; i < (q->n + 1) * COLUMNS; i++)
		buf_init(&cells[i]);
	for (int i = 0; i < COLUMNS; i++)
		buf_adds(&cells[i], heads[i]);
	for (size_t i = 0; i < q->n; i++)
		fill_row(&cells[(i + 1) * COLUMNS], &q->list[i], now_ms);
	for (size_t i = 0; i < (q->n + 1) * COLUMNS; i++) {
		size_t n = columns_of(cells[i].ptr);

		if (n > widths[i % COLUMNS])
			widths[i % COLUMNS] = n;
	}
	fit(widths, term_width());
	for (size_t i = 0; i <= q->n; i++)
		add_row(&out, &cells[i * COLUMNS], widths,
			i ? term_state_colour(
				    run_state_name(q->list[i - 1].state))
			  : "",
			colours);
	fwrite(out.ptr, 1, out.len, stdout);
	for (size_t i = 0; i < (q->n + 1) * COLUMNS; i++)
		buf_release(&cells[i]);
	free(cells);
	buf_release(&out);
}

static int print_json(const struct query *q)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < q->n; i++)
		json_object_array_add(array, run_to_json(&q->list[i], NULL, 0));
	return cmd_print_json(array);
}

/* Checks what was typed; 0, or the exit status of a usage error. */
static int check(struct query *q, const char *n, const char *name)
{
	const char *words[] = {
		run_state_name(RUN_PENDING),
		run_state_name(RUN_ACTIVE),
		run_state_name(RUN_COMPLETE),
		run_state_name(RUN_FAILED),
		run_state_name(RUN_SUPERSEDED),
	};
	enum run_state state;
	int64_t limit = RUNS_DEFAULT;
	struct err e;

	if (n && units_int(n, 1, RUNS_MAX, &limit, &e) < 0)
		return program_usage(name, "-n: %s", e.text);
	q->limit = (int)limit;
	if (!q->state || run_state_parse(q->state, &state) == 0)
		return 0;
	const char *near =
		near_word(q->state, words, sizeof(words) / sizeof(*words));
	if (near)
		return program_usage(name,
			"--state: no state '%s' (did you mean '%s'?)", q->state,
			near);
	return program_usage(name,
		"--state: no state '%s': pending, active, complete, failed or "
		"superseded",
		q->state);
}

static int show(struct query *q, int json, const char *name)
{
	struct err e;
	int status = EXIT_DONE;

	if (cmd_read(query, q, &e) < 0)
		status = program_fail(name, &e);
	else if (json)
		status = print_json(q);
	else if (q->n)
		print_table(q);
	run_list_release(q->list, q->n);
	return status;
}

int cmd_runs(int argc, char **argv)
{
	static const struct option options[] = {
		{ "ref", required_argument, NULL, 'r' },
		{ "state", required_argument, NULL, 's' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct query q = { 0 };
	const char *n = NULL;
	int json = 0, c, bad;

	while ((c = getopt_long(argc, argv, "n:h", options, NULL)) != -1) {
		switch (c) {
		case 'r':
			q.ref = optarg;
			break;
		case 's':
			q.state = optarg;
			break;
		case 'n':
			n = optarg;
			break;
		case 'j':
			json = 1;
			break;
		case 'h':
			return cmd_help(usage);
		default:
			return cmd_bad_option(argv[0]);
		}
	}
	if (argc - optind > 1)
		return program_usage(argv[0], "one repository at a time");
	if (optind < argc)
		q.repo = argv[optind];
	bad = check(&q, n, argv[0]);
	return bad ? bad : show(&q, json, argv[0]);
}
