#include "ci_progress.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/utf8.h"

#define BOLD "\033[1m"
#define FAINT "\033[2m"
#define RED "\033[31m"
#define GREEN "\033[32m"
#define YELLOW "\033[33m"
#define PLAIN "\033[0m"

enum shown { PENDING, ACTIVE, COMPLETE, FAILED, ALLOWED, SKIPPED };

struct ci_progress_job {
	enum shown shown;
	int64_t began_ms; /* monotonic */
	int64_t span_ms;
	char *reason;
};

void ci_progress_init(struct ci_progress *p, const struct pipeline *pipeline,
	struct buf *out, int colour)
{
	*p = (struct ci_progress){ pipeline, out, colour, NULL, NULL };
	p->jobs = mem_zero(pipeline->n_jobs * sizeof(*p->jobs));
}

void ci_progress_release(struct ci_progress *p)
{
	for (size_t i = 0; i < p->pipeline->n_jobs; i++)
		free(p->jobs[i].reason);
	free(p->jobs);
	free(p->mid_line);
	*p = (struct ci_progress){ 0 };
}

static void colour(struct ci_progress *p, const char *code)
{
	if (p->colour)
		buf_adds(p->out, code);
}

static void end_line(struct ci_progress *p)
{
	if (p->mid_line)
		buf_addc(p->out, '\n');
	free(p->mid_line);
	p->mid_line = NULL;
}

/* NULL for a job that is none: the stream may know more than the file. */
static struct ci_progress_job *find_job(struct ci_progress *p, const char *id)
{
	for (size_t i = 0; id && i < p->pipeline->n_jobs; i++)
		if (strcmp(p->pipeline->jobs[i].id, id) == 0)
			return &p->jobs[i];
	return NULL;
}

/* Every line of a command that has several. */
static void show_command(
	struct ci_progress *p, const char *job_id, const char *cmd)
{
	const char *mark = "$";

	while (*cmd) {
		size_t len = strcspn(cmd, "\n");

		buf_addf(p->out, "%s %s ", job_id, mark);
		colour(p, BOLD);
		utf8_add_plain(p->out, cmd, len, 1);
		colour(p, PLAIN);
		buf_addc(p->out, '\n');
		cmd += len + (cmd[len] == '\n');
		mark = ">";
	}
}

static const char *word(enum shown shown)
{
	static const char *const words[] = {
		[PENDING] = "not run",
		[ACTIVE] = "aborted",
		[COMPLETE] = "complete",
		[FAILED] = "failed",
		[ALLOWED] = "failed (allowed)",
		[SKIPPED] = "skipped",
	};

	return words[shown];
}

static const char *paint(enum shown shown)
{
	return shown == COMPLETE		    ? GREEN
	       : shown == FAILED || shown == ACTIVE ? RED
						    : YELLOW;
}

static void add_word(struct ci_progress *p, enum shown shown, size_t width)
{
	const char *text = word(shown);

	colour(p, paint(shown));
	buf_adds(p->out, text);
	colour(p, PLAIN);
	for (size_t len = strlen(text); len < width; len++)
		buf_addc(p->out, ' ');
}

static void show_end(struct ci_progress *p, const char *id,
	const struct ci_progress_job *job)
{
	buf_addf(p->out, "%s: ", id);
	add_word(p, job->shown, 0);
	if (job->shown != SKIPPED) {
		buf_adds(p->out, " in ");
		clock_add_span(p->out, job->span_ms);
	}
	if (job->reason)
		buf_addf(p->out, ": %s", job->reason);
	buf_addc(p->out, '\n');
}

static void end_job(struct ci_progress *p, const struct event *ev)
{
	struct ci_progress_job *job = find_job(p, ev->job_id);

	if (!job)
		return;
	if (ev->type == EVENT_JOB_SKIPPED)
		job->shown = SKIPPED;
	else if (strcmp(ev->outcome, "complete") == 0)
		job->shown = COMPLETE;
	else if (p->pipeline->jobs[job - p->jobs].allow_failure)
		job->shown = ALLOWED;
	else
		job->shown = FAILED;
	if (ev->type == EVENT_JOB_FINISHED && job->began_ms)
		job->span_ms = clock_mono_ms() - job->began_ms;
	if (ev->reason) {
		struct buf plain = BUF_INIT;

		utf8_add_plain(&plain, ev->reason, strlen(ev->reason), 0);
		free(job->reason);
		job->reason = buf_detach(&plain);
	}
	show_end(p, ev->job_id, job);
}

void ci_progress_event(struct ci_progress *p, const struct event *ev)
{
	struct ci_progress_job *job;

	end_line(p);
	switch (ev->type) {
	case EVENT_JOB_STARTED:
		job = find_job(p, ev->job_id);
		if (job) {
			job->shown = ACTIVE;
			job->began_ms = clock_mono_ms();
		}
		break;
	case EVENT_SH_STARTED:
		show_command(p, ev->job_id, ev->cmd);
		break;
	case EVENT_JOB_FINISHED:
	case EVENT_JOB_SKIPPED:
		end_job(p, ev);
		break;
	default:
		break;
	}
}

void ci_progress_output(
	struct ci_progress *p, const char *job_id, const char *data, size_t len)
{
	if (p->mid_line && strcmp(p->mid_line, job_id) != 0)
		end_line(p);
	while (len) {
		const char *newline = memchr(data, '\n', len);
		size_t take = newline ? (size_t)(newline - data) + 1 : len;

		if (!p->mid_line) {
			colour(p, FAINT);
			buf_addf(p->out, "%s |", job_id);
			colour(p, PLAIN);
			buf_addc(p->out, ' ');
		}
		buf_add(p->out, data, take);
		if (newline) {
			free(p->mid_line);
			p->mid_line = NULL;
		} else if (!p->mid_line) {
			p->mid_line = mem_strdup(job_id);
		}
		data += take;
		len -= take;
	}
}

void ci_progress_table(struct ci_progress *p)
{
	const struct pipeline *pl = p->pipeline;
	size_t id_width = strlen("job"), word_width = strlen("outcome");

	end_line(p);
	for (size_t i = 0; i < pl->n_jobs; i++) {
		size_t id = strlen(pl->jobs[i].id);
		size_t text = strlen(word(p->jobs[i].shown));

		id_width = id > id_width ? id : id_width;
		word_width = text > word_width ? text : word_width;
	}
	buf_addc(p->out, '\n');
	colour(p, BOLD);
	buf_addf(p->out, "%-*s  %-*s  time\n", (int)id_width, "job",
		(int)word_width, "outcome");
	colour(p, PLAIN);
	for (size_t i = 0; i < pl->n_jobs; i++) {
		const struct ci_progress_job *job = &p->jobs[i];
		int64_t span = job->shown == ACTIVE
				       ? clock_mono_ms() - job->began_ms
				       : job->span_ms;

		buf_addf(p->out, "%-*s  ", (int)id_width, pl->jobs[i].id);
		add_word(p, job->shown, word_width);
		buf_adds(p->out, "  ");
		if (job->began_ms)
			clock_add_span(p->out, span);
		else
			buf_addc(p->out, '-');
		if (job->reason)
			buf_addf(p->out, "  %s", job->reason);
		buf_addc(p->out, '\n');
	}
}
