/*
 * jobinit.h - the first process of a job's sandbox, and how it is spoken to.
 *
 * In a sandbox the job's commands can't be children of the process that runs
 * the job (jobrun.h), which stays outside. So quire-ci itself is the sandbox's
 * init (`quire-ci init FD`), pid 1 of its namespace: it forks and execs what
 * it is told to, reaps, and says how commands ended.
 *
 * The two speak through a SOCK_SEQPACKET socket, in packets of one struct:
 *
 *	init		outside
 *	UP			it is there
 *			START	three descriptors come along: a memfd with the
 *				command's argv, then its environment, each
 *				string ended by NUL; its standard output; its
 *				standard error
 *	STARTED			value: 0, or why there is no process (errno)
 *	ENDED			value: its wait status
 *			END	TERM and CONT to all; after the grace, or when
 *				none is left, init ends, and all with it
 *
 * One START at a time. The end of the socket is END without a grace.
 *
 * The commands are as any other of the sandbox's user and would do to init
 * what they like. They can't: a signal from within the namespace does nothing
 * to its pid 1; it is not dumpable, which closes ptrace(2) and /proc/1; it has
 * no descriptor but the socket; and nothing that it reads comes from them.
 */
#ifndef QUIRE_EXEC_JOBINIT_H
#define QUIRE_EXEC_JOBINIT_H

#include <stdint.h>

#include "base/err.h"
#include "base/pipeline.h"

enum jobinit_type {
	JOBINIT_UP = 1,
	JOBINIT_START,
	JOBINIT_STARTED,
	JOBINIT_ENDED,
	JOBINIT_END,
};

struct jobinit_packet {
	uint32_t type;
	int32_t value;
	uint32_t shell; /* START: the command's */
	uint32_t n_argv, n_env; /* START */
};

/* -1 with errno. */
int jobinit_send(int socket, const struct jobinit_packet *p);
int jobinit_send_start(int socket, const struct command *c, char *const *env,
	const int out[2]);
/* The next packet, waited for up to timeout_ms (0: not at all; -1: for ever):
 * 1; 0 at the socket's end; -1 with errno, EAGAIN when there is none. fds gets
 * the three of a START, else -1. */
int jobinit_receive(
	int socket, struct jobinit_packet *p, int fds[3], int timeout_ms);

/* Is the init, for as long as there is one. */
void jobinit_serve(int socket) __attribute__((noreturn));

#endif
