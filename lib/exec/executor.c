#include "exec/executor.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "exec/artifact.h"
#include "exec/jobproc.h"
#include "exec/proctree.h"
#include "exec/schedule.h"

/* a job's process ends its tree within the grace; then it is helped */
#define STOP_MS (PROCTREE_GRACE_MS + 500)

struct state {
	const struct executor *x;
	struct schedule schedule;
	char *well; /* of each job: whether it has ended well */
	struct jobproc *running;
	size_t n_running;
	int signals; /* signalfd */
	sigset_t old_mask;
	int hangup_fd;
	int out_gone; /* nobody reads it any more */
	int refused; /* output() takes no more */
	int64_t deadline; /* monotonic; 0: none */
	int64_t *artifact_bytes; /* shared by the jobs' processes */
	int stopping;
	int64_t kill_at; /* monotonic, when stopping */
	struct executor_result result;
	struct buf failed; /* the jobs that did, for the reason */
	int no_space; /* one of them for want of space for its log */
};

static void emit(struct state *s, struct event ev)
{
	struct buf line = BUF_INIT;

	ev.at_ms = -1;
	event_write(&line, &ev);
	s->x->event(s->x->arg, &ev, line.ptr, line.len);
	buf_release(&line);
}

static void emit_pipeline(struct state *s)
{
	const struct pipeline *p = s->x->pipeline;
	struct event_job *jobs = mem_zero(p->n_jobs * sizeof(*jobs));

	for (size_t i = 0; i < p->n_jobs; i++) {
		jobs[i].id = p->jobs[i].id;
		jobs[i].allow_failure = p->jobs[i].allow_failure;
		for (size_t k = 0; k < p->jobs[i].n_needs; k++)
			strv_push(&jobs[i].needs,
				p->jobs[p->jobs[i].needs[k]].id);
	}
	emit(s, (struct event){ .type = EVENT_PIPELINE,
			.jobs = jobs,
			.n_jobs = p->n_jobs,
			.timeout_ms = p->timeout_ms });
	for (size_t i = 0; i < p->n_jobs; i++)
		strv_release(&jobs[i].needs);
	free(jobs);
}

/* The schedule tells which jobs will not run, and why. */
static void emit_skipped(void *arg, size_t job, const char *reason)
{
	struct state *s = arg;

	emit(s, (struct event){ .type = EVENT_JOB_SKIPPED,
			.job_id = s->x->pipeline->jobs[job].id,
			.reason = (char *)reason });
}

static void skip_unmatched(struct state *s)
{
	const struct pipeline *p = s->x->pipeline;
	const struct executor_cause *c = &s->x->cause;
	struct buf why = BUF_INIT;

	for (size_t i = 0; i < p->n_jobs; i++) {
		buf_reset(&why);
		if (!when_matches(&p->jobs[i].when, c->branch, c->tag,
			    c->changed, c->changed_len, &why))
			schedule_skip(
				&s->schedule, i, why.ptr, emit_skipped, s);
	}
	buf_release(&why);
}

/* Those that are waiting begin no more. */
static void skip_rest(struct state *s, const char *failed)
{
	struct buf why = BUF_INIT;

	buf_addf(&why, "not started, since '%s' failed", failed);
	for (size_t i = 0; i < s->x->pipeline->n_jobs; i++)
		schedule_skip(&s->schedule, i, why.ptr, emit_skipped, s);
	buf_release(&why);
}

/* cause: of its failure, or NULL. */
static void job_ended(struct state *s, size_t job, int ok, const char *cause)
{
	const struct job *j = &s->x->pipeline->jobs[job];

	s->well[job] = (char)ok;
	if (!ok && !j->allow_failure) {
		s->result.outcome = EXECUTOR_RED;
		if (cause && strcmp(cause, EVENT_CAUSE_DISK_FULL) == 0)
			s->no_space = 1;
		buf_addf(&s->failed, "%s%s", s->failed.len ? ", " : "", j->id);
	}
	schedule_end(
		&s->schedule, job, ok || j->allow_failure, emit_skipped, s);
	if (s->x->fail_fast && s->result.outcome == EXECUTOR_RED)
		skip_rest(s, j->id);
}

static int start_job(struct state *s, size_t job, struct err *e)
{
	const struct executor *x = s->x;
	const struct jobrun spec = {
		.pipeline = x->pipeline,
		.job = &x->pipeline->jobs[job],
		.evaluates = x->evaluates,
		.workspace_fd = x->workspace_fd,
		.run_dir_fd = x->run_dir_fd,
		.scratch_fd = x->scratch_fd,
		.max_log = x->max_log,
		.output = x->output_to,
		.well = s->well,
		.limits = limit_for_job(
			&x->limits, &x->pipeline->jobs[job].resources),
		.cgroups = x->cgroups,
		.artifact_bytes = s->artifact_bytes,
		.env = x->env,
		.sandbox = x->sandbox,
		.secrets = x->secrets,
	};

	if (jobproc_start(&s->running[s->n_running], job, &spec, e) < 0)
		return -1;
	s->n_running++;
	/* said here, where the order is that of the starts */
	emit(s, (struct event){ .type = EVENT_JOB_STARTED,
			.job_id = x->pipeline->jobs[job].id });
	return 0;
}

static int start_ready(struct state *s, struct err *e)
{
	size_t job;

	while (!s->stopping &&
		s->n_running < (size_t)s->x->pipeline->parallel &&
		schedule_next(&s->schedule, &job))
		if (start_job(s, job, e) < 0)
			return -1;
	return 0;
}

static void take_event(
	struct state *s, struct jobproc *r, const char *line, size_t len)
{
	struct event ev;
	struct err e;

	/* our own words: what can't be read was never said */
	if (event_parse(&ev, line, len, &e) < 0)
		return;
	s->x->event(s->x->arg, &ev, line, len);
	if (ev.type == EVENT_JOB_FINISHED) {
		r->finished = 1;
		job_ended(s, r->job, strcmp(ev.outcome, "complete") == 0,
			ev.cause);
	}
	event_release(&ev);
}

static void take_frame(void *arg, struct jobproc *r, uint8_t kind,
	const char *data, size_t len)
{
	struct state *s = arg;
	const struct executor *x = s->x;

	if (kind == 'E')
		take_event(s, r, data, len);
	else if (x->output && !s->refused &&
		 x->output(x->arg, x->pipeline->jobs[r->job].id,
			 kind == 'O' ? CRILOG_STDOUT : CRILOG_STDERR, data,
			 len) < 0)
		s->refused = 1;
}

/* What a killed job's process had below it is ours now, beside the processes
 * of the other jobs. Not at once, what will not go is met again at the end. */
static void end_orphans(struct state *s, const struct jobproc *dead)
{
	pid_t *keep = mem_resize(NULL, s->n_running, sizeof(*keep));
	struct err ignored;
	size_t n = 0;

	for (size_t i = 0; i < s->n_running; i++)
		if (&s->running[i] != dead)
			keep[n++] = s->running[i].pid;
	proctree_end_others(keep, n, &ignored);
	free(keep);
}

/* A job's process ended. If it did not say how the job went, it was killed. */
static void reap_job(struct state *s, struct jobproc *r)
{
	struct buf reason = BUF_INIT;

	buf_adds(&reason, "the process that ran the job ");
	jobproc_reap(r, &reason);
	if (!r->finished && !s->stopping) {
		end_orphans(s, r);
		emit(s, (struct event){ .type = EVENT_JOB_FINISHED,
				.job_id = s->x->pipeline->jobs[r->job].id,
				.outcome = "failed",
				.reason = reason.ptr });
		job_ended(s, r->job, 0, NULL);
	}
	buf_release(&reason);
	jobproc_release(r);
	*r = s->running[--s->n_running];
}

static void stop(struct state *s, enum executor_outcome outcome, int sig)
{
	if (s->stopping)
		return;
	s->stopping = 1;
	s->result = (struct executor_result){ outcome, sig };
	s->kill_at = clock_mono_ms() + STOP_MS;
	for (size_t i = 0; i < s->n_running; i++)
		kill(s->running[i].pid, SIGTERM);
}

static void take_signals(struct state *s)
{
	struct signalfd_siginfo info;

	while (read(s->signals, &info, sizeof(info)) == sizeof(info))
		stop(s, EXECUTOR_SIGNAL, (int)info.ssi_signo);
}

/* The supervisor says nothing; only its end is of interest. */
static void read_hangup(struct state *s)
{
	char bytes[64];
	ssize_t n = read(s->hangup_fd, bytes, sizeof(bytes));

	if (n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN)))
		return;
	s->hangup_fd = -1;
	stop(s, EXECUTOR_HANGUP, 0);
}

static int until_next(const struct state *s)
{
	int64_t until = s->stopping ? s->kill_at : s->deadline;

	if (!until)
		return -1;
	int64_t ms = until - clock_mono_ms();
	if (ms < 0)
		return 0;
	return ms > 3600000 ? 3600000 : (int)ms;
}

static void read_jobs(struct state *s, const struct pollfd *fds)
{
	/* backwards: the last one takes the place of one that ended */
	for (size_t i = s->n_running; i-- > 0;) {
		struct jobproc *r = &s->running[i];

		if (!fds[i].revents)
			continue;
		int more = jobproc_read(r);
		jobproc_take(r, take_frame, s);
		if (!more)
			reap_job(s, r);
	}
}

/* Nobody reads any more: jobs must not work for nobody. */
static void lose_out(struct state *s)
{
	s->out_gone = 1;
	stop(s, EXECUTOR_HANGUP, 0);
}

static void flush_some(struct state *s)
{
	if (s->out_gone)
		buf_reset(&s->x->out->pending);
	else if (sendq_flush(s->x->out) < 0)
		lose_out(s);
}

/* Lets who shows the run do so; how long to sleep then. */
static int show_turn(struct state *s)
{
	int shown_ms = s->x->turn ? s->x->turn(s->x->arg) : -1;
	int ms = until_next(s);

	return ms < 0 || (shown_ms >= 0 && shown_ms < ms) ? shown_ms : ms;
}

/* descriptors beside those of the jobs */
#define N_OTHERS 4

/* One turn of the loop: sleeps until something happens, and sees to it. */
static int turn(struct state *s, struct pollfd *fds, struct err *e)
{
	const struct sendq *out = s->x->out;
	int wait_ms = show_turn(s);
	int read_from = s->stopping || !sendq_is_full(out);
	size_t n = s->n_running;

	fds[0] = (struct pollfd){ s->signals, POLLIN, 0 };
	fds[1] = (struct pollfd){ s->hangup_fd, POLLIN, 0 };
	/* that its reader goes away is seen with nothing to write, too */
	fds[2] = (struct pollfd){ s->out_gone ? -1 : out->fd,
		sendq_is_empty(out) ? 0 : POLLOUT, 0 };
	fds[3] = (struct pollfd){ s->x->turn ? s->x->watch_fd : -1, POLLIN, 0 };
	for (size_t i = 0; i < n; i++)
		fds[N_OTHERS + i] =
			(struct pollfd){ read_from ? s->running[i].pipe : -1,
				POLLIN, 0 };
	if (poll(fds, N_OTHERS + n, wait_ms) < 0) {
		if (errno != EINTR)
			return err_sys(e, "poll");
		return 0;
	}
	if (fds[0].revents)
		take_signals(s);
	if (fds[1].revents)
		read_hangup(s);
	if (fds[2].revents & (POLLERR | POLLHUP | POLLNVAL)) {
		s->x->out->error = EPIPE;
		lose_out(s);
	}
	if (read_from)
		read_jobs(s, fds + N_OTHERS);
	if (s->refused)
		stop(s, EXECUTOR_REFUSED, 0);
	flush_some(s);
	if (s->deadline && clock_mono_ms() >= s->deadline)
		stop(s, EXECUTOR_TIMEOUT, 0);
	return 0;
}

static int loop(struct state *s, struct err *e)
{
	struct pollfd *fds = mem_zero(
		(N_OTHERS + (size_t)s->x->pipeline->parallel) * sizeof(*fds));
	int ret = start_ready(s, e);

	while (ret == 0 && s->n_running) {
		if (s->stopping && clock_mono_ms() >= s->kill_at)
			break;
		ret = turn(s, fds, e);
		if (ret == 0)
			ret = start_ready(s, e);
	}
	free(fds);
	return ret;
}

/* The rest of what is queued for the reader. */
static int flush_out(struct state *s, struct err *e)
{
	struct pollfd fds[N_OTHERS];

	while (!s->stopping && !sendq_is_empty(s->x->out))
		if (turn(s, fds, e) < 0)
			return -1;
	return 0;
}

static int set_up(struct state *s, struct err *e)
{
	const struct executor *x = s->x;
	sigset_t caught;

	s->hangup_fd = x->hangup_fd;
	s->running = mem_zero(
		((size_t)x->pipeline->parallel + 1) * sizeof(*s->running));
	if (x->timeout_ms)
		s->deadline = clock_mono_ms() + x->timeout_ms;
	schedule_init(&s->schedule, x->pipeline);
	s->well = mem_zero(x->pipeline->n_jobs);
	s->artifact_bytes = artifact_count_new();
	if (!s->artifact_bytes)
		return err_sys(e, "can't get memory");
	sigemptyset(&caught);
	sigaddset(&caught, SIGTERM);
	sigaddset(&caught, SIGINT);
	sigaddset(&caught, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &caught, &s->old_mask) < 0)
		return err_sys(e, "signals");
	s->signals = signalfd(-1, &caught, SFD_NONBLOCK | SFD_CLOEXEC);
	if (s->signals < 0)
		return err_sys(e, "signals");
	return 0;
}

static void tear_down(struct state *s)
{
	for (size_t i = 0; i < s->n_running; i++)
		jobproc_release(&s->running[i]);
	free(s->running);
	artifact_count_free(s->artifact_bytes);
	schedule_release(&s->schedule);
	free(s->well);
	buf_release(&s->failed);
	if (s->signals >= 0)
		close(s->signals);
	sigprocmask(SIG_SETMASK, &s->old_mask, NULL);
}

static void emit_finished(struct state *s)
{
	struct buf reason = BUF_INIT;

	if (s->failed.len)
		buf_addf(&reason, "%sfailed: %s",
			s->no_space ? "no space was left for a log; " : "",
			s->failed.ptr);
	emit(s, (struct event){ .type = EVENT_RUN_FINISHED,
			.outcome =
				s->failed.len ? "pipeline-failure" : "success",
			.reason = s->failed.len ? reason.ptr : NULL,
			.cause = s->no_space ? EVENT_CAUSE_DISK_FULL : NULL });
	buf_release(&reason);
}

int executor_run(
	const struct executor *x, struct executor_result *result, struct err *e)
{
	struct state s = { .x = x, .signals = -1, .failed = BUF_INIT };
	struct err ignored;
	int ret = set_up(&s, e);

	if (ret == 0) {
		emit_pipeline(&s);
		skip_unmatched(&s);
		ret = loop(&s, e);
	}
	/* all have ended on their own, or what is left is to go now */
	int ended = proctree_end(0, NULL, NULL, ret < 0 ? &ignored : e);
	if (ret == 0)
		ret = ended;
	if (ret == 0 && !s.stopping) {
		emit_finished(&s);
		ret = flush_out(&s, e);
	}
	tear_down(&s);
	*result = s.result;
	return ret;
}
