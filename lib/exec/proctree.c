#include "exec/proctree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"

#define GIVE_UP_MS 10000 /* of KILL without an end */
#define OTHERS_MS 1000 /* the same, while others wait */
#define NAP_MAX_MS 10

struct proc {
	pid_t pid, parent, group, session;
	long long start; /* with pid: one process, for ever */
	char state;
	int below; /* a descendant of ours */
};

struct proclist {
	struct proc *v;
	size_t n, size;
	int unread; /* errno of the last that could not be looked at; 0: none */
};

int proctree_subreaper(int on, struct err *e)
{
	if (prctl(PR_SET_CHILD_SUBREAPER, on ? 1UL : 0UL, 0UL, 0UL, 0UL) < 0)
		return err_sys(e, "can't become a subreaper");
	return 0;
}

/* The file of a process, whole; -1 with errno. */
static int read_proc_file(pid_t pid, const char *name, struct buf *b)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	buf_reset(b);
	ssize_t got;
	do {
		buf_grow(b, 4096);
		got = read(fd, b->ptr + b->len, b->size - b->len - 1);
		if (got > 0)
			buf_setlen(b, b->len + (size_t)got);
	} while (got > 0 || (got < 0 && errno == EINTR));
	int why = errno;
	close(fd);
	errno = why;
	return got < 0 ? -1 : 0;
}

/* Whether that says that the process is gone, or another user's. Whatever else
 * fails leaves open whether it is there. */
static int is_no_matter(int error)
{
	return error == ENOENT || error == ESRCH || error == EACCES ||
	       error == EPERM;
}

/* proc(5): "pid (comm) state ppid pgrp session ...", starttime is field 22.
 * The command's name may hold blanks and brackets, hence the last ')'. */
static int read_stat(pid_t pid, struct proc *p, struct buf *b)
{
	enum { PARENT = 4, GROUP, SESSION, START = 22 };
	long long field[START + 1];

	if (read_proc_file(pid, "stat", b) < 0)
		return -1;
	const char *at = strrchr(b->ptr, ')');
	errno = EPROTO;
	if (!at || at[1] != ' ' || !at[2])
		return -1;
	p->state = at[2];
	at += 3;
	for (int i = PARENT; i <= START; i++) {
		char *end;

		field[i] = strtoll(at, &end, 10);
		if (end == at) {
			errno = EPROTO;
			return -1;
		}
		at = end;
	}
	p->pid = pid;
	p->parent = (pid_t)field[PARENT];
	p->group = (pid_t)field[GROUP];
	p->session = (pid_t)field[SESSION];
	p->start = field[START];
	p->below = 0;
	return 0;
}

static void add_proc(struct proclist *list, const struct proc *p)
{
	if (list->n == list->size) {
		list->size = list->size ? list->size * 2 : 256;
		list->v = mem_resize(list->v, list->size, sizeof(*list->v));
	}
	list->v[list->n++] = *p;
}

static int by_pid(const void *a, const void *b)
{
	const struct proc *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

/* Every process there is, by number. What ends meanwhile is left out. */
static int list_all(struct proclist *list, struct err *e)
{
	DIR *dir = opendir("/proc");
	struct buf b = BUF_INIT;
	struct dirent *entry;

	if (!dir)
		return err_sys(e, "/proc");
	errno = 0;
	while ((entry = readdir(dir))) {
		struct proc p;
		char *end;
		long pid = strtol(entry->d_name, &end, 10);

		if (*end == '\0' && pid > 0) {
			if (read_stat((pid_t)pid, &p, &b) == 0)
				add_proc(list, &p);
			else if (!is_no_matter(errno))
				list->unread = errno;
		}
		errno = 0;
	}
	int failed = errno;
	closedir(dir);
	buf_release(&b);
	if (failed) {
		errno = failed;
		return err_sys(e, "/proc");
	}
	if (list->n)
		qsort(list->v, list->n, sizeof(*list->v), by_pid);
	return 0;
}

/* Whether p descends from self: up its parents, as far as they are known. */
static int is_below(
	const struct proclist *list, const struct proc *p, pid_t self)
{
	for (size_t steps = 0; p && steps <= list->n; steps++) {
		if (p->parent == self || p->below)
			return 1;
		struct proc key = { .pid = p->parent };
		p = bsearch(&key, list->v, list->n, sizeof(key), by_pid);
	}
	return 0;
}

/* Only the descendants stay in the list. */
static int list_below(struct proclist *list, struct err *e)
{
	pid_t self = getpid();
	size_t kept = 0;

	if (list_all(list, e) < 0)
		return -1;
	for (size_t i = 0; i < list->n; i++)
		list->v[i].below = is_below(list, &list->v[i], self);
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i].below)
			list->v[kept++] = list->v[i];
	list->n = kept;
	return 0;
}

static void free_list(struct proclist *list)
{
	free(list->v);
	*list = (struct proclist){ 0 };
}

/*
 * A descriptor of just this process, or -1. If the second look finds the same
 * start time, the number has meant the same process all along.
 */
static int open_proc(const struct proc *p, struct buf *b)
{
	struct proc now;
	int fd = pidfd_open(p->pid, 0);

	if (fd < 0)
		return -1;
	int why = read_stat(p->pid, &now, b) < 0 ? errno
		  : now.start != p->start	 ? ESRCH
						 : 0;
	if (why) {
		close(fd);
		errno = why;
		return -1;
	}
	return fd;
}

static void signal_proc(const struct proc *p, int sig, struct buf *b)
{
	int fd = open_proc(p, b);

	if (fd < 0) {
		/* a kernel before 5.3 has none; then the number must do */
		if (errno == ENOSYS)
			kill(p->pid, sig);
		return;
	}
	/* whoever can't be signalled is found again by the next look */
	pidfd_send_signal(fd, sig, NULL, 0);
	close(fd);
}

static void signal_all(const struct proclist *list, int sig)
{
	struct buf b = BUF_INIT;
	pid_t session = getsid(0);

	for (size_t i = 0; i < list->n; i++) {
		const struct proc *p = &list->v[i];

		if (p->state != 'Z')
			signal_proc(p, sig, &b);
		if (sig == SIGKILL && p->session != session && p->group > 1)
			kill(-p->group, SIGKILL);
	}
	buf_release(&b);
}

int proctree_signal(int sig, struct err *e)
{
	struct proclist list = { 0 };
	int ret = list_below(&list, e);

	if (ret == 0)
		signal_all(&list, sig);
	free_list(&list);
	return ret;
}

/* Whether p is one of those, or below one. */
static int is_kept(const struct proclist *list, const struct proc *p,
	const pid_t *keep, size_t n)
{
	for (size_t steps = 0; p && steps <= list->n; steps++) {
		for (size_t i = 0; i < n; i++)
			if (p->pid == keep[i])
				return 1;
		struct proc key = { .pid = p->parent };
		p = bsearch(&key, list->v, list->n, sizeof(key), by_pid);
	}
	return 0;
}

/* The descendants but for those that are kept. */
static int list_others(
	struct proclist *list, const pid_t *keep, size_t n, struct err *e)
{
	if (list_below(list, e) < 0)
		return -1;
	/* parents are looked up in the list: it is cut when all are known */
	for (size_t i = 0; i < list->n; i++)
		list->v[i].below = !is_kept(list, &list->v[i], keep, n);
	size_t kept = 0;
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i].below)
			list->v[kept++] = list->v[i];
	list->n = kept;
	return 0;
}

/* Reaps what has ended. 1: children are left; 0: none. */
static int reap(void (*on_exit)(void *arg, int pid, int wait_status), void *arg)
{
	int status;
	pid_t pid;

	for (;;) {
		pid = waitpid(-1, &status, WNOHANG);
		if (pid == 0)
			return 1;
		if (pid < 0 && errno == EINTR)
			continue;
		if (pid < 0)
			return 0;
		if (on_exit)
			on_exit(arg, (int)pid, status);
	}
}

/* Sleeps a little longer each time. */
static void nap(int *ms)
{
	clock_sleep_ms(*ms);
	*ms = *ms * 2 > NAP_MAX_MS ? NAP_MAX_MS : *ms * 2;
}

static int say_who_stays(struct err *e)
{
	struct proclist list = { 0 };
	struct buf name = BUF_INIT;

	if (list_below(&list, e) == 0) {
		pid_t pid = list.n ? list.v[0].pid : 0;

		if (!pid || read_proc_file(pid, "comm", &name) < 0)
			buf_reset(&name);
		name.ptr[strcspn(name.ptr, "\n")] = '\0';
		err_set(e, EXIT_BUSY, "process %d (%s) could not be ended",
			(int)pid, name.ptr);
	}
	free_list(&list);
	buf_release(&name);
	return -1;
}

int proctree_end(int grace_ms,
	void (*on_exit)(void *arg, int pid, int wait_status), void *arg,
	struct err *e)
{
	int64_t began = clock_mono_ms();
	int ms = 1;

	if (!reap(on_exit, arg))
		return 0;
	if (grace_ms > 0) {
		if (proctree_signal(SIGTERM, e) < 0 ||
			proctree_signal(SIGCONT, e) < 0)
			return -1;
		while (clock_mono_ms() - began < grace_ms) {
			if (!reap(on_exit, arg))
				return 0;
			nap(&ms);
		}
	}
	began = clock_mono_ms();
	ms = 1;
	while (reap(on_exit, arg)) {
		if (clock_mono_ms() - began > GIVE_UP_MS)
			return say_who_stays(e);
		if (proctree_signal(SIGKILL, e) < 0)
			return -1;
		if (!reap(on_exit, arg))
			return 0;
		nap(&ms);
	}
	return 0;
}

int proctree_end_others(const pid_t *keep, size_t n, struct err *e)
{
	int64_t began = clock_mono_ms();
	int ret = 0, empty = 0, ms = 1;

	/* a second look: what forked while the first was taken is found then */
	while (ret == 0 && empty < 2) {
		struct proclist list = { 0 };

		ret = list_others(&list, keep, n, e);
		if (ret == 0)
			signal_all(&list, SIGKILL);
		/* another's child is no matter of ours until its parent ends */
		for (size_t i = 0; i < list.n; i++)
			waitpid(list.v[i].pid, NULL, WNOHANG);
		empty = list.n ? 0 : empty + 1;
		free_list(&list);
		if (ret < 0 || empty == 2)
			break;
		if (clock_mono_ms() - began > OTHERS_MS)
			return err_set(e, EXIT_BUSY,
				"processes of a job could not be ended");
		nap(&ms);
	}
	return ret;
}

/* Whether the environment of the process names the run; -1 with errno if that
 * cannot be told. */
static int is_marked(pid_t pid, const char *mark, struct buf *b)
{
	if (read_proc_file(pid, "environ", b) < 0)
		return is_no_matter(errno) ? 0 : -1;
	for (size_t i = 0; i < b->len; i += strlen(b->ptr + i) + 1)
		if (strcmp(b->ptr + i, mark) == 0)
			return 1;
	return 0;
}

/* 1 it is marked, and was signalled; 0 it is not, or is gone; -1 with errno. */
static int signal_if_marked(
	const struct proc *p, const char *mark, int sig, struct buf *b)
{
	int marked = is_marked(p->pid, mark, b);

	if (marked <= 0)
		return marked;
	int fd = open_proc(p, b);
	if (fd < 0)
		return is_no_matter(errno) ? 0 : -1;
	marked = is_marked(p->pid, mark, b);
	int why = errno;
	if (marked > 0)
		/* whoever can't be signalled is found by the next look */
		pidfd_send_signal(fd, sig, NULL, 0);
	close(fd);
	errno = why;
	return marked;
}

/* Signals every marked process; how many there are, or -1. One that could not
 * be looked at may be marked: then there is no telling how many. */
static int signal_marked(const char *mark, int sig, struct err *e)
{
	struct proclist list = { 0 };
	struct buf b = BUF_INIT;
	pid_t self = getpid();
	int found = 0;

	if (list_all(&list, e) < 0)
		found = -1;
	for (size_t i = 0; found >= 0 && i < list.n; i++) {
		const struct proc *p = &list.v[i];

		if (p->pid == self || p->state == 'Z')
			continue;
		int marked = signal_if_marked(p, mark, sig, &b);
		if (marked < 0)
			list.unread = errno;
		else
			found += marked;
	}
	if (found >= 0 && list.unread) {
		errno = list.unread;
		found = err_sys(e, "/proc: a process can't be looked at");
	}
	free_list(&list);
	buf_release(&b);
	return found;
}

/* None is left only if two looks, one after the other, find none: in the
 * middle of an exec a process has no environment for a moment. */
int proctree_end_marked(
	const char *run_id, int grace_ms, int *count, struct err *e)
{
	struct buf mark = BUF_INIT;
	int64_t began = clock_mono_ms();
	int ms = 1;

	buf_addf(&mark, "QUIRE_RUN_ID=%s", run_id);
	int left = signal_marked(mark.ptr, grace_ms > 0 ? SIGTERM : SIGKILL, e);
	int empty = left == 0;
	*count = left > 0 ? left : 0;
	if (left > 0 && grace_ms > 0)
		left = signal_marked(mark.ptr, SIGCONT, e);
	while (left >= 0 && empty < 2) {
		nap(&ms);
		int64_t spent = clock_mono_ms() - began;
		if (left && spent > grace_ms + GIVE_UP_MS) {
			left = err_set(e, EXIT_BUSY,
				"%d processes of run %s could not be ended",
				left, run_id);
			break;
		}
		/* signal 0 only looks */
		left = signal_marked(
			mark.ptr, spent < grace_ms ? 0 : SIGKILL, e);
		empty = left == 0 ? empty + 1 : 0;
	}
	buf_release(&mark);
	return left < 0 ? -1 : 0;
}

int proctree_count_marked(const char *run_id, struct err *e)
{
	struct buf mark = BUF_INIT;

	buf_addf(&mark, "QUIRE_RUN_ID=%s", run_id);
	int found = signal_marked(mark.ptr, 0, e); /* signal 0 only looks */
	buf_release(&mark);
	return found;
}
