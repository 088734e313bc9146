#include "exec/signals.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * The kernel is asked, since sigaction() refuses the two signals that glibc
 * keeps for itself, and those are ignored in whatever its posix_spawn() has
 * started: make's commands, for one. All bytes zero is SIG_DFL, no flags and
 * an empty mask in the kernel's struct sigaction on every architecture.
 */
void signals_default(void)
{
	static const char usual[sizeof(struct sigaction)];
	sigset_t none;

	/* KILL and STOP can't be set, and need not be */
	for (int sig = 1; sig < NSIG; sig++)
		(void)syscall(
			SYS_rt_sigaction, sig, usual, NULL, (size_t)NSIG / 8);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}
