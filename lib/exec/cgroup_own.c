#include "exec/cgroup_own.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fs.h"

#define TEXT_MAX 65536

/* Where cgroup v2 is mounted, and the group that is the top there. */
static int find_mount(struct buf *at, struct buf *root)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t size = 0;
	int found = 0;

	while (f && !found && getline(&line, &size, f) > 0) {
		char *type = strstr(line, " - ");
		char *words = line, *word[5];
		size_t n = 0;

		if (!type || strncmp(type, " - cgroup2 ", 11) != 0)
			continue;
		*type = '\0';
		while (n < 5 && (word[n] = strsep(&words, " ")))
			n++;
		if (n < 5)
			continue;
		buf_adds(root, word[3]);
		buf_adds(at, word[4]);
		found = 1;
	}
	free(line);
	if (f)
		fclose(f);
	return found ? 0 : -1;
}

/* The file has no size. */
static int read_groups(struct buf *b)
{
	int fd = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	int rc = fs_read_all(fd, b, TEXT_MAX);
	close(fd);
	return rc;
}

char *cgroup_own_group(char *text)
{
	static const char v2[] = "0::";
	char *line;

	while ((line = strsep(&text, "\n")))
		if (!strncmp(line, v2, sizeof(v2) - 1) && line[3] == '/')
			return line + 3;
	return NULL;
}

int cgroup_own_path(struct buf *path)
{
	struct buf root = BUF_INIT, text = BUF_INIT;
	char *group = NULL;

	if (find_mount(path, &root) == 0 && read_groups(&text) == 0 &&
		(group = cgroup_own_group(text.ptr))) {
		size_t top = strcmp(root.ptr, "/") == 0 ? 0 : root.len;
		if (strncmp(group, root.ptr, top) == 0 && !strstr(group, "/.."))
			buf_adds(path, group + top);
		else
			group = NULL;
	}
	buf_release(&root);
	buf_release(&text);
	while (path->len > 1 && path->ptr[path->len - 1] == '/')
		buf_setlen(path, path->len - 1);
	return group ? 0 : -1;
}

static int says_delegated(const char *path, const char *attribute)
{
	char value[8] = "";
	ssize_t n = getxattr(path, attribute, value, sizeof(value) - 1);

	return n > 0 && value[0] == '1';
}

int cgroup_is_delegated(const char *path, int group)
{
	struct stat st;

	if (faccessat(group, "cgroup.subtree_control", W_OK, AT_EACCESS) < 0 ||
		faccessat(group, "cgroup.procs", W_OK, AT_EACCESS) < 0 ||
		faccessat(group, ".", W_OK, AT_EACCESS) < 0)
		return 0;
	/* the top alone has none */
	if (faccessat(group, "cgroup.type", F_OK, AT_EACCESS) < 0)
		return 0;
	if (says_delegated(path, "user.delegate") ||
		says_delegated(path, "trusted.delegate"))
		return 1;
	return geteuid() != 0 && fstat(group, &st) == 0 &&
	       st.st_uid == geteuid() && lstat("/run/systemd/system", &st) < 0;
}
