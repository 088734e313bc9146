/*
 * The list of a run's artifacts: a part of its page, and a page of its own for
 * those below a folder of them.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/name.h"
#include "exec/artifact.h"
#include "web/html.h"
#include "web/route.h"
#include "web/run_folder.h"
#include "web/run_parts.h"

#define UNFOLDED_MAX 10 /* more are folded */
#define LISTED_MAX 200 /* more are on the page of their own */

/* 1; 0: the run has kept none, or nothing of it is left; -1. */
static int load(struct artifact_list *l, struct page *p, const struct run *r,
	struct err *e)
{
	int dir = run_folder_open(p->home, r->repo, r->id);
	struct stat st;
	int got = 0;

	*l = (struct artifact_list){ 0 };
	if (dir < 0)
		return 0;
	/* reading all events is only for runs that have some */
	if (!fstatat(dir, ARTIFACT_FOLDER, &st, AT_SYMLINK_NOFOLLOW) &&
		S_ISDIR(st.st_mode))
		got = artifact_list_read(l, dir, e);
	close(dir);
	return got < 0 ? -1 : l->n > 0;
}

static void url_artifacts(
	struct buf *b, const struct page *p, const struct run *r)
{
	url_run(b, p, r);
	html_raw(b, "/artifacts/");
}

static void add_files(struct page *p, const struct run *r,
	const struct artifact *files, size_t n)
{
	struct buf *b = &p->res->body;

	html_raw(b, "<ul class=\"files\">\n");
	for (size_t i = 0; i < n; i++) {
		html_raw(b, "<li><a href=\"");
		url_artifacts(b, p, r);
		html_url_path(b, files[i].path);
		html_raw(b, "\">");
		html_text(b, files[i].path);
		html_raw(b, "</a> <span class=\"by\">");
		html_text(b, files[i].job);
		html_raw(b, "</span> <span class=\"size\">");
		html_size(b, files[i].size);
		html_raw(b, "</span></li>\n");
	}
	html_raw(b, "</ul>\n");
}

/* "12 files, 3.4 MB" */
static void add_sum(struct buf *b, const struct artifact *files, size_t n)
{
	int64_t bytes = 0;

	for (size_t i = 0; i < n; i++)
		bytes += files[i].size;
	html_int(b, (int64_t)n);
	if (n == 1)
		html_raw(b, " file, ");
	else
		html_raw(b, " files, ");
	html_size(b, bytes);
}

static void add_list(
	struct page *p, const struct run *r, const struct artifact_list *l)
{
	struct buf *b = &p->res->body;

	if (l->n <= UNFOLDED_MAX) {
		add_files(p, r, l->files, l->n);
		return;
	}
	html_raw(b, "<details id=\"artifact-files\"><summary>");
	add_sum(b, l->files, l->n);
	html_raw(b, "</summary>\n");
	add_files(p, r, l->files, l->n < LISTED_MAX ? l->n : LISTED_MAX);
	if (l->n > LISTED_MAX) {
		html_raw(b, "<p class=\"links\"><a href=\"");
		url_artifacts(b, p, r);
		html_raw(b, "\">All ");
		html_int(b, (int64_t)l->n);
		html_raw(b, "</a></p>\n");
	}
	html_raw(b, "</details>\n");
}

void run_artifacts(struct page *p, const struct run *r)
{
	struct buf *b = &p->res->body;
	struct artifact_list l;
	struct err e;
	int got;

	if (p->access != ACCESS_ALL || r->state == RUN_PENDING)
		return;
	got = load(&l, p, r, &e);
	if (!got)
		return;
	html_raw(b, "<section class=\"artifacts\" "
		    "aria-labelledby=\"artifacts\">\n"
		    "<h2 id=\"artifacts\">Artifacts</h2>\n");
	if (got < 0)
		html_raw(b, "<p class=\"empty\">Their list cannot be read."
			    "</p>\n");
	else
		add_list(p, r, &l);
	html_raw(b, "</section>\n");
	artifact_list_release(&l);
}

/* They are sorted by path: what begins with the folder is a piece. */
static size_t find_below(
	const struct artifact_list *l, const char *folder, size_t *first)
{
	size_t len = strlen(folder), n = 0;

	*first = 0;
	while (*first < l->n &&
		strncmp(l->files[*first].path, folder, len) != 0)
		++*first;
	while (*first + n < l->n &&
		!strncmp(l->files[*first + n].path, folder, len))
		n++;
	return n;
}

static void begin(struct page *p, const struct run *r)
{
	struct buf title = BUF_INIT;

	buf_adds(&title, "artifacts: ");
	buf_add(&title, r->repo, name_short_len(r->repo));
	buf_addf(&title, " #%lld", (long long)r->number);
	frame_begin(p, &(struct frame){
			       .title = title.ptr,
			       .repo = r->repo,
			       .run = r,
		       });
	buf_release(&title);
}

int artifacts_page(struct page *p, const struct run *r, struct err *e)
{
	struct buf *b = &p->res->body;
	const char *folder = p->rt->artifact;
	struct artifact_list l;
	size_t first, n;
	int got = load(&l, p, r, e);

	if (got < 0)
		return -1;
	n = find_below(&l, folder, &first);
	if (!n) {
		artifact_list_release(&l);
		return page_not_found(p);
	}
	begin(p, r);
	html_raw(b, "<div class=\"title\"><h1>Artifacts</h1></div>\n"
		    "<section class=\"artifacts\">\n<p class=\"meta\">");
	if (*folder) {
		html_raw(b, "<code>");
		html_text(b, folder);
		html_raw(b, "</code> ");
	}
	add_sum(b, l.files + first, n);
	html_raw(b, " of <a href=\"");
	url_run(b, p, r);
	html_raw(b, "\">");
	show_subject(b, r);
	html_raw(b, "</a></p>\n");
	add_files(p, r, l.files + first, n);
	html_raw(b, "</section>\n");
	frame_end(p);
	artifact_list_release(&l);
	return 0;
}
