#include "ci_signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include "exec/proctree.h"

int ci_signals_open(struct ci_signals *s, struct err *e)
{
	sigset_t caught;

	sigemptyset(&caught);
	sigaddset(&caught, SIGWINCH);
	sigaddset(&caught, SIGCONT);
	sigaddset(&caught, SIGTSTP);
	if (sigprocmask(SIG_BLOCK, &caught, &s->old_mask) < 0)
		return err_sys(e, "signals");
	s->fd = signalfd(-1, &caught, SFD_NONBLOCK | SFD_CLOEXEC);
	return s->fd < 0 ? err_sys(e, "signals") : 0;
}

void ci_signals_close(struct ci_signals *s)
{
	close(s->fd);
	sigprocmask(SIG_SETMASK, &s->old_mask, NULL);
}

unsigned ci_signals_take(struct ci_signals *s)
{
	struct signalfd_siginfo info;
	unsigned what = 0;

	while (read(s->fd, &info, sizeof(info)) == sizeof(info))
		what |= info.ssi_signo == SIGTSTP ? CI_SUSPEND : CI_RESIZED;
	return what;
}

int ci_signals_suspend(void (*leave)(void *arg), void *arg, struct err *e)
{
	sigset_t stop, old;

	/* the second finds what the first saw being forked */
	for (int i = 0; i < 2; i++)
		if (proctree_signal(SIGSTOP, e) < 0)
			return -1;
	/* only now: the terminal drops what it has to show after it has sent
	 * the signal, so what is written at once may be lost */
	leave(arg);
	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	if (kill(getpid(), SIGTSTP) < 0 ||
		sigprocmask(SIG_UNBLOCK, &stop, &old) < 0)
		err_sys(e, "signals");
	/* here it stands until somebody says SIGCONT */
	sigprocmask(SIG_SETMASK, &old, NULL);
	return proctree_signal(SIGCONT, e);
}
