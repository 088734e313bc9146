/*
 * scan.h - the git repositories below a folder.
 *
 * What has HEAD, objects and refs is found, and not searched for others; no
 * more is a working tree. Names that begin with a dot, which no repository of
 * quire's has, are passed over. A link to a repository is found; one to a folder
 * of them is not followed.
 */
#ifndef QUIRE_EXEC_SCAN_H
#define QUIRE_EXEC_SCAN_H

#define SCAN_MAX_DEPTH 16

struct scan {
	int dirfd; /* as in openat(2); paths are relative to it */
	/* A repository, in the order of names in each folder. */
	void (*found)(void *arg, const char *path, int is_link);
	/* What could not be read, with errno; the scan goes on. */
	void (*missed)(void *arg, const char *path);
	void *arg;
};

/* Of what is below path; whether that itself is one is not asked. */
void scan_repositories(const struct scan *s, const char *path);

#endif
