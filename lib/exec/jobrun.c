#include "exec/jobrun.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/event.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/units.h"
#include "exec/artifact.h"
#include "exec/fault.h"
#include "exec/jobreport.h"
#include "exec/jobsetup.h"
#include "exec/proctree.h"
#include "exec/pumps.h"
#include "exec/runner.h"
#include "exec/sendq.h"
#include "exec/usage.h"

static void fail(struct jobrun_state *s, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The first reason is the one. */
static void fail(struct jobrun_state *s, const char *fmt, ...)
{
	va_list ap;

	if (s->reason.len)
		return;
	va_start(ap, fmt);
	buf_addv(&s->reason, fmt, ap);
	va_end(ap);
}

/* It is not the author's fault that there is no space for a log. */
static void fail_log(struct jobrun_state *s, const char *what, int error)
{
	if (!s->reason.len)
		s->no_space = fault_is_no_space(error);
	fail(s, "the log could not be %s: %s", what, strerror(error));
}

/* What the pumps tell. */
static void fail_written(void *arg, int error)
{
	fail_log(arg, "written", error);
}

static void take_signals(struct jobrun_state *s)
{
	struct signalfd_siginfo info;

	while (read(s->signals, &info, sizeof(info)) == sizeof(info))
		if (info.ssi_signo != SIGCHLD)
			s->report.stopped = 1;
}

/* How long to sleep: to until (monotonic; 0: for ever), or the pause. */
static struct timespec *sleep_time(
	const struct jobrun_state *s, int64_t until, struct timespec *t)
{
	if (s->pumps.pause_us) {
		*t = (struct timespec){ 0, s->pumps.pause_us * 1000L };
		return t;
	}
	if (!until)
		return NULL;
	int64_t ms = until - clock_mono_ms();
	if (ms < 0)
		ms = 0;
	*t = (struct timespec){ ms / 1000, ms % 1000 * 1000000L };
	return t;
}

/* Sleeps until something happens, and sees to it. */
static void step(struct jobrun_state *s, int64_t until)
{
	size_t n = 3;
	struct pollfd *fds = mem_zero((3 + 2 * s->pumps.n) * sizeof(*fds));
	struct timespec t;
	/* a full queue is back pressure: the command waits, as at a terminal */
	int read_pumps = !s->pumps.pause_us && !sendq_is_full(&s->report.up);

	fds[0] = (struct pollfd){ s->signals, POLLIN, 0 };
	fds[1] = (struct pollfd){ s->report.stopped ? -1 : s->report.up.fd,
		sendq_is_empty(&s->report.up) ? 0 : POLLOUT, 0 };
	fds[2] = (struct pollfd){ s->runner.fd, POLLIN, 0 };
	if (read_pumps)
		n += pumps_fill(&s->pumps, fds + n);
	int got = ppoll(fds, n, sleep_time(s, until, &t), NULL);
	s->pumps.pause_us = 0;
	if (got > 0) {
		if (fds[0].revents)
			take_signals(s);
		if (fds[0].revents || fds[2].revents)
			runner_look(&s->runner);
		if ((fds[1].revents & (POLLERR | POLLHUP)) ||
			((fds[1].revents & POLLOUT) &&
				sendq_flush(&s->report.up) < 0))
			s->report.stopped = 1;
		if (read_pumps)
			pumps_pull(&s->pumps, fds + 3);
	}
	free(fds);
}

static void begin_end(struct jobrun_state *s)
{
	struct err e;

	if (runner_end(&s->runner, &e) < 0)
		fail(s, "%s", e.text);
	s->kill_at = clock_mono_ms() + s->runner.grace_ms;
}

static void kill_all(struct jobrun_state *s)
{
	struct err e;

	if (runner_kill(&s->runner, &e) < 0)
		fail(s, "%s", e.text);
}

static void measure(struct jobrun_state *s)
{
	struct buf limit = BUF_INIT;
	struct err e;
	int found = usage_look(&s->usage, &e);

	if (!found)
		return;
	units_add_size(&limit, s->spec->limits.workspace_bytes);
	if (found > 0)
		fail(s, "the workspace is larger than maxWorkspace (%s)",
			limit.ptr);
	else
		fail(s, "%s", e.text);
	buf_release(&limit);
	usage_release(&s->usage);
	begin_end(s);
}

/* One turn of waiting for processes, with the limits in mind. */
static void turn(struct jobrun_state *s)
{
	int64_t now = clock_mono_ms();

	if (!s->kill_at) {
		int late = s->deadline && now >= s->deadline;

		if (late && !s->report.stopped)
			s->timed_out = 1;
		if (late || s->report.stopped)
			begin_end(s);
		else
			measure(s);
	} else if (now >= s->kill_at) {
		kill_all(s);
		return;
	}
	step(s, s->kill_at ? s->kill_at
			   : units_lower(s->deadline, s->usage.next_ms));
}

/* The open log of command n, or -1 with the reason; -1 without: there are no
 * logs. */
static int open_log(struct jobrun_state *s, size_t n)
{
	char path[128];

	if (s->spec->run_dir_fd < 0)
		return -1;
	snprintf(path, sizeof(path), "jobs/%s", s->spec->job->id);
	if (fs_mkdirs(s->spec->run_dir_fd, path, 0750) < 0) {
		fail_log(s, "made", errno);
		return -1;
	}
	snprintf(path, sizeof(path), "jobs/%s/sh-%zu.log", s->spec->job->id, n);
	int fd = openat(s->spec->run_dir_fd, path,
		O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW |
			O_CLOEXEC,
		0640);
	if (fd < 0)
		fail_log(s, "made", errno);
	return fd;
}

/* Starts command n with its pump; -1 with the reason. */
static int start_command(struct jobrun_state *s, size_t n)
{
	const struct command *c = &s->spec->job->run[n - 1];
	struct logpump *p;
	struct err e;
	int out[2];

	int log = open_log(s, n);
	if (s->reason.len)
		return -1;
	p = pumps_open(&s->pumps, log, s->spec->max_log, out, &e);
	if (!p) {
		fail(s, "%s", e.text);
		return -1;
	}
	p->redactor = s->report.redactor;
	if (log < 0) {
		p->give = jobreport_output;
		p->arg = &s->report;
	}
	cgroup_mark(&s->cgroup);
	int failed = runner_start(&s->runner, c, s->env.v, out, &e);
	close(out[0]);
	close(out[1]);
	if (failed) {
		fail(s, "command %zu: %s", n, e.text);
		return -1;
	}
	s->pumps.front = p;
	jobreport_event(&s->report, (struct event){ .type = EVENT_SH_STARTED,
					    .n = (int)n,
					    .cmd = c->text });
	if (n == 1 && s->note.len)
		logpump_say(p, s->note.ptr, s->note.len);
	return 0;
}

static int exit_code(int wait_status)
{
	if (WIFSIGNALED(wait_status))
		return 128 + WTERMSIG(wait_status);
	return WEXITSTATUS(wait_status);
}

static void fail_memory(struct jobrun_state *s)
{
	struct buf limit = BUF_INIT;

	if (s->spec->limits.memory_bytes) {
		buf_adds(&limit, ": over its limit of ");
		units_add_size(&limit, s->spec->limits.memory_bytes);
	}
	fail(s, "out of memory%s", limit.ptr);
	buf_release(&limit);
}

static void fail_late(struct jobrun_state *s, const char *when)
{
	struct buf limit = BUF_INIT;

	pipeline_add_timeout(&limit, s->spec->job->timeout_ms);
	fail(s, "timed out after %s%s", limit.ptr, when);
	buf_release(&limit);
}

/* The signal, or what a shell makes of it. */
static void fail_file_size(struct jobrun_state *s, size_t n)
{
	struct buf limit = BUF_INIT;

	units_add_size(&limit, s->spec->limits.file_bytes);
	fail(s, "command %zu wrote a file larger than maxFileSize (%s)", n,
		limit.ptr);
	buf_release(&limit);
}

/* Runs command n. 0 if the job goes on, -1 with the reason if not. */
static int run_command(struct jobrun_state *s, size_t n)
{
	if (start_command(s, n) < 0)
		return -1;
	while (s->runner.running)
		turn(s);
	int log_error = pumps_end_front(&s->pumps);

	int code = exit_code(s->runner.wait_status);
	jobreport_event(&s->report, (struct event){ .type = EVENT_SH_FINISHED,
					    .n = (int)n,
					    .exit_code = code });
	if (s->timed_out) {
		fail_late(s, "");
	} else if (log_error) {
		fail_log(s, "written", log_error);
	} else if (code && cgroup_oom_kills(&s->cgroup)) {
		fail_memory(s);
	} else if (code && cgroup_refused_forks(&s->cgroup)) {
		fail(s,
			"command %zu failed with exit status %d, at its limit "
			"of %lld processes",
			n, code, (long long)s->spec->limits.processes);
	} else if (s->spec->limits.file_bytes && code == 128 + SIGXFSZ) {
		fail_file_size(s, n);
	} else if (WIFSIGNALED(s->runner.wait_status)) {
		fail(s, "command %zu was killed by signal %d", n,
			WTERMSIG(s->runner.wait_status));
	} else if (code) {
		fail(s, "command %zu failed with exit status %d", n, code);
	}
	return s->reason.len || s->report.stopped ? -1 : 0;
}

/* What the commands left behind, and the ends of their logs. */
static void clean_up(struct jobrun_state *s)
{
	runner_look(&s->runner);
	/* the job's work is done, its limits with it */
	s->deadline = 0;
	usage_release(&s->usage);
	if (s->runner.busy && !s->kill_at)
		begin_end(s);
	while (s->runner.busy)
		turn(s);
	pumps_close(&s->pumps);
}

static int is_late(const struct jobrun_state *s)
{
	return s->keep_until && clock_mono_ms() >= s->keep_until;
}

static int is_stopped(void *arg)
{
	struct jobrun_state *s = arg;

	step(s, clock_mono_ms());
	return s->report.stopped || is_late(s);
}

static void send_artifact(void *arg, const char *path, int64_t size)
{
	struct jobrun_state *s = arg;

	jobreport_event(&s->report, (struct event){ .type = EVENT_ARTIFACT,
					    .path = (char *)path,
					    .size = size });
}

/* Of a job that failed too: what its tests report is wanted most then. */
static void keep_artifacts(struct jobrun_state *s)
{
	const struct jobrun *spec = s->spec;
	struct artifact_keep keep = { .globs = &spec->job->artifacts,
		.workspace_fd = spec->workspace_fd,
		.run_dir_fd = spec->run_dir_fd,
		.max_bytes = spec->limits.artifact_bytes,
		.used_bytes = spec->artifact_bytes,
		.redactor = s->report.redactor,
		.stopped = is_stopped,
		.kept = send_artifact,
		.arg = s };
	struct err e;

	if (s->report.stopped || spec->run_dir_fd < 0 || !keep.globs->n)
		return;
	/* out of time is no reason to keep nothing: it has as much again */
	if (s->timed_out)
		s->keep_until = clock_mono_ms() + spec->job->timeout_ms;
	if (artifact_keep(&keep, &s->unkept, &e) < 0) {
		if (!s->reason.len)
			s->no_space = fault_is_no_space(errno);
		fail(s, "%s", e.text);
	} else if (is_late(s)) {
		fail_late(s, " while its artifacts were kept");
	}
}

/* What it has to say to others. */
static void close_output(struct jobrun_state *s)
{
	const struct joboutput *o = s->spec->output;
	struct err e;

	if (!o)
		return;
	joboutput_clean(o, s->spec->job);
	if (!s->reason.len && !s->report.stopped &&
		joboutput_end(o, s->spec->job, &e) < 0)
		fail(s, "%s", e.text);
}

void jobrun(const struct jobrun *spec)
{
	struct jobrun_state s = { .spec = spec,
		.report = { .job_id = spec->job->id },
		.cgroup = { .base_fd = -1, .procs_fd = -1, .name = BUF_INIT },
		.confine = { &spec->limits, -1 },
		.note = BUF_INIT,
		.reason = BUF_INIT,
		.unkept = BUF_INIT };
	struct err e;

	s.pumps = (struct pumps){ .failed = fail_written, .arg = &s };
	sendq_open(&s.report.up, spec->pipe_fd, 0);
	runner_plain(&s.runner, spec->workspace_fd, &s.confine);
	if (jobsetup(&s, &e) < 0)
		fail(&s, "%s", e.text);
	if (!s.reason.len)
		for (size_t n = 1; n <= spec->job->n_run; n++)
			if (run_command(&s, n) < 0)
				break;
	clean_up(&s);
	cgroup_close(&s.cgroup);
	close_output(&s);
	keep_artifacts(&s);
	/* on a red job, that nothing was there to be kept is no news */
	const char *reason = s.reason.len ? s.reason.ptr : s.unkept.ptr;
	jobreport_event(&s.report,
		(struct event){ .type = EVENT_JOB_FINISHED,
			.outcome = s.reason.len ? "failed" : "complete",
			.reason = *reason ? (char *)reason : NULL,
			.cause = s.no_space ? EVENT_CAUSE_DISK_FULL : NULL });
	while (!s.report.stopped && !sendq_is_empty(&s.report.up))
		step(&s, 0);
	_exit(0);
}
