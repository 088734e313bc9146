#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Names and texts of strangers are within: one line stays one, and says
 * nothing to a terminal. */
static void keep_line(struct err *e)
{
	for (char *c = e->text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
}

int err_setv(struct err *e, int status, const char *fmt, va_list ap)
{
	if (!e)
		return -1;
	e->status = status;
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	keep_line(e);
	return -1;
}

int err_set(struct err *e, int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	err_setv(e, status, fmt, ap);
	va_end(ap);
	return -1;
}

int err_sys(struct err *e, const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	if (!e)
		return -1;
	va_start(ap, fmt);
	err_setv(e, EXIT_BUSY, fmt, ap);
	va_end(ap);

	size_t used = strlen(e->text);
	snprintf(e->text + used, sizeof(e->text) - used, ": %s",
		strerror(saved));
	errno = saved;
	return -1;
}

int err_prefix(struct err *e, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return -1;

	const struct err old = *e;
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);

	size_t used = strlen(e->text);
	snprintf(e->text + used, sizeof(e->text) - used, ": %s", old.text);
	keep_line(e);
	return -1;
}
