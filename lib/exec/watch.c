#include "exec/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "exec/fault.h"
#include "exec/replay.h"
#include "exec/runlog.h"

#define READ_BYTES 65536
/* Longer than this a batch waits for no other writer: meanwhile nobody looks
 * at the row, the clock and the stream. */
#define INGEST_WAIT_MS 1000
/* What is kept for a database that takes nothing; events.jsonl has it all. */
#define UNREAD_MAX_BYTES (16 << 20)
#define NO_PIDFD_LOOK_MS 20

void watch_init(struct watch *w, struct db *db, const struct home *h,
	const struct run *r, int lock, int stop)
{
	memset(w, 0, sizeof(*w));
	w->db = db;
	w->home = h;
	w->run = r;
	w->lock = lock;
	w->stop = stop;
	w->dir.fd = w->wake = w->events = w->stream = w->leash = w->pidfd = -1;
	w->began_mono_ms = clock_mono_ms();
	w->look_mono_ms = w->began_mono_ms + WATCH_LOOK_MS;
	ingest_init(&w->ingest, r->id);
	buf_init(&w->unread);
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void watch_release(struct watch *w)
{
	close_fd(&w->wake);
	close_fd(&w->events);
	close_fd(&w->stream);
	close_fd(&w->leash);
	close_fd(&w->pidfd);
	rundir_close(&w->dir);
	ingest_release(&w->ingest);
	buf_release(&w->unread);
}

/* Both ends close-on-exec; dup2 in the child clears it on what it keeps. */
static int make_spawn_attr(posix_spawnattr_t *attr)
{
	sigset_t all, none;
	int why;

	sigfillset(&all);
	sigemptyset(&none);
	why = posix_spawnattr_init(attr);
	if (why)
		return why;
	/* a session of its own: a terminal's interrupt is for quire-run */
	why = posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGDEF |
						     POSIX_SPAWN_SETSIGMASK |
						     POSIX_SPAWN_SETSID);
	if (!why)
		why = posix_spawnattr_setsigdefault(attr, &all);
	if (!why)
		why = posix_spawnattr_setsigmask(attr, &none);
	if (why)
		posix_spawnattr_destroy(attr);
	return why;
}

static int spawn(struct watch *w, const char *program, const struct strv *argv,
	const struct strv *env, int in, int out, int log)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	int why = make_spawn_attr(&attr);

	if (why)
		return why;
	why = posix_spawn_file_actions_init(&files);
	if (!why) {
		why = posix_spawn_file_actions_adddup2(&files, in, 0);
		if (!why)
			why = posix_spawn_file_actions_adddup2(&files, out, 1);
		if (!why)
			why = posix_spawn_file_actions_adddup2(&files, log, 2);
		if (!why)
			why = posix_spawn(&w->pid, program, &files, &attr,
				argv->v, env->v);
		posix_spawn_file_actions_destroy(&files);
	}
	posix_spawnattr_destroy(&attr);
	return why;
}

int watch_spawn(struct watch *w, const struct launch *l, struct err *e)
{
	struct buf program = BUF_INIT;
	int in[2] = { -1, -1 }, out[2] = { -1, -1 }, log, why;

	if (fs_sibling(&program, "quire-ci", e))
		return -1;
	log = rundir_append(&w->dir, "quire-ci.log");
	if (log < 0 || pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC) ||
		fs_set_nonblock(out[0], 1))
		why = errno;
	else
		why = spawn(
			w, program.ptr, &l->argv, &l->env, in[0], out[1], log);
	close_fd(&log);
	close_fd(&in[0]);
	close_fd(&out[1]);
	w->leash = in[1];
	w->stream = out[0];
	if (!why)
		w->pidfd = pidfd_open(w->pid, 0);
	else
		w->pid = 0;

	errno = why;
	if (why)
		err_sys(e, "%s", program.ptr);
	buf_release(&program);
	errno = why;
	return why ? -1 : 0;
}

/* One line for each kind of trouble is enough: it lasts for many batches. */
static void complain(struct watch *w, enum watch_trouble kind, const char *text)
{
	if (!(w->complained & kind))
		runlog_add(w->home, "%s#%lld: %s", w->run->repo,
			(long long)w->run->number, text);
	w->complained |= kind;
}

static void ingest(struct watch *w)
{
	struct err e;
	size_t used = 0;

	w->ingest_mono_ms = 0;
	db_wait_ms(w->db, INGEST_WAIT_MS);
	if (ingest_lines(
		    w->db, &w->ingest, w->unread.ptr, w->unread.len, &used, &e))
		complain(w, WATCH_DB, e.text);
	db_wait_ms(w->db, DB_WAIT_MS);
	buf_consume(&w->unread, used);
	if (w->unread.len <= UNREAD_MAX_BYTES)
		return;
	w->gave_up = 1;
	buf_consume(&w->unread, ingest_give_up(&w->ingest));
	/* a line of that length is no event of ours */
	if (w->unread.len > UNREAD_MAX_BYTES)
		buf_reset(&w->unread);
}

/* What was given up is in events.jsonl; that it comes again does no harm. */
static int replay(struct watch *w, struct err *e)
{
	struct ingest again;
	int failed;

	ingest_init(&again, w->run->id);
	failed = replay_events(&again, w->db, w->home, &w->dir, e);
	ingest_release(&again);
	return failed;
}

int watch_ingest_rest(struct watch *w, struct err *e)
{
	size_t used = 0;

	if (w->gave_up && replay(w, e))
		return -1;
	w->gave_up = 0;
	if (!w->unread.len)
		return 0;
	if (ingest_lines(w->db, &w->ingest, w->unread.ptr, w->unread.len, &used,
		    e)) {
		if (e->status == EXIT_BUSY)
			return -1;
		complain(w, WATCH_DB, e->text);
		used = ingest_give_up(&w->ingest);
	}
	buf_consume(&w->unread, used);
	return 0;
}

/* events.jsonl first: reconcile reads it when all else is lost. -1: no space;
 * any other trouble with the file costs the file alone. */
static int append(struct watch *w, const char *data, size_t len)
{
	struct err e;

	if (w->events < 0 || fs_write_all(w->events, data, len) == 0)
		return 0;
	int why = errno;
	w->torn = 1;
	err_sys(&e, "%s/events.jsonl", w->dir.path);
	complain(w, WATCH_EVENTS, e.text);
	return fault_is_no_space(why) ? -1 : 0;
}

/* One read of the stream. 1 something came, 0 nothing for now or ever, -1 no
 * space to keep it. */
static int take_events(struct watch *w)
{
	ssize_t n;
	int failed;

	if (w->stream < 0)
		return 0;
	buf_grow(&w->unread, READ_BYTES);
	char *to = w->unread.ptr + w->unread.len;
	do
		n = read(w->stream, to, READ_BYTES);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n <= 0) {
		close_fd(&w->stream);
		return 0;
	}
	failed = append(w, to, (size_t)n);
	buf_setlen(&w->unread, w->unread.len + (size_t)n);
	if (!w->ingest_mono_ms)
		w->ingest_mono_ms = clock_mono_ms() + WATCH_GATHER_MS;
	return failed ? -1 : 1;
}

int watch_drain(struct watch *w)
{
	int taken, failed = 0;

	while ((taken = take_events(w)) != 0)
		if (taken < 0)
			failed = -1;
	return failed;
}

void watch_on_exit(void *arg, int pid, int wait_status)
{
	struct watch *w = arg;

	if (pid != w->pid)
		return;
	w->reaped = 1;
	w->wait_status = wait_status;
}

static int has_exited(struct watch *w)
{
	int status;
	pid_t pid;

	do
		pid = waitpid(w->pid, &status, WNOHANG);
	while (pid < 0 && errno == EINTR);
	if (pid == w->pid)
		watch_on_exit(w, pid, status);
	return w->reaped;
}

void watch_record_exit(struct watch *w, const char *cause, const char *reason)
{
	struct event ev = { .type = EVENT_EXECUTOR_EXITED, .at_ms = -1 };
	struct buf line = BUF_INIT;

	if (!w->reaped)
		return;
	ev.status =
		WIFEXITED(w->wait_status) ? WEXITSTATUS(w->wait_status) : -1;
	ev.signal = WIFSIGNALED(w->wait_status) ? WTERMSIG(w->wait_status) : 0;
	/* event_write() only reads them */
	ev.cause = (char *)cause;
	ev.reason = (char *)reason;
	/* a line that quire-ci was killed in would swallow this one, and so
	 * would one that only half of went into the file */
	if (w->torn ||
		(w->unread.len && w->unread.ptr[w->unread.len - 1] != '\n'))
		buf_addc(&line, '\n');
	event_write(&line, &ev);
	if (append(w, line.ptr, line.len) == 0 && w->events >= 0 &&
		fdatasync(w->events)) {
		struct err e;

		err_sys(&e, "%s/events.jsonl", w->dir.path);
		complain(w, WATCH_EVENTS, e.text);
	}
	buf_add(&w->unread, line.ptr, line.len);
	buf_release(&line);
	ingest(w);
}

int64_t watch_limit_ms(const struct watch *w)
{
	int64_t its = w->ingest.timeout_ms;

	if (its > 0 && (!w->timeout_ms || its < w->timeout_ms))
		return its;
	return w->timeout_ms;
}

static int row_has_moved(struct watch *w)
{
	enum run_state state;
	struct err e;

	switch (run_state_of(w->db, w->run->id, &state, &e)) {
	case 1:
		return state != RUN_ACTIVE;
	case 0:
		return 1;
	}
	complain(w, WATCH_ROW_READ, e.text);
	return 0;
}

/* A lock without a name is nobody's: the run's directory was removed, or the
 * home as a whole, and whatever comes of the run is for nobody. */
static int is_gone(const struct watch *w)
{
	struct stat st;

	return w->lock >= 0 && fstat(w->lock, &st) == 0 && st.st_nlink == 0;
}

static void empty_wake(struct watch *w)
{
	char bytes[64];
	ssize_t n;

	do
		n = read(w->wake, bytes, sizeof(bytes));
	while (n > 0 || (n < 0 && errno == EINTR));
}

/* What ends the run though nobody has said a word: its row, its directory, its
 * time. woken: look at the row at once. */
static enum watch_end look(struct watch *w, int woken)
{
	int64_t now = clock_mono_ms(), limit = watch_limit_ms(w);

	if (woken)
		empty_wake(w);
	if (woken || now >= w->look_mono_ms) {
		if (row_has_moved(w))
			return WATCH_ROW;
		if (is_gone(w))
			return WATCH_GONE;
		w->look_mono_ms = now + WATCH_LOOK_MS;
	}
	return limit && now - w->began_mono_ms >= limit ? WATCH_TIMEOUT
							: WATCH_GOES_ON;
}

int watch_is_over(void *arg)
{
	struct watch *w = arg;
	int64_t now = clock_mono_ms();
	struct pollfd fds[] = {
		{ .fd = w->wake, .events = POLLIN },
		{ .fd = w->stop, .events = POLLIN },
	};

	if (w->over || now < w->poll_mono_ms)
		return w->over != WATCH_GOES_ON;
	int ready = poll(fds, 2, 0);

	if (ready > 0 && fds[1].revents)
		w->over = WATCH_STOP;
	else
		w->over = look(w, ready > 0 && fds[0].revents);
	w->poll_mono_ms = now + WATCH_POLL_MS;
	return w->over != WATCH_GOES_ON;
}

/* How long poll() may sleep: until something is due. */
static int nap_ms(const struct watch *w)
{
	int64_t now = clock_mono_ms(), limit = watch_limit_ms(w);
	int64_t ms = w->look_mono_ms - now;

	if (w->ingest_mono_ms && w->ingest_mono_ms - now < ms)
		ms = w->ingest_mono_ms - now;
	if (limit && w->began_mono_ms + limit - now < ms)
		ms = w->began_mono_ms + limit - now;
	if (w->pidfd < 0 && ms > NO_PIDFD_LOOK_MS)
		ms = NO_PIDFD_LOOK_MS;
	return ms < 0 ? 0 : (int)ms;
}

enum watch_end watch_until_end(struct watch *w)
{
	for (;;) {
		struct pollfd fds[] = {
			{ .fd = w->stream, .events = POLLIN },
			{ .fd = w->pidfd, .events = POLLIN },
			{ .fd = w->wake, .events = POLLIN },
			{ .fd = w->stop, .events = POLLIN },
		};
		int ready = poll(fds, 4, nap_ms(w));

		if (ready > 0 && fds[0].revents && take_events(w) < 0)
			return WATCH_NO_SPACE;
		if ((w->pidfd < 0 || (ready > 0 && fds[1].revents)) &&
			has_exited(w))
			return watch_drain(w) ? WATCH_NO_SPACE : WATCH_EXITED;
		if (ready > 0 && fds[3].revents)
			return WATCH_STOP;

		if (w->ingest_mono_ms && clock_mono_ms() >= w->ingest_mono_ms)
			ingest(w);
		enum watch_end end = look(w, ready > 0 && fds[2].revents);
		if (end)
			return end;
	}
}
