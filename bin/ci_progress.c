#include "ci_progress.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/columns.h"
#include "base/mem.h"
#include "base/utf8.h"

void ci_progress_init(struct ci_progress *p, const struct ci_jobs *jobs,
	struct buf *out, int colour)
{
	*p = (struct ci_progress){ jobs, out, colour, NULL };
}

void ci_progress_release(struct ci_progress *p)
{
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

/* Every line of a command that has several. */
static void show_command(
	struct ci_progress *p, const char *job_id, const char *cmd)
{
	const char *mark = "$";

	while (*cmd) {
		size_t len = strcspn(cmd, "\n");

		buf_addf(p->out, "%s %s ", job_id, mark);
		colour(p, CI_BOLD);
		utf8_add_plain(p->out, cmd, len, 1);
		colour(p, CI_PLAIN);
		buf_addc(p->out, '\n');
		cmd += len + (cmd[len] == '\n');
		mark = ">";
	}
}

static void add_word(struct ci_progress *p, enum ci_state state, size_t width)
{
	const char *text = ci_state_word(state);

	colour(p, ci_state_colour(state));
	buf_adds(p->out, text);
	colour(p, CI_PLAIN);
	columns_pad(p->out, strlen(text), width);
}

static void show_end(struct ci_progress *p, const char *id)
{
	const struct ci_job *job = ci_jobs_find(p->jobs, id);

	if (!job)
		return;
	buf_addf(p->out, "%s: ", id);
	add_word(p, job->state, 0);
	if (job->state != CI_SKIPPED) {
		buf_adds(p->out, " in ");
		clock_add_span(p->out, job->span_ms);
	}
	if (job->reason)
		buf_addf(p->out, ": %s", job->reason);
	buf_addc(p->out, '\n');
}

void ci_progress_event(struct ci_progress *p, const struct event *ev)
{
	end_line(p);
	switch (ev->type) {
	case EVENT_SH_STARTED:
		show_command(p, ev->job_id, ev->cmd);
		break;
	case EVENT_JOB_FINISHED:
	case EVENT_JOB_SKIPPED:
		show_end(p, ev->job_id);
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
			colour(p, CI_FAINT);
			buf_addf(p->out, "%s |", job_id);
			colour(p, CI_PLAIN);
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
	const struct pipeline *pl = p->jobs->pipeline;
	const struct ci_job *jobs = p->jobs->v;
	size_t id_width = strlen("job"), word_width = strlen("outcome");

	end_line(p);
	for (size_t i = 0; i < pl->n_jobs; i++) {
		size_t id = strlen(pl->jobs[i].id);
		size_t text = strlen(ci_state_word(jobs[i].state));

		id_width = id > id_width ? id : id_width;
		word_width = text > word_width ? text : word_width;
	}
	buf_addc(p->out, '\n');
	colour(p, CI_BOLD);
	buf_addf(p->out, "%-*s  %-*s  time\n", (int)id_width, "job",
		(int)word_width, "outcome");
	colour(p, CI_PLAIN);
	for (size_t i = 0; i < pl->n_jobs; i++) {
		buf_addf(p->out, "%-*s  ", (int)id_width, pl->jobs[i].id);
		add_word(p, jobs[i].state, word_width);
		buf_adds(p->out, "  ");
		if (jobs[i].began_ms)
			clock_add_span(p->out, ci_job_span(&jobs[i]));
		else
			buf_addc(p->out, '-');
		if (jobs[i].reason)
			buf_addf(p->out, "  %s", jobs[i].reason);
		buf_addc(p->out, '\n');
	}
}
