#include "base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"

void mem_out(void)
{
	static const char line[] = "quire: out of memory\n";
	ssize_t n = write(STDERR_FILENO, line, sizeof(line) - 1);

	(void)n; /* nobody is left to tell */
	_exit(EXIT_INTERNAL);
}

void *mem_alloc(size_t size)
{
	void *p = malloc(size ? size : 1);

	if (!p)
		mem_out();
	return p;
}

void *mem_zero(size_t size)
{
	void *p = calloc(1, size ? size : 1);

	if (!p)
		mem_out();
	return p;
}

void *mem_resize(void *old, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		mem_out();
	void *p = realloc(old, bytes ? bytes : 1);
	if (!p)
		mem_out();
	return p;
}

static char *copy(const char *s, size_t len)
{
	char *p = mem_alloc(len + 1);

	memcpy(p, s, len);
	p[len] = '\0';
	return p;
}

char *mem_strndup(const char *s, size_t n)
{
	return copy(s, strnlen(s, n));
}

char *mem_strdup(const char *s)
{
	return copy(s, strlen(s));
}
