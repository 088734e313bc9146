/*
 * pushoption.h - what `git push -o` asks of quire (githooks(5)).
 *
 *	ci.skip  no run for this push
 *	ci.wait  the push stays until its runs have ended, and shows them
 *
 * git gives them to the hook as GIT_PUSH_OPTION_COUNT and GIT_PUSH_OPTION_0
 * and so on. Those that do not begin with "ci." are for other hooks.
 */
#ifndef QUIRE_EXEC_PUSHOPTION_H
#define QUIRE_EXEC_PUSHOPTION_H

#include "base/buf.h"

struct push_options {
	int skip, wait;
};

/* Reads them from the environment. Appends to told, for the pusher, a line for
 * each that begins with "ci." and is none of these. */
void push_options_read(struct push_options *o, struct buf *told);

#endif
