#include "cmd_logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crilog.h"
#include "base/mem.h"
#include "base/utf8.h"

/* Opens dir/name below dirfd, no link followed; -1 with errno. */
static int open_below(int dirfd, const char *name, int flags)
{
	if (!*name || strchr(name, '/') || !strcmp(name, ".."))
		return errno = ENOENT, -1;
	return openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | flags);
}

static int open_run_dir(const struct home *h, const struct run *r)
{
	struct buf path = BUF_INIT;
	int fd, why;

	home_add_run_dir(&path, r->repo, r->id);
	fd = openat(h->fd, path.ptr,
		O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	why = errno;
	buf_release(&path);
	errno = why;
	return fd;
}

/* A regular file in dir, opened; -1 with errno. */
static int open_regular(int dir, const char *name)
{
	int fd = open_below(dir, name, O_NONBLOCK);
	struct stat st;

	if (fd >= 0 && (fstat(fd, &st) || !S_ISREG(st.st_mode))) {
		close(fd);
		errno = ENOENT;
		return -1;
	}
	return fd;
}

int log_open(const struct home *h, const struct run *r, const char *job, int n)
{
	struct buf file = BUF_INIT;
	int dir, jobs = -1, one = -1, fd = -1, why;

	buf_addf(&file, "sh-%d.log", n);
	dir = open_run_dir(h, r);
	if (dir >= 0)
		jobs = open_below(dir, "jobs", O_DIRECTORY);
	if (jobs >= 0)
		one = open_below(jobs, job, O_DIRECTORY);
	if (one >= 0)
		fd = open_regular(one, file.ptr);
	why = errno;
	if (one >= 0)
		close(one);
	if (jobs >= 0)
		close(jobs);
	if (dir >= 0)
		close(dir);
	buf_release(&file);
	errno = why;
	return fd;
}

int log_open_executor(const struct home *h, const struct run *r)
{
	int dir = open_run_dir(h, r);
	int fd = dir < 0 ? -1 : open_regular(dir, "quire-ci.log");
	int why = errno;

	if (dir >= 0)
		close(dir);
	errno = why;
	return fd;
}

/* The length of the escape sequence at s: ESC [ ... final, ESC ] ... BEL or
 * ESC \, or two bytes. */
static size_t escape_len(const char *s, size_t n)
{
	size_t i = 2;

	if (n < 2)
		return n;
	if (s[1] == '[') {
		while (i < n && !(s[i] >= '@' && s[i] <= '~'))
			i++;
		return i < n ? i + 1 : n;
	}
	if (s[1] == ']') {
		while (i < n && s[i] != '\a' &&
			!(s[i] == '\033' && i + 1 < n && s[i + 1] == '\\'))
			i++;
		if (i < n)
			i += s[i] == '\a' ? 1 : 2;
		return i < n ? i : n;
	}
	return 2;
}

void log_add_safe(struct buf *b, const char *s, size_t n, int colours)
{
	size_t start = 0;
	const char *cr;

	while (n && s[n - 1] == '\r')
		n--;
	cr = memrchr(s, '\r', n);
	if (cr) {
		n -= (size_t)(cr + 1 - s);
		s = cr + 1;
	}
	for (size_t i = 0; i <= n; i++) {
		if (i < n && s[i] != '\033')
			continue;
		utf8_add_plain(b, s + start, i - start, 1);
		if (i == n)
			break;
		size_t len = escape_len(s + i, n - i);
		if (colours && len > 2 && s[i + 1] == '[' &&
			s[i + len - 1] == 'm' &&
			strspn(s + i + 2, "0123456789;:") == len - 3)
			buf_add(b, s + i, len);
		i += len - 1;
		start = i + 1;
	}
}

#define TAIL_BYTES (64 << 10) /* of the file: what they are looked for in */

/* Lines, of which the last are kept. */
struct ring {
	struct buf *lines;
	size_t size, n; /* n: that there were in all */
	struct buf line; /* pieces of one that is not complete */
};

static void end_line(struct ring *r)
{
	struct buf *place = &r->lines[r->n++ % r->size];

	buf_reset(place);
	log_add_safe(place, r->line.ptr, r->line.len, 0);
	buf_reset(&r->line);
}

static void add_record(struct ring *r, const char *line, size_t len)
{
	struct crilog_record rec;

	if (crilog_parse(&rec, line, len) < 0)
		rec = (struct crilog_record){ .text = line, .len = len };
	buf_add(&r->line, rec.text, rec.len);
	if (!rec.partial)
		end_line(r);
}

/* The end of the file, from the beginning of a line. Appends to b; 1 if that
 * is not all of it, 0, -1 with errno. */
static int read_end(int fd, struct buf *b)
{
	struct stat st;
	off_t at;
	ssize_t got;

	if (fstat(fd, &st) < 0)
		return -1;
	at = st.st_size > TAIL_BYTES ? st.st_size - TAIL_BYTES : 0;
	buf_grow(b, TAIL_BYTES);
	while (b->len < TAIL_BYTES) {
		got = pread(fd, b->ptr + b->len, TAIL_BYTES - b->len,
			at + (off_t)b->len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (!got)
			break;
		buf_setlen(b, b->len + (size_t)got);
	}
	if (at) {
		const char *nl = memchr(b->ptr, '\n', b->len);

		if (nl)
			buf_consume(b, (size_t)(nl + 1 - b->ptr));
	}
	return at > 0;
}

int log_tail(int fd, size_t most, struct strv *lines)
{
	struct ring r = { .size = most, .line = BUF_INIT };
	struct buf in = BUF_INIT;
	int cut = read_end(fd, &in);

	if (cut >= 0) {
		const char *at = in.ptr, *end = in.ptr + in.len, *nl;

		r.lines = mem_zero(most * sizeof(*r.lines));
		for (size_t i = 0; i < most; i++)
			buf_init(&r.lines[i]);
		for (; (nl = memchr(at, '\n', (size_t)(end - at))); at = nl + 1)
			add_record(&r, at, (size_t)(nl - at));
		if (at < end)
			add_record(&r, at, (size_t)(end - at));
		if (r.line.len)
			end_line(&r);
		cut |= r.n > most;
		for (size_t i = r.n > most ? r.n - most : 0; i < r.n; i++)
			strv_push(lines, r.lines[i % most].ptr);
		for (size_t i = 0; i < most; i++)
			buf_release(&r.lines[i]);
		free(r.lines);
	}
	buf_release(&r.line);
	buf_release(&in);
	return cut;
}
