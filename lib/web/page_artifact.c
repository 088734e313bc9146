/*
 * One artifact of a run, as it was kept, in constant memory; or a list of them.
 *
 * It comes from the site's own address and was made by whoever may push. So a
 * browser is told to treat it as from an origin of its own, with which nothing
 * runs and from which nothing but pictures, styles and fonts is loaded: enough
 * for a report of HTML to be read.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "exec/artifact.h"
#include "web/media_type.h"
#include "web/page.h"
#include "web/route.h"
#include "web/run_folder.h"
#include "web/run_parts.h"

#define POLICY                                                    \
	"sandbox; default-src 'none'; img-src 'self' data:; "     \
	"style-src 'self'; font-src 'self'; form-action 'none'; " \
	"base-uri 'none'; frame-ancestors 'none'"

#define CHUNK_BYTES (64 << 10)
#define SENDFILE_BYTES (1 << 20)

struct artifact_file {
	int fd;
	int64_t from, to;
};

/* For what sendfile(2) cannot write to: a file opened to be appended to. */
static int send_by_hand(const struct artifact_file *f, int fd)
{
	char *chunk = mem_alloc(CHUNK_BYTES);
	int64_t at = f->from;
	int ret = 0;

	while (!ret && at < f->to) {
		size_t want = f->to - at < CHUNK_BYTES ? (size_t)(f->to - at)
						       : CHUNK_BYTES;
		ssize_t n = pread(f->fd, chunk, want, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (!n)
			errno = EIO; /* it has become shorter */
		ret = n <= 0 ? -1 : fs_write_all(fd, chunk, (size_t)n);
		at += n;
	}
	free(chunk);
	return ret;
}

static int artifact_send(void *arg, int fd)
{
	const struct artifact_file *f = arg;
	off_t at = f->from;

	while (at < f->to) {
		size_t want = f->to - at < SENDFILE_BYTES ? (size_t)(f->to - at)
							  : SENDFILE_BYTES;
		ssize_t n = sendfile(fd, f->fd, &at, want);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && at == f->from &&
			(errno == EINVAL || errno == ENOSYS))
			return send_by_hand(f, fd);
		if (n < 0)
			return -1;
		if (!n) {
			errno = EIO;
			return -1;
		}
	}
	return 0;
}

static void artifact_close(void *arg)
{
	struct artifact_file *f = arg;

	close(f->fd);
	free(f);
}

static void bytes_header(struct response *res, const char *text)
{
	buf_addf(&res->headers, "Content-Range: bytes %s\r\n", text);
}

/* Which of its bytes are asked for (RFC 9110, 13.2.2: If-None-Match first). */
static void choose_bytes(
	struct page *p, struct artifact_file *f, int64_t size, const char *etag)
{
	struct response *res = p->res;
	char text[80];
	int got;

	f->from = 0;
	f->to = size;
	if (request_has_etag(p->req, etag)) {
		res->status = 304;
		f->to = 0;
		return;
	}
	got = request_range(p->req, etag, size, &f->from, &f->to);
	if (got > 0) {
		res->status = 206;
		snprintf(text, sizeof(text), "%lld-%lld/%lld",
			(long long)f->from, (long long)f->to - 1,
			(long long)size);
		bytes_header(res, text);
	} else if (got < 0) {
		res->status = 416;
		f->from = f->to = 0;
		snprintf(text, sizeof(text), "*/%lld", (long long)size);
		bytes_header(res, text);
	}
}

/* Takes the descriptor. */
static void answer(struct page *p, int fd, const struct stat *st)
{
	struct response *res = p->res;
	struct artifact_file *f = mem_zero(sizeof(*f));
	char etag[80];
	int shown;

	snprintf(etag, sizeof(etag), "\"%llx-%llx%08lx-%llx\"",
		(unsigned long long)st->st_size,
		(unsigned long long)st->st_mtim.tv_sec,
		(unsigned long)st->st_mtim.tv_nsec,
		(unsigned long long)st->st_ino);
	f->fd = fd;
	res->type = media_type_of(p->rt->artifact, &shown);
	if (!shown)
		media_add_attachment(&res->headers, p->rt->artifact);
	buf_addf(&res->headers, "Accept-Ranges: bytes\r\nETag: %s\r\n", etag);
	choose_bytes(p, f, st->st_size, etag);
	res->csp = POLICY;
	res->length = f->to - f->from;
	res->send = artifact_send;
	res->release = artifact_close;
	res->arg = f;
}

/* The file that the path names: 1, or 0: there is none. */
static int open_artifact(
	struct page *p, const struct run *r, int *fd, struct stat *st)
{
	int dir = run_folder_open(p->home, r->repo, r->id);

	if (dir < 0)
		return 0;
	*fd = artifact_open(dir, p->rt->artifact);
	close(dir);
	if (*fd < 0)
		return 0;
	if (!fstat(*fd, st))
		return 1;
	close(*fd);
	return 0;
}

static int is_list(const char *path)
{
	size_t len = strlen(path);

	return !len || path[len - 1] == '/';
}

int page_artifact(struct page *p, struct err *e)
{
	struct run r = { 0 };
	struct stat st;
	int fd, got;

	if (p->access != ACCESS_ALL)
		return page_not_found(p);
	got = page_find_run(p, &r, e);
	if (got <= 0)
		return got < 0 ? -1 : page_not_found(p);
	if (is_list(p->rt->artifact)) {
		got = artifacts_page(p, &r, e);
	} else if (open_artifact(p, &r, &fd, &st)) {
		answer(p, fd, &st);
		got = 0;
	} else {
		got = p->rt->otherwise ? p->rt->otherwise(p, e)
				       : page_not_found(p);
	}
	run_release(&r);
	return got;
}
