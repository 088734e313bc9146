/*
 * ref.h - the recorder: ref moves become runs, for hook and reconcile alike.
 *
 * Hooks finish out of order, and reconcile may look between a ref's move and
 * its hook. So the recorder goes by the refs as they are:
 *
 *   1. read repos.refs_gen; look up the present tip of every ref named (a
 *      symbolic ref is followed: the run's ref is its target); ask one git
 *      cat-file for the commits and whether they have a pipeline;
 *   2. BEGIN IMMEDIATE; if refs_gen has changed, roll back and start over;
 *      else increment it;
 *   3. a line whose new id is the ref's tip becomes a pending run, supersedes,
 *      and is recorded as seen. A line whose new id is no longer the tip gets
 *      its row as `superseded` at once and leaves seen alone. A deletion
 *      counts only if the ref is absent. A tip already seen makes no second
 *      run; if that run's trigger is `drift`, a push adopts it.
 *
 * A push may ask for no run (recording.skip). Then a tip is recorded as seen,
 * so that it does not drift, and a line whose new id is no longer the tip
 * leaves no row; neither supersedes, so what was pushed before runs on. What
 * reconcile has queued before stays and is adopted; a deletion is one as ever.
 * The next push of the ref supersedes as if this one had not been. Only a
 * push that was before it and whose hook comes after it has been overtaken,
 * and its row is superseded.
 *
 * Every ref is recorded as seen, also one without a pipeline and one that the
 * setting `refs` leaves out: so a setting that is widened later floods nobody.
 * A tip that was seen and has no run (seen by the baseline, while its hook was
 * on its way) still gets one from the hook: no push is lost at first contact.
 * A passed commit (step 3, no longer the tip) that reconcile has queued before
 * is adopted like a tip. With keepRunning what is active goes on, unless the
 * ref was deleted.
 *
 * What git could not answer is not recorded, and so drifts: reconcile finds a
 * ref that differs from what was seen, and records it late.
 *
 * Objects never change, so starting over looks at the refs alone. The third
 * time that refs_gen has changed, the refs are looked up inside the
 * transaction: slower for the others, but then nobody can come between.
 */
#ifndef QUIRE_STORE_REF_H
#define QUIRE_STORE_REF_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/gitcat.h"
#include "base/id.h"
#include "store/db.h"
#include "store/repo.h"

/* One line of a post-receive hook, or one difference found by reconcile. */
struct ref_move {
	char old_oid[OID_SIZE];
	char new_oid[OID_SIZE];
	char *ref; /* "refs/heads/main" */

	/* What became of it. */
	enum ref_move_result {
		MOVE_NOT_RECORDED, /* git did not answer; reconcile will */
		MOVE_NO_PIPELINE, /* seen; hint may hold a line for people */
		MOVE_NOT_WATCHED, /* seen; the setting `refs` leaves it out */
		MOVE_QUEUED,
		MOVE_ADOPTED, /* reconcile was faster; the run is there */
		MOVE_SEEN, /* nothing new */
		MOVE_PASSED, /* drift: the ref has moved since it was listed */
		MOVE_SUPERSEDED, /* a row, for a commit the ref has left */
		MOVE_DELETED,
		MOVE_SKIPPED, /* no run, as the push asked */
		MOVE_NOT_SKIPPED, /* it asked, and has adopted one */
	} result;
	const char *hint;
	char run_id[ID_SIZE]; /* "": no run */
	int64_t number;
	int64_t ahead; /* MOVE_QUEUED: runs before it */
};

/*
 * Splits hook lines "<old> SP <new> SP <ref> LF". 0, or -1 with the number of
 * the first malformed line in e; the well-formed ones are in moves in either
 * case, and the caller releases them.
 */
int ref_moves_parse(const char *data, size_t len, struct ref_move **moves,
	size_t *n, struct err *e);
void ref_moves_release(struct ref_move *moves, size_t n);

struct recording {
	struct db *db;
	const struct repo *repo;
	struct gitcat *git; /* started on repo->git_dir */
	const char *trigger; /* "push" or "drift" */
	const char *pusher; /* or NULL */
	int skip; /* of a "push": no runs, as the pusher asked */
	/* Called after the commit for each active run that was superseded. */
	void (*stopped)(void *arg, const char *repo, const char *run_id);
	void *arg;
};

/*
 * Records all moves in one transaction and fills in their results. 0, or -1:
 * nothing was recorded (database locked, full, ...), reconcile will.
 */
int ref_record(const struct recording *r, struct ref_move *moves, size_t n,
	struct err *e);

/*
 * First contact: records every ref of the repository as seen, those that are
 * seen already excepted, and sets repos.baseline (also in *repo). No runs.
 * Starts over like ref_record if refs_gen changed.
 */
int ref_baseline(struct db *db, struct repo *repo, struct err *e);

/*
 * The differences between the refs of the repository as `git for-each-ref`
 * lists them and what was seen, as moves for ref_record.
 */
int ref_drift(struct db *db, const struct repo *repo, struct ref_move **moves,
	size_t *n, struct err *e);

/* Whether a ref of exactly this name was seen: 1, 0, -1. */
int ref_is_known(
	struct db *db, const char *repo, const char *ref, struct err *e);

/* Forgets all that was seen of the repository (quire repo rm). */
int ref_forget(struct db *db, const char *repo, struct err *e);

#endif
