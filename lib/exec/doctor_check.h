/*
 * doctor_check.h - the checks of doctor.h, and what they share; for
 * lib/exec/doctor*.c alone.
 *
 * A check says what it finds with doctor_say(), and then, of that finding,
 * what mends it.
 */
#ifndef QUIRE_EXEC_DOCTOR_CHECK_H
#define QUIRE_EXEC_DOCTOR_CHECK_H

#include <stdint.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "exec/doctor.h"
#include "store/repo.h"
#include "store/run.h"

void doctor_say(struct doctor *d, enum finding_kind kind, const char *check,
	const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* Of the last finding: the command, which has no line break, for the home's
 * owner or for root; or what to do in words. */
void doctor_owner_runs(struct doctor *d, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void doctor_root_runs(struct doctor *d, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void doctor_advise(struct doctor *d, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Forgets the findings behind the first n: the check starts over. */
void doctor_forget(struct doctor *d, size_t n);
/* "quire" for a uid, or "uid 1000" where it has no name; to be freed. */
char *doctor_user(uid_t uid);
/* The word for sh that stands for the path of a thing in the home. */
void doctor_add_path(struct buf *b, const struct doctor *d, const char *rel);

/*
 * Runs a program with no input and the caller's environment, for five seconds
 * at most. Appends what it says, on both outputs, without the line breaks at
 * its end. Returns its exit status, 128 + the signal that ended it, or -1 with
 * errno: it could not be started (ENOENT), or took too long (ETIMEDOUT).
 */
int doctor_try(const char *const *argv, struct buf *said);

/* What was read of the database, for the checks that come after it. */
struct doctor_facts {
	int read; /* it could be read; else all of this is zero or default */
	struct repo *repos;
	size_t n_repos;
	struct run *active;
	size_t n_active;
	int64_t *limits_ms; /* of each of them, by the setting; 0: none */
	int64_t pending, oldest_queued_ms; /* -1: none */
	int64_t newest_ms; /* the latest time of the newest runs; -1: none */
	int seeded; /* made up by quire seed: nothing is run */
	int64_t min_free_bytes;
	char *kick; /* "" if unset */
	char *sandbox;
};

/* As new: all zero. */
void doctor_facts_release(struct doctor_facts *f);

/* doctor_home.c: folders, modes, owners. */
void doctor_home(struct doctor *d);
/* doctor_disk.c: what the home is on; how much room is left. */
void doctor_disk(struct doctor *d);
void doctor_space(struct doctor *d, const struct doctor_facts *f);
/* doctor_programs.c */
void doctor_programs(struct doctor *d);
/* doctor_database.c: the files, then what is in them, which becomes facts. */
void doctor_database(struct doctor *d, struct doctor_facts *f);
/* doctor_settings.c: the stored values, with the database open; the others. */
int doctor_stored(struct doctor *d, struct db *db, struct err *e);
void doctor_settings(struct doctor *d, const struct doctor_facts *f);
/* doctor_cgroup.c: whether jobs can be limited by control groups. */
void doctor_cgroup(struct doctor *d);
/* doctor_repos.c, and doctor_hook.c for the hook of one that is there. */
void doctor_repos(struct doctor *d, const struct doctor_facts *f);
void doctor_hook(struct doctor *d, const struct repo *r, const char *name);
/* doctor_finished.c: the hooks for the end of a run. */
void doctor_finished(struct doctor *d, const struct doctor_facts *f);
/* doctor_queue.c: who waits, who is at work, what was said; cron; clock. */
void doctor_queue(struct doctor *d, const struct doctor_facts *f);
void doctor_cron(struct doctor *d);
void doctor_clock(struct doctor *d, const struct doctor_facts *f);

#endif
