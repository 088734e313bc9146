/*
 * signals.h - what a program that quire starts finds of signals: none is
 * ignored, caught or blocked, whoever started quire and how.
 */
#ifndef QUIRE_EXEC_SIGNALS_H
#define QUIRE_EXEC_SIGNALS_H

/* All signals as a new process has them. For a child before its exec. */
void signals_default(void);

#endif
