#include "program.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/utf8.h"

void program_start(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
	signal(SIGCHLD, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
}

int program_fail(const char *program, const struct err *e)
{
	struct buf line = BUF_INIT;

	buf_addf(&line, "%s: ", program);
	utf8_add_plain(&line, e->text, strlen(e->text), 0);
	fprintf(stderr, "%s\n", line.ptr);
	buf_release(&line);
	return e->status;
}

int program_usage(const char *program, const char *fmt, ...)
{
	struct err e;
	va_list ap;

	va_start(ap, fmt);
	err_setv(&e, EXIT_USAGE, fmt, ap);
	va_end(ap);
	program_fail(program, &e);
	fprintf(stderr, "%s: try '%s --help'\n", program, program);
	return EXIT_USAGE;
}
