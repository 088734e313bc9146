/*
 * The init of a sandbox: jobinit.h says what it is spoken to with.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fs.h"
#include "exec/fds.h"
#include "exec/jobinit.h"
#include "exec/jobspawn.h"
#include "exec/proctree.h"

/* More than the kernel takes as argv and environment. */
#define COMMAND_MAX (64 << 20)

struct init {
	int socket;
	int signals; /* signalfd for SIGCHLD */
	pid_t command; /* that runs; 0: none */
	int64_t kill_at; /* monotonic: all are told to end; 0: not yet */
};

/* n strings from *at on; -1: there are fewer. */
static int take_strings(
	struct strv *v, const struct buf *text, size_t *at, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (*at >= text->len)
			return -1;
		strv_push(v, text->ptr + *at);
		*at += strlen(text->ptr + *at) + 1;
	}
	return 0;
}

/* In the child, so that nothing of a command's environment stays with init. */
static void become(const struct jobinit_packet *p, const int fds[3])
	__attribute__((noreturn));

static void become(const struct jobinit_packet *p, const int fds[3])
{
	struct command c = { .shell = (int)p->shell, .argv = STRV_INIT };
	struct strv env = STRV_INIT;
	struct buf text = BUF_INIT;
	size_t at = 0;

	if (fs_read_all(fds[0], &text, COMMAND_MAX) < 0 ||
		take_strings(&c.argv, &text, &at, p->n_argv) < 0 ||
		take_strings(&env, &text, &at, p->n_env) < 0 || !c.argv.n)
		_exit(126);
	jobspawn_become(&c, env.v, -1, fds + 1);
}

static void reply(struct init *in, uint32_t type, int value)
{
	struct jobinit_packet p = { .type = type, .value = value };

	/* a socket that has ended shows in the next receive */
	(void)jobinit_send(in->socket, &p);
}

static void start(struct init *in, const struct jobinit_packet *p, int fds[3])
{
	pid_t pid = fork();

	if (pid == 0)
		become(p, fds);
	if (pid > 0)
		in->command = pid;
	reply(in, JOBINIT_STARTED, pid < 0 ? errno : 0);
}

/* 1: processes are left; 0: none is. */
static int reap(struct init *in)
{
	int status;
	pid_t pid;

	for (;;) {
		pid = waitpid(-1, &status, WNOHANG);
		if (pid < 0 && errno == EINTR)
			continue;
		if (pid <= 0)
			return pid == 0;
		if (pid == in->command) {
			in->command = 0;
			reply(in, JOBINIT_ENDED, status);
		}
	}
}

static void end(struct init *in)
{
	if (in->kill_at)
		return;
	kill(-1, SIGTERM);
	kill(-1, SIGCONT);
	in->kill_at = clock_mono_ms() + PROCTREE_GRACE_MS;
}

/* What is killed here is everything but init. Should a process hang in the
 * kernel, the end of init has to wait for it as well. */
static void kill_all(struct init *in) __attribute__((noreturn));

static void kill_all(struct init *in)
{
	int status;
	pid_t pid;

	do {
		kill(-1, SIGKILL);
		pid = waitpid(-1, &status, 0);
		if (pid > 0 && pid == in->command)
			reply(in, JOBINIT_ENDED, status);
	} while (pid > 0 || errno == EINTR);
	_exit(0);
}

static void take_packet(struct init *in)
{
	struct jobinit_packet p = { 0 };
	int fds[3];
	int got = jobinit_receive(in->socket, &p, fds, 0);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0)
		kill_all(in);
	if (p.type == JOBINIT_START && !in->command && !in->kill_at)
		start(in, &p, fds);
	else if (p.type == JOBINIT_END)
		end(in);
	for (int i = 0; i < 3; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static void turn(struct init *in)
{
	struct pollfd fds[2] = { { in->socket, POLLIN, 0 },
		{ in->signals, POLLIN, 0 } };
	struct signalfd_siginfo info;
	int timeout = -1;

	if (in->kill_at) {
		int64_t left = in->kill_at - clock_mono_ms();

		if (!reap(in) || left <= 0)
			kill_all(in);
		timeout = (int)left;
	}
	if (poll(fds, 2, timeout) <= 0)
		return;
	while (read(in->signals, &info, sizeof(info)) == sizeof(info))
		;
	reap(in);
	if (fds[0].revents)
		take_packet(in);
}

/* No way in for the commands that are to come, nor out. */
static int close_off(int socket)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || prctl(PR_SET_NAME, "quire-init") < 0 ||
		prctl(PR_SET_DUMPABLE, 0) < 0 ||
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (dup2(null, fd) < 0)
			return -1;
	fds_close_all_but(&socket, 1);
	/* a login's keys would be found through its session; a kernel that
	 * has no keys has none to be found */
	(void)syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
	return fs_set_cloexec(socket, 1);
}

void jobinit_serve(int socket)
{
	struct init in = { .socket = socket };
	sigset_t caught;

	sigemptyset(&caught);
	sigaddset(&caught, SIGCHLD);
	/* anywhere else "all processes" would be all of this user's */
	if (getpid() != 1)
		_exit(126);
	if (close_off(socket) < 0 || sigprocmask(SIG_SETMASK, &caught, NULL))
		_exit(126);
	in.signals = signalfd(-1, &caught, SFD_NONBLOCK | SFD_CLOEXEC);
	if (in.signals < 0)
		_exit(126);
	reply(&in, JOBINIT_UP, 0);
	for (;;)
		turn(&in);
}
