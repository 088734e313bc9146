/*
 * Which artifacts a run has, by its events.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/event.h"
#include "base/mem.h"
#include "exec/artifact.h"

void artifact_release(struct artifact *a)
{
	free(a->path);
	free(a->job);
	*a = (struct artifact){ 0 };
}

void artifact_list_release(struct artifact_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		artifact_release(&l->files[i]);
	free(l->files);
	*l = (struct artifact_list){ 0 };
}

static void add(struct artifact_list *l, struct event *ev)
{
	if (l->n == l->size) {
		l->size = l->size ? 2 * l->size : 16;
		l->files = mem_resize(l->files, l->size, sizeof(*l->files));
	}
	l->files[l->n] =
		(struct artifact){ ev->path, ev->job_id, ev->size, l->n };
	l->n++;
	ev->path = ev->job_id = NULL;
}

/* By path, and of one path the last that was kept first. */
static int by_path(const void *a, const void *b)
{
	const struct artifact *x = a, *y = b;
	int order = strcmp(x->path, y->path);

	if (order)
		return order;
	return x->nth > y->nth ? -1 : x->nth < y->nth;
}

/* Of one path only the last is there. */
static void sort(struct artifact_list *l)
{
	size_t n = 0;

	if (l->n)
		qsort(l->files, l->n, sizeof(*l->files), by_path);
	for (size_t i = 0; i < l->n; i++) {
		if (n && !strcmp(l->files[n - 1].path, l->files[i].path))
			artifact_release(&l->files[i]);
		else
			l->files[n++] = l->files[i];
	}
	l->n = n;
}

int artifact_list_read(struct artifact_list *l, int run_dir_fd, struct err *e)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	*l = (struct artifact_list){ 0 };
	int fd = openat(run_dir_fd, "events.jsonl",
		O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : err_sys(e, "events.jsonl");
	FILE *f = fdopen(fd, "r");
	if (!f) {
		err_sys(e, "events.jsonl");
		close(fd);
		return -1;
	}
	while (errno = 0, (len = getline(&line, &size, f)) > 0) {
		struct event ev;
		struct err bad;

		if (!memmem(line, (size_t)len, "\"artifact\"", 10) ||
			event_parse(&ev, line, (size_t)len, &bad) < 0)
			continue;
		if (ev.type == EVENT_ARTIFACT)
			add(l, &ev);
		event_release(&ev);
	}
	int rc = ferror(f) ? err_sys(e, "events.jsonl") : 0;
	free(line);
	fclose(f);
	sort(l);
	return rc;
}
