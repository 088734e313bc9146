#include "ci_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/columns.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "exec/schedule.h"

/* Why each job would be skipped; NULL: it would run. */
struct forecast {
	char **reasons;
	size_t n;
};

static void note_skipped(void *arg, size_t job, const char *reason)
{
	struct forecast *f = arg;

	f->reasons[job] = mem_strdup(reason);
}

static void forecast(struct forecast *f, const struct pipeline *p,
	const struct executor_cause *c)
{
	struct schedule schedule;
	struct buf why = BUF_INIT;

	f->n = p->n_jobs;
	f->reasons = mem_zero(f->n * sizeof(*f->reasons));
	schedule_init(&schedule, p);
	for (size_t i = 0; i < f->n; i++) {
		buf_reset(&why);
		if (!when_matches(&p->jobs[i].when, c->branch, c->tag,
			    c->changed, c->changed_len, &why))
			schedule_skip(&schedule, i, why.ptr, note_skipped, f);
	}
	schedule_release(&schedule);
	buf_release(&why);
}

static void forecast_release(struct forecast *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->reasons[i]);
	free(f->reasons);
}

static void add_names(
	struct buf *b, const struct pipeline *p, const struct job *job)
{
	for (size_t i = 0; i < job->n_needs; i++)
		buf_addf(b, "%s%s", i ? ", " : "", p->jobs[job->needs[i]].id);
}

static void add_globs(struct buf *b, const char *what, const struct strv *globs)
{
	if (!globs->n)
		return;
	buf_addf(b, "%s%s ", b->len ? "; " : "", what);
	for (size_t i = 0; i < globs->n; i++) {
		buf_adds(b, i ? ", " : "");
		utf8_add_plain(b, globs->v[i], strlen(globs->v[i]), 0);
	}
}

/* "branch main, dev; tag v*" */
static void add_when(struct buf *b, const struct when *w)
{
	add_globs(b, "branch", &w->branch);
	add_globs(b, "tag", &w->tag);
	add_globs(b, "paths", &w->paths);
}

enum { ID, NEEDS, WHEN, HERE, N_COLUMNS };

static void add_here(struct buf *b, const char *reason)
{
	if (!reason) {
		buf_adds(b, "runs");
		return;
	}
	buf_adds(b, "skipped: ");
	utf8_add_plain(b, reason, strlen(reason), 0);
}

static void fill_cells(
	struct strv *cells, const struct pipeline *p, const struct forecast *f)
{
	struct buf cell = BUF_INIT;

	strv_push(cells, "job");
	strv_push(cells, "needs");
	strv_push(cells, "when");
	strv_push(cells, "here");
	for (size_t i = 0; i < p->n_jobs; i++) {
		strv_push(cells, p->jobs[i].id);
		add_names(&cell, p, &p->jobs[i]);
		strv_push(cells, cell.len ? cell.ptr : "-");
		buf_reset(&cell);
		add_when(&cell, &p->jobs[i].when);
		strv_push(cells, cell.len ? cell.ptr : "-");
		buf_reset(&cell);
		add_here(&cell, f->reasons[i]);
		strv_push(cells, cell.ptr);
		buf_reset(&cell);
	}
	buf_release(&cell);
}

void ci_list(const struct pipeline *p, const struct executor_cause *c,
	struct buf *out)
{
	struct forecast f;
	struct strv cells = STRV_INIT;
	size_t widths[N_COLUMNS] = { 0 };

	forecast(&f, p, c);
	fill_cells(&cells, p, &f);
	for (size_t i = 0; i < cells.n; i++) {
		size_t columns = columns_of(cells.v[i]);

		if (columns > widths[i % N_COLUMNS])
			widths[i % N_COLUMNS] = columns;
	}
	for (size_t i = 0; i < cells.n; i++) {
		buf_adds(out, cells.v[i]);
		if (i % N_COLUMNS == HERE)
			buf_addc(out, '\n');
		else
			columns_pad(out, columns_of(cells.v[i]),
				widths[i % N_COLUMNS] + 2);
	}
	strv_release(&cells);
	forecast_release(&f);
}

static void add_list(
	struct json_object *to, const char *key, const struct strv *globs)
{
	struct json_object *list;

	if (!globs->n)
		return;
	list = json_object_new_array();
	for (size_t i = 0; i < globs->n; i++)
		if (json_object_array_add(
			    list, json_object_new_string(globs->v[i])) < 0)
			mem_out();
	if (json_object_object_add(to, key, list) < 0)
		mem_out();
}

static struct json_object *job_json(
	const struct pipeline *p, const struct job *job, const char *reason)
{
	struct json_object *o = json_object_new_object();
	struct json_object *needs = json_object_new_array();
	struct json_object *when = json_object_new_object();

	json_add_str(o, "id", job->id);
	for (size_t i = 0; i < job->n_needs; i++)
		if (json_object_array_add(needs,
			    json_object_new_string(p->jobs[job->needs[i]].id)) <
			0)
			mem_out();
	add_list(when, "branch", &job->when.branch);
	add_list(when, "tag", &job->when.tag);
	add_list(when, "paths", &job->when.paths);
	if (json_object_object_add(o, "needs", needs) < 0 ||
		json_object_object_add(o, "when", when) < 0)
		mem_out();
	json_add_bool(o, "runs", !reason);
	json_add_str(o, "reason", reason);
	return o;
}

void ci_list_json(const struct pipeline *p, const struct executor_cause *c,
	struct buf *out)
{
	struct json_object *list = json_object_new_array();
	struct forecast f;

	forecast(&f, p, c);
	for (size_t i = 0; i < p->n_jobs; i++)
		if (json_object_array_add(
			    list, job_json(p, &p->jobs[i], f.reasons[i])) < 0)
			mem_out();
	json_write(out, list, 1);
	buf_addc(out, '\n');
	json_object_put(list);
	forecast_release(&f);
}

/* A quoted string of the DOT language: only '"' is special in it, and '\' for
 * a label. */
static void add_quoted(struct buf *b, const char *text)
{
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			buf_addc(b, '\\');
		buf_addc(b, *text);
	}
}

static void add_node(struct buf *out, const struct job *job, const char *reason)
{
	struct buf when = BUF_INIT;

	add_when(&when, &job->when);
	buf_addf(out, "\t\"%s\" [label=\"%s", job->id, job->id);
	if (when.len) {
		buf_adds(out, "\\n");
		add_quoted(out, when.ptr);
	}
	if (job->allow_failure)
		buf_adds(out, "\\nmay fail");
	buf_addf(out, "\"%s];\n", reason ? ", style=dashed" : "");
	buf_release(&when);
}

void ci_graph(const struct pipeline *p, const struct executor_cause *c,
	struct buf *out)
{
	struct forecast f;

	forecast(&f, p, c);
	buf_adds(out, "digraph pipeline {\n"
		      "\trankdir=LR;\n"
		      "\tnode [shape=box, fontname=\"sans-serif\"];\n");
	for (size_t i = 0; i < p->n_jobs; i++)
		add_node(out, &p->jobs[i], f.reasons[i]);
	for (size_t i = 0; i < p->n_jobs; i++)
		for (size_t k = 0; k < p->jobs[i].n_needs; k++)
			buf_addf(out, "\t\"%s\" -> \"%s\";\n",
				p->jobs[p->jobs[i].needs[k]].id, p->jobs[i].id);
	buf_adds(out, "}\n");
	forecast_release(&f);
}
