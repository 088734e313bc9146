/*
 * A program that is started to see whether it works.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "exec/doctor_check.h"

#define LIMIT_MS 5000
#define SAID_MAX 4096

extern char **environ;

static int spawn(pid_t *pid, const char *const *argv, int out)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t all, none;
	int rc;

	sigfillset(&all);
	sigemptyset(&none);
	rc = posix_spawn_file_actions_init(&files);
	if (rc)
		return rc;
	rc = posix_spawnattr_init(&attr);
	if (rc) {
		posix_spawn_file_actions_destroy(&files);
		return rc;
	}
	rc = posix_spawn_file_actions_addopen(
		&files, 0, "/dev/null", O_RDONLY, 0);
	for (int fd = 1; fd <= 2 && !rc; fd++)
		rc = posix_spawn_file_actions_adddup2(&files, out, fd);
	if (!rc)
		rc = posix_spawnattr_setsigmask(&attr, &none);
	if (!rc)
		rc = posix_spawnattr_setsigdefault(&attr, &all);
	/* a group of its own: what it starts is ended with it */
	if (!rc)
		rc = posix_spawnattr_setpgroup(&attr, 0);
	if (!rc)
		rc = posix_spawnattr_setflags(
			&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
				       POSIX_SPAWN_SETPGROUP);
	if (!rc)
		rc = posix_spawnp(pid, argv[0], &files, &attr,
			(char *const *)(uintptr_t)argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return rc;
}

/* Until its end of file; -1 with errno, ETIMEDOUT when time is over. */
static int listen_to(int fd, struct buf *said)
{
	int64_t until = clock_mono_ms() + LIMIT_MS;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char chunk[1024];

	for (;;) {
		int64_t left = until - clock_mono_ms();

		if (left <= 0) {
			errno = ETIMEDOUT;
			return -1;
		}
		if (poll(&p, 1, (int)left) < 0 && errno != EINTR)
			return -1;
		if (!p.revents)
			continue;
		ssize_t n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return (int)n;
		if (said->len < SAID_MAX)
			buf_add(said, chunk, (size_t)n);
	}
}

int doctor_try(const char *const *argv, struct buf *said)
{
	int ends[2], status, failed, why;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	why = spawn(&pid, argv, ends[1]);
	close(ends[1]);
	if (why) {
		close(ends[0]);
		errno = why;
		return -1;
	}
	failed = listen_to(ends[0], said);
	why = errno;
	close(ends[0]);
	if (failed)
		kill(-pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	while (said->len && said->ptr[said->len - 1] == '\n')
		buf_setlen(said, said->len - 1);
	errno = why;
	if (failed)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
