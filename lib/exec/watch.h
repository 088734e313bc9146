/*
 * watch.h - a live quire-ci: its start, its events, and why it ends.
 *
 * quire-ci is spawned with the write end of a pipe for its standard input held
 * here (the hang-up tells it that its supervisor is gone), the read end of one
 * for its standard output (the events), and quire-ci.log for its standard
 * error. Whatever comes is appended to events.jsonl at once, then ingested; a
 * batch that the database would not take is given again with the next one, and
 * changes nothing about the run's outcome: that is noted from the text.
 */
#ifndef QUIRE_EXEC_WATCH_H
#define QUIRE_EXEC_WATCH_H

#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/home.h"
#include "exec/launch.h"
#include "exec/rundir.h"
#include "store/db.h"
#include "store/ingest.h"
#include "store/run.h"

#define WATCH_LOOK_MS 200 /* at the row */
#define WATCH_POLL_MS 20 /* of watch_is_over(): for a word to stop */
/* Events become rows at most so late: what comes close together is one
 * transaction, and one sync of the disk. */
#define WATCH_GATHER_MS 20

/* Kinds of trouble, each said once a run. */
enum watch_trouble {
	WATCH_DB = 1, /* it takes no events */
	WATCH_EVENTS = 2, /* events.jsonl can't be written */
	WATCH_ROW_READ = 4, /* the row can't be looked at */
};

enum watch_end {
	WATCH_GOES_ON, /* nothing has ended it yet */
	WATCH_EXITED, /* quire-ci has ended */
	WATCH_ROW, /* the row is not active any more */
	WATCH_TIMEOUT,
	WATCH_NO_SPACE, /* events.jsonl can't be written */
	WATCH_STOP, /* quire-run was told to */
	WATCH_GONE, /* the run's directory was removed */
};

struct watch {
	struct db *db;
	const struct home *home;
	const struct run *run;
	struct rundir dir;
	int lock; /* the run's, held by the caller */
	int stop; /* readable: quire-run was told to stop; the caller's */
	int wake; /* the FIFO */
	int events; /* events.jsonl, for appending */
	int torn; /* an append failed: its last line may be half a line */
	int stream; /* from quire-ci; -1 after its end */
	int leash; /* to quire-ci's standard input */
	int pidfd; /* -1: this kernel has none */
	pid_t pid;
	int reaped, wait_status;
	int64_t began_mono_ms;
	int64_t look_mono_ms; /* when the row is to be looked at next */
	int64_t poll_mono_ms; /* watch_is_over() looks no sooner */
	enum watch_end over; /* what watch_is_over() has found */
	int64_t timeout_ms; /* the setting's; 0: none */
	struct ingest ingest;
	struct buf unread; /* what is not ingested yet */
	int gave_up; /* there was too much of it */
	int64_t ingest_mono_ms; /* when it is to be; 0: there is nothing new */
	unsigned complained; /* WATCH_DB, WATCH_EVENTS, WATCH_ROW_READ */
};

/* lock and stop may be -1. */
void watch_init(struct watch *w, struct db *db, const struct home *h,
	const struct run *r, int lock, int stop);
void watch_release(struct watch *w);

/*
 * While there is no quire-ci yet: whether the run is to be ended, which w->over
 * then says why (WATCH_ROW, _TIMEOUT, _STOP, _GONE). May be asked as often as
 * one likes: mostly it only reads the clock. arg is the watch.
 */
int watch_is_over(void *arg);
/* Starts quire-ci. -1 with errno. */
int watch_spawn(struct watch *w, const struct launch *l, struct err *e);
/* Until one of these; all events that came are taken in then. */
enum watch_end watch_until_end(struct watch *w);
/* What is still in the stream, without waiting. -1: no space. */
int watch_drain(struct watch *w);
/* For proctree_end(): arg is the watch. */
void watch_on_exit(void *arg, int pid, int wait_status);
/* Appends how quire-ci ended to events.jsonl and syncs: reconcile settles the
 * run by that line, if need be. cause is an EVENT_CAUSE_, with its reason, or
 * both are NULL. */
void watch_record_exit(struct watch *w, const char *cause, const char *reason);
/*
 * Makes rows of what is left, waiting for the database as long as a settling
 * supervisor may. -1: it is busy or full; the rows that are missing are still
 * to come, and the run is not to be settled before them. A batch that it
 * refuses for what it is, is given up: 0.
 */
int watch_ingest_rest(struct watch *w, struct err *e);
/* The limit that holds: the shorter of the setting's and the pipeline's; 0
 * none. */
int64_t watch_limit_ms(const struct watch *w);

#endif
