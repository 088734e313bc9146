/*
 * pusher.h - who pushed, and what he is told about it.
 */
#ifndef QUIRE_EXEC_PUSHER_H
#define QUIRE_EXEC_PUSHER_H

#include <stddef.h>

#include "base/buf.h"
#include "store/ref.h"

/*
 * The first that is set and not empty of: QUIRE_PUSHER (an ssh key's forced
 * command can set it), GL_USER (gitolite), REMOTE_USER (http), LOGNAME, USER.
 * NULL if none is.
 */
const char *pusher_name(void);

/* Appends one line, "quire: " in front: text is made plain. */
void pusher_say(struct buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Appends what became of a move: a line for a run that was queued, adopted or
 * superseded, for what was skipped or not recorded, and for a pipeline that is
 * not one; else nothing. url is the setting `url`, "" if unset. Returns 1 if a
 * run waits for somebody to start it.
 */
int pusher_tell(struct buf *b, const struct repo *repo,
	const struct ref_move *m, const char *url);

#endif
