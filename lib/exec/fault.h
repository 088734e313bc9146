/*
 * fault.h - whose fault an error number is.
 */
#ifndef QUIRE_EXEC_FAULT_H
#define QUIRE_EXEC_FAULT_H

/* Of the host as a whole: no run would fare better until it is mended. */
int fault_is_hosts(int error);
int fault_is_no_space(int error);
/* The host's error whose strerror(3) words end text, or 0: libgit2 keeps the
 * words of what failed, and may have done other things since. */
int fault_in_text(const char *text);

#endif
