/*
 * static.c - for the programs that are linked statically.
 *
 * SQLite can load extensions, quire never does. In a static program a dlopen
 * that works would want the very glibc it was linked with at run time, and the
 * linker warns of it; this one says no.
 */
#include <dlfcn.h>
#include <stddef.h>

void *dlopen(const char *file, int mode)
{
	(void)file;
	(void)mode;
	return NULL;
}

void *dlsym(void *restrict handle, const char *restrict name)
{
	(void)handle;
	(void)name;
	return NULL;
}

int dlclose(void *handle)
{
	(void)handle;
	return -1;
}

char *dlerror(void)
{
	static char text[] = "no extensions in a static program";

	return text;
}
