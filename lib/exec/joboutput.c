#include "exec/joboutput.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/envword.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/pipeline_graph.h"

#define PATH_BYTES 160 /* an id has 64 at most */
#define NAME "$QUIRE_OUTPUT"

/* A new empty file, whatever was there. */
static int make_empty(int dirfd, const char *path)
{
	if (unlinkat(dirfd, path, 0) < 0 && errno != ENOENT)
		return -1;
	int fd = openat(dirfd, path,
		O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);
	return fd < 0 ? -1 : close(fd);
}

static int add_input(const struct joboutput *o, const struct job *job,
	const struct job *need, int well)
{
	char from[PATH_BYTES], to[PATH_BYTES];

	snprintf(from, sizeof(from), "outputs/%s", need->id);
	snprintf(to, sizeof(to), "inputs/%s/%s", job->id, need->id);
	if (!well)
		return make_empty(o->fd, to);
	return linkat(o->fd, from, o->fd, to, 0);
}

int joboutput_begin(const struct joboutput *o, const struct pipeline *p,
	const struct job *job, const char *well, struct err *e)
{
	char path[PATH_BYTES];
	int failed = 0;

	snprintf(path, sizeof(path), "outputs/%s", job->id);
	if (fs_mkdirs(o->fd, "outputs", 0750) < 0 ||
		make_empty(o->fd, path) < 0)
		return err_sys(e, "%s/%s", o->dir, path);
	snprintf(path, sizeof(path), "inputs/%s", job->id);
	if (fs_remove_tree(o->fd, path) < 0 || fs_mkdirs(o->fd, path, 0750) < 0)
		return err_sys(e, "%s/%s", o->dir, path);
	char *seen = mem_zero(p->n_jobs);
	size_t *needs = mem_resize(NULL, p->n_jobs, sizeof(*needs));
	size_t n = pipeline_all_needs(p, job, seen, needs);
	free(seen);
	for (size_t i = 0; i < n && !failed; i++)
		if (add_input(o, job, &p->jobs[needs[i]], well[needs[i]]) < 0)
			failed = err_sys(e, "%s/%s/%s", o->dir, path,
				p->jobs[needs[i]].id);
	free(needs);
	return failed;
}

static int check_line(
	const char *line, size_t len, size_t number, struct err *e)
{
	const char *equals = memchr(line, '=', len);

	if (equals && envword_is_name(line, (size_t)(equals - line)) &&
		!memchr(line, '\0', len))
		return 0;
	return err_set(e, EXIT_RED,
		NAME ", line %zu: not KEY=VALUE with the name of a variable",
		number);
}

static int check_lines(const struct buf *text, struct err *e)
{
	const char *line = text->ptr, *end = text->ptr + text->len;
	size_t number = 1;

	for (; line < end; number++) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		size_t len = (size_t)((newline ? newline : end) - line);

		if (check_line(line, len, number, e) < 0)
			return -1;
		line += len + 1;
	}
	return 0;
}

int joboutput_end(
	const struct joboutput *o, const struct job *job, struct err *e)
{
	struct buf text = BUF_INIT;
	char path[PATH_BYTES];
	int ret;

	snprintf(path, sizeof(path), "outputs/%s", job->id);
	if (fs_read_file(o->fd, path, &text, JOBOUTPUT_MAX) == 0)
		ret = check_lines(&text, e);
	else if (errno == ENOENT) /* removed by the job: it says nothing */
		ret = make_empty(o->fd, path) < 0 ? err_sys(e, NAME) : 0;
	else if (errno == EFBIG)
		ret = err_set(e, EXIT_RED,
			NAME ": larger than %d bytes, the limit",
			JOBOUTPUT_MAX);
	else
		ret = err_sys(e, NAME);
	buf_release(&text);
	/* a link in its place was refused above */
	if (ret == 0 && fchmodat(o->fd, path, 0440, 0) < 0)
		return err_sys(e, NAME);
	return ret;
}

void joboutput_clean(const struct joboutput *o, const struct job *job)
{
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), "inputs/%s", job->id);
	(void)fs_remove_tree(o->fd, path);
}
