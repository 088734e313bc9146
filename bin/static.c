/*
 * static.c - for the programs that are linked statically.
 *
 * SQLite can load extensions, quire never does. In a static program a dlopen
 * that works would want the very glibc it was linked with at run time, and the
 * linker warns of it: so these programs are linked with --wrap=dlopen, which
 * makes SQLite's call end here, and it says no.
 */
#include <stddef.h>

void *__wrap_dlopen(const char *file, int mode);

void *__wrap_dlopen(const char *file, int mode)
{
	(void)file;
	(void)mode;
	return NULL;
}
