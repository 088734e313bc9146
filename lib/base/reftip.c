#include "base/reftip.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/git.h"
#include "base/mem.h"

#define MAX_LEVELS 5 /* as git has it */
#define CONFIRM_AT_ONCE 500 /* names in one command line */

int reftip_name_is_valid(const char *name, size_t len)
{
	if (len < 6 || memcmp(name, "refs/", 5) || name[len - 1] == '/' ||
		name[len - 1] == '.')
		return 0;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)name[i];
		char next = i + 1 < len ? name[i + 1] : '\0';

		if (c <= ' ' || c == 0x7f || strchr("~^:?*[\\", c))
			return 0;
		/* "//", "/." and ".." lead elsewhere; "@{" is a question */
		if (c == '/' && (next == '/' || next == '.'))
			return 0;
		if ((c == '.' && next == '.') || (c == '@' && next == '{'))
			return 0;
	}
	return 1;
}

enum ref_file { FILE_OID, FILE_LINK, FILE_ABSENT, FILE_DAMAGED };

/* An old kind of symbolic ref: a symbolic link to the target's name. */
static enum ref_file read_link(const char *path, char *value, size_t size)
{
	ssize_t n = readlink(path, value, size - 1);

	if (n <= 0)
		return FILE_DAMAGED;
	value[n] = '\0';
	return FILE_LINK;
}

/* The file of a ref: an object id, or the name that it leads to. */
static enum ref_file read_file(
	const char *git_dir, const char *ref, char *value, size_t size)
{
	struct buf path = BUF_INIT;
	enum ref_file what = FILE_DAMAGED;
	ssize_t n;
	int fd;

	buf_adds(&path, git_dir);
	buf_addc(&path, '/');
	buf_adds(&path, ref);
	fd = open(path.ptr, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0) {
		if (errno == ENOENT || errno == ENOTDIR)
			what = FILE_ABSENT;
		else if (errno == ELOOP)
			what = read_link(path.ptr, value, size);
		goto out;
	}
	do
		n = read(fd, value, size - 1);
	while (n < 0 && errno == EINTR);
	/* a folder: refs/heads/a is one where refs/heads/a/b is a ref */
	if (n < 0 && errno == EISDIR)
		what = FILE_ABSENT;
	close(fd);
	if (n <= 0)
		goto out;
	value[n] = '\0';
	value[strcspn(value, "\n")] = '\0';
	if (oid_is_valid(value)) {
		what = FILE_OID;
	} else if (!strncmp(value, "ref:", 4)) {
		size_t skip = 4 + strspn(value + 4, " \t");

		memmove(value, value + skip, strlen(value + skip) + 1);
		what = FILE_LINK;
	}
out:
	buf_release(&path);
	return what;
}

/* By files alone. 1 if there is none, and git has to be asked for tip->ref. */
static int follow(const char *git_dir, const char *name, struct reftip *tip)
{
	char value[PATH_MAX];

	tip->ref = mem_strdup(name);
	tip->oid[0] = '\0';
	tip->known = 0;
	for (int level = 0; level <= MAX_LEVELS; level++) {
		switch (read_file(git_dir, tip->ref, value, sizeof(value))) {
		case FILE_OID:
			memcpy(tip->oid, value, OID_SIZE);
			tip->known = 1;
			return 0;
		case FILE_LINK:
			if (!reftip_name_is_valid(value, strlen(value)))
				return 0;
			free(tip->ref);
			tip->ref = mem_strdup(value);
			break;
		case FILE_ABSENT:
			return 1;
		case FILE_DAMAGED:
			return 0;
		}
	}
	return 0;
}

/* What cat-file found under a name may be another ref's. */
static int confirm(const char *git_dir, const char *const *names,
	struct reftip *const *tips, size_t n, struct err *e)
{
	struct git_ref *refs;
	size_t n_refs;

	if (git_refs_named(git_dir, names, n, &refs, &n_refs, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		tips[i]->known = 1;
		for (size_t k = 0; k < n_refs; k++)
			if (!strcmp(refs[k].name, names[i]))
				memcpy(tips[i]->oid, refs[k].oid, OID_SIZE);
	}
	git_refs_release(refs, n_refs);
	return 0;
}

/* The tips that have no file; the array is overwritten. */
static int ask(
	struct gitcat *git, struct reftip **tips, size_t n, struct err *e)
{
	const char **names = mem_zero(n * sizeof(*names));
	struct gitcat_answer *answers = mem_alloc(n * sizeof(*answers));
	size_t found = 0;
	int rc;

	for (size_t i = 0; i < n; i++)
		names[i] = tips[i]->ref;
	rc = gitcat_ask(git, names, n, answers, e);
	for (size_t i = 0; !rc && i < n; i++) {
		buf_release(&answers[i].content);
		if (answers[i].type == GITCAT_MISSING) {
			tips[i]->known = 1;
		} else {
			names[found] = names[i];
			tips[found++] = tips[i];
		}
	}
	for (size_t i = 0; !rc && i < found; i += CONFIRM_AT_ONCE) {
		size_t some = found - i;

		if (some > CONFIRM_AT_ONCE)
			some = CONFIRM_AT_ONCE;
		rc = confirm(git->git_dir, names + i, tips + i, some, e);
	}
	free(names);
	free(answers);
	return rc;
}

int reftip_read(struct gitcat *git, const char *const *names, size_t n,
	struct reftip *tips, struct err *e)
{
	struct reftip **open_ones = NULL;
	size_t n_open = 0;
	int rc = 0;

	for (size_t i = 0; i < n; i++) {
		if (!follow(git->git_dir, names[i], &tips[i]))
			continue;
		if (!open_ones)
			open_ones = mem_alloc(n * sizeof(struct reftip *));
		open_ones[n_open++] = &tips[i];
	}
	if (n_open)
		rc = ask(git, open_ones, n_open, e);
	free(open_ones);
	return rc;
}

void reftip_release(struct reftip *tips, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(tips[i].ref);
		tips[i].ref = NULL;
	}
}
