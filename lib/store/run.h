/*
 * run.h - runs: their rows, and the one function that takes an edge.
 *
 *	pending -> active -> complete | failed | superseded
 *	pending -> failed | superseded
 *
 * Nothing else is legal and nothing leaves a terminal state; the triggers in
 * schema/triggers.sql hold the same table of edges against every other way in.
 * Order is push_seq, then attempt: never a clock. Whatever makes a run
 * terminal aborts its live jobs in the same transaction.
 */
#ifndef QUIRE_STORE_RUN_H
#define QUIRE_STORE_RUN_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/id.h"
#include "base/name.h"
#include "store/db.h"

enum run_state {
	RUN_PENDING,
	RUN_ACTIVE,
	RUN_COMPLETE,
	RUN_FAILED,
	RUN_SUPERSEDED,
};
#define RUN_STATES (RUN_SUPERSEDED + 1)
const char *run_state_name(enum run_state s);
int run_state_parse(const char *name, enum run_state *s); /* 0 or -1 */
int run_state_is_terminal(enum run_state s);

/* The failure kinds of quire's own making. The set is open: rows may hold
 * others. */
#define KIND_PIPELINE_FAILURE "pipeline-failure"
#define KIND_PROCESS_CRASHED "process-crashed"
#define KIND_ORPHANED "orphaned"
#define KIND_CANCELED "canceled"
#define KIND_TIMEOUT "timeout"
#define KIND_WORKSPACE "workspace"
#define KIND_DISK_FULL "disk-full"

/* A row. Text is NULL where the column is; times are -1. */
struct run {
	char id[ID_SIZE + 27]; /* older ids may be longer than ours */
	int64_t number; /* foo#42; unique in its repository */
	char *repo, *ref, *sha;
	enum run_state state;
	char *failure_kind;
	char *reason; /* a line for people: the pipeline's error, ... */
	char *trigger; /* push | drift | rerun | start */
	int64_t push_seq, attempt;
	int64_t pushed_at_ms, queued_at_ms, started_at_ms, finished_at_ms;
	char *git_dir, *traceparent, *previous_sha, *pusher, *subject, *author;
	char *superseded_by, *rerun_of; /* ids of runs */
	char *sandbox;
};
void run_release(struct run *r);
void run_list_release(struct run *list, size_t n);

/* What a new row is made of. number, push_seq, attempt, id, traceparent and
 * queued_at_ms are given by run_insert. */
struct run_new {
	const char *repo, *ref, *sha, *git_dir;
	const char *trigger;
	const char *previous_sha, *pusher, *subject, *author; /* or NULL */
	int64_t pushed_at_ms;
	int superseded; /* born superseded: the ref had moved on already */
	const char *superseded_by;
	const char *rerun_of; /* then push_seq is inherited, attempt counted */
};
/* Inserts, inside the caller's transaction; fills id and number. */
int run_insert(struct db *db, const struct run_new *n, char id[ID_SIZE],
	int64_t *number, struct err *e);

/*
 * Takes an edge, inside the caller's transaction: the live jobs of a run that
 * becomes terminal are aborted first, then the row is updated where its state
 * may leave. 1 taken; 0 the row was not in a state that has this edge (a late
 * supervisor of a superseded run): nothing is changed; -1 error. Times are
 * stamped once and clamped to queued <= started <= finished.
 */
struct run_edge {
	enum run_state to;
	const char *failure_kind; /* of RUN_FAILED, and of it alone */
	const char *reason; /* or NULL */
	const char *superseded_by; /* or NULL */
	const char *sandbox; /* pending -> active: bwrap | none */
};
int run_take_edge(struct db *db, const char *id, const struct run_edge *edge,
	int64_t now_ms, struct err *e);
/* The same in a transaction of its own. */
int run_settle(struct db *db, const char *id, const struct run_edge *edge,
	struct err *e);

/* Supersedes the live runs of (repo, ref) with a push_seq below before_seq;
 * by may be NULL (deleted, or without pipeline). With only_pending what is
 * active goes on. Calls fn(arg, run id) for each that was active. Inside the
 * caller's transaction. */
int run_supersede(struct db *db, const char *repo, const char *ref,
	int64_t before_seq, const char *by, int only_pending,
	void (*fn)(void *arg, const char *repo, const char *id), void *arg,
	struct err *e);

/* Compiles the statements of run_insert() and run_supersede(): for the hook,
 * while it waits for git. */
int run_prepare(struct db *db, struct err *e);

/* Reading. 1 found, 0 not, -1 error. */
int run_by_id(struct db *db, const char *id, struct run *r, struct err *e);
int run_by_number(struct db *db, const char *repo, int64_t number,
	struct run *r, struct err *e);
/* What a user typed: 1, or -1; unknown or ambiguous is EXIT_USAGE. */
int run_resolve(struct db *db, const char *typed, struct run *r, struct err *e);
/* The present state alone; cheap, for the supervisor's look every 200 ms. */
int run_state_of(
	struct db *db, const char *id, enum run_state *s, struct err *e);
/* Whether a ref has runs; cheaper than to read one. 1/0/-1 */
int run_has_ref(
	struct db *db, const char *repo, const char *ref, struct err *e);
/* The newest run of a ref by (push_seq, attempt); sha NULL: any commit, else
 * one of the ref's RUN_LOOK_BACK newest. */
#define RUN_LOOK_BACK 1000
int run_newest_of_ref(struct db *db, const char *repo, const char *ref,
	const char *sha, struct run *r, struct err *e);
/* The newest complete run of a ref older than push_seq (for when.paths). */
int run_last_complete(struct db *db, const char *repo, const char *ref,
	int64_t before_seq, struct run *r, struct err *e);

/*
 * A page of a list, newest number first; over all repositories, newest id
 * first. Empty filters are NULL. Any choice of them costs the same at a
 * million runs as at ten.
 */
struct run_filter {
	const char *repo; /* NULL: all repositories */
	const char *ref;
	const char *state;
	const char *pusher;
	int64_t before; /* only numbers below; 0, or all repositories: all */
	/* Only numbers above, and of those the lowest, so that the page is the
	 * next newer one; 0, or all repositories, or with before: all. */
	int64_t after;
	int limit;
};
int run_list(struct db *db, const struct run_filter *f, struct run **list,
	size_t *n, struct err *e);
/* The newest run of every registered repository that has one, newest activity
 * first. */
int run_latest_by_repo(
	struct db *db, struct run **list, size_t *n, struct err *e);
/* The newest runs of a repository, newest first, as far as a strip of them
 * shows. */
#define RUN_RECENT_MAX 20
struct run_recent {
	size_t n;
	struct run_brief {
		int64_t number;
		enum run_state state;
		int64_t queued_at_ms, started_at_ms, finished_at_ms;
		char *ref; /* of the newest and the active; else NULL */
	} runs[RUN_RECENT_MAX];
};
int run_recent(struct db *db, const char *repo, struct run_recent *recent,
	struct err *e);
void run_recent_release(struct run_recent *recent);
/* What a filter of a repository's runs may be set to: the refs and pushers of
 * its RUN_CHOICES newest runs, each once, the newest first. */
#define RUN_CHOICES 50
int run_choices(struct db *db, const char *repo, struct strv *refs,
	struct strv *pushers, struct err *e);
/* The same of a run that has been read. */
void run_choice_add(
	const struct run *r, struct strv *refs, struct strv *pushers);
/* The names of all repositories that have runs, also those forgotten. */
int run_repos(struct db *db, struct strv *names, struct err *e);
/* The newest run of the tip of a ref (the ref's state: badge, index). 1/0/-1 */
int run_of_tip(struct db *db, const char *repo, const char *ref, struct run *r,
	struct err *e);

/* The queue. */
/* Pending runs in order of claiming; skip counts those to pass over. 1/0/-1 */
int run_next_pending(struct db *db, int skip, struct run *r, struct err *e);
int run_count(struct db *db, enum run_state s, int64_t *n, struct err *e);
/* How many pending runs are claimed before this one, plus the active ones; not
 * counted beyond RUN_AHEAD_MAX. */
#define RUN_AHEAD_MAX 1000
int run_ahead(struct db *db, const char *id, int64_t *n, struct err *e);
/* Ids and repositories of all active rows (reconcile). */
int run_list_active(struct db *db, struct run **list, size_t *n, struct err *e);

#endif
