#include "exec/jobexec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"

#define SHELL "/bin/sh"
/* Of a job without one, as the C library has it. */
#define NO_PATH "/bin:/usr/bin"
/* As much of a #! line as the kernel reads. */
#define HEAD_MAX 256

static int give_up_as(int status, const char *what, const char *why)
{
	dprintf(STDERR_FILENO, "quire: %s: %s\n", what, why);
	return status;
}

int jobexec_give_up(const char *what)
{
	return give_up_as(errno == ENOENT ? 127 : 126, what, strerror(errno));
}

/* How the file begins; "" if that is not to be read. */
static void read_head(const char *path, char head[HEAD_MAX + 1])
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, head, HEAD_MAX);

	head[n > 0 ? n : 0] = '\0';
}

/* The kernel tells of the file what it means of the file's #! line. */
static int give_up_interpreter(const char *path, char *head)
{
	struct buf why = BUF_INIT;
	char *name = head + 2 + strspn(head + 2, " \t");
	int crlf;

	name[strcspn(name, " \t\n")] = '\0';
	crlf = *name && name[strlen(name) - 1] == '\r';
	if (crlf)
		name[strlen(name) - 1] = '\0';
	buf_addf(&why, "the program of its #! line, '%s', is not there", name);
	if (crlf) {
		buf_reset(&why);
		buf_adds(&why,
			"its #! line ends in a carriage return: its lines "
			"must end as on Unix, not in CRLF");
	}
	give_up_as(127, path, why.ptr);
	buf_release(&why);
	return 127;
}

/* The path was executed in vain: errno says why. */
static int give_up_path(const char *path)
{
	int why = errno;
	char head[HEAD_MAX + 1];
	struct stat st;

	read_head(path, head);
	int is_script = strncmp(head, "#!", 2) == 0;
	if (why == ENOENT && is_script)
		return give_up_interpreter(path, head);
	if (why == ENOENT && stat(path, &st) == 0)
		return give_up_as(
			127, path, "the loader that it names is not there");
	if (why == ENOEXEC && is_script)
		return give_up_as(126, path, "its #! line names no program");
	if (why == ENOEXEC && strncmp(head, "\177ELF", 4) != 0)
		return give_up_as(126, path,
			"it has no #! line, which says what runs it "
			"(#!/bin/sh)");
	errno = why;
	return jobexec_give_up(path);
}

static const char *path_of(char *const *env)
{
	for (; *env; env++)
		if (strncmp(*env, "PATH=", 5) == 0)
			return *env + 5;
	return NO_PATH;
}

/* Whether the search goes on behind a folder that gave this. */
static int is_elsewhere(int error)
{
	return error == ENOENT || error == ENOTDIR || error == EACCES ||
	       error == ESTALE || error == ENODEV || error == ETIMEDOUT;
}

/* EACCES, if somewhere was one that may not be executed, comes last. */
static int search(char *const *argv, char *const *env)
{
	struct buf path = BUF_INIT;
	struct stat st;
	int denied = 0, status = 0;

	for (const char *list = path_of(env); !status; list++) {
		size_t n = strcspn(list, ":");

		buf_reset(&path);
		buf_add(&path, list, n);
		if (n)
			buf_addc(&path, '/');
		buf_adds(&path, argv[0]);
		execve(path.ptr, argv, env);
		int why = errno;
		denied |= why == EACCES;
		/* there, but what is to run it is not */
		int is_found = why == ENOENT && stat(path.ptr, &st) == 0;
		errno = why;
		if (is_found || !is_elsewhere(why))
			status = give_up_path(path.ptr);
		list += n;
		if (!*list)
			break;
	}
	buf_release(&path);
	if (status)
		return status;
	errno = denied ? EACCES : ENOENT;
	return jobexec_give_up(argv[0]);
}

int jobexec(char *const *argv, char *const *env)
{
	if (strchr(argv[0], '/')) {
		execve(argv[0], argv, env);
		return give_up_path(argv[0]);
	}
	if (*argv[0])
		return search(argv, env);
	errno = ENOENT;
	return jobexec_give_up(argv[0]);
}

int jobexec_shell(char *const *argv, char *const *env)
{
	execve(SHELL, argv, env);
	return jobexec_give_up(SHELL);
}
