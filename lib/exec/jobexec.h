/*
 * jobexec.h - a child becomes a command of a job, or says why it can't.
 *
 * No shell takes what the kernel does not, as execvp(3) would have it: a file
 * that says nothing of what runs it is no program.
 */
#ifndef QUIRE_EXEC_JOBEXEC_H
#define QUIRE_EXEC_JOBEXEC_H

/*
 * Executes argv, found in the PATH of env as execvp(3) finds it. What can't be
 * is told in a line on standard error; then it returns what the child is to
 * exit with: 127 (not found, nor what is to run it) or 126.
 */
int jobexec(char *const *argv, char *const *env);
/* The same for /bin/sh, whatever the PATH, with these arguments. */
int jobexec_shell(char *const *argv, char *const *env);
/* The line for what could not be done, by errno, and the same. */
int jobexec_give_up(const char *what);

#endif
