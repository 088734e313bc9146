#include "exec/runlog.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/utf8.h"

/* Two that rename at once lose at most what the other has written since. */
static void keep_short(const struct home *h, const char *file, int fd)
{
	struct buf old = BUF_INIT;
	struct stat st;

	if (fstat(fd, &st) < 0 || st.st_size <= RUNLOG_MAX_BYTES)
		return;
	buf_addf(&old, "%s.old", file);
	(void)renameat(h->fd, file, h->fd, old.ptr);
	buf_release(&old);
}

__attribute__((format(printf, 3, 0))) static void add(
	const struct home *h, const char *file, const char *fmt, va_list ap)
{
	struct buf text = BUF_INIT, line = BUF_INIT;

	buf_addv(&text, fmt, ap);
	clock_add_rfc3339(&line, clock_now_ms());
	buf_addf(&line, " quire-run[%d] ", (int)getpid());
	utf8_add_plain(&line, text.ptr, text.len, 0);
	buf_addc(&line, '\n');

	int fd = openat(h->fd, file,
		O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (fd >= 0) {
		(void)fs_write_all(fd, line.ptr, line.len);
		keep_short(h, file, fd);
		close(fd);
	}
	buf_release(&line);
	buf_release(&text);
}

void runlog_add(const struct home *h, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(h, RUNLOG_FILE, fmt, ap);
	va_end(ap);
}

void runlog_add_hook(const struct home *h, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(h, RUNLOG_HOOK_FILE, fmt, ap);
	va_end(ap);
}
