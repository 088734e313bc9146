#include "exec/unitconf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"

#define FILE_MAX ((size_t)1 << 20)

/* An empty file, or one that is none, says that there is nothing here. */
static int is_masked(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 || !S_ISREG(st.st_mode) || !st.st_size;
}

static int exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static const char *base_name(const char *path)
{
	return strrchr(path, '/') + 1;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(
		base_name(*(char *const *)a), base_name(*(char *const *)b));
}

static int has_name(const struct strv *paths, size_t first, const char *name)
{
	for (size_t i = first; i < paths->n; i++)
		if (!strcmp(base_name(paths->v[i]), name))
			return 1;
	return 0;
}

/* Adds the drop-ins of one folder that no folder before it has. */
static void add_dropins(struct strv *to, size_t first, const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		size_t n = strlen(entry->d_name);

		if (n > 5 && !strcmp(entry->d_name + n - 5, ".conf") &&
			!has_name(to, first, entry->d_name))
			strv_pushf(to, "%s/%s", folder, entry->d_name);
	}
	if (dir)
		closedir(dir);
}

/* All drop-ins of name, in the order of their own names. */
static void add_all_dropins(struct unitconf *c, const char *root,
	const char *const *folders, const char *name)
{
	struct buf folder = BUF_INIT;
	size_t first = c->files.n;

	for (; *folders; folders++) {
		buf_reset(&folder);
		buf_addf(&folder, "%s%s/%s.d", root, *folders, name);
		add_dropins(&c->files, first, folder.ptr);
	}
	if (c->files.n > first)
		qsort(c->files.v + first, c->files.n - first,
			sizeof(*c->files.v), by_name);
	buf_release(&folder);
}

void unitconf_find(struct unitconf *c, const char *root,
	const char *const *folders, const char *name, const char *type)
{
	struct buf path = BUF_INIT;

	*c = (struct unitconf){ .files = STRV_INIT };
	for (size_t i = 0; folders[i]; i++) {
		buf_reset(&path);
		buf_addf(&path, "%s%s/%s", root, folders[i], name);
		if (!exists(path.ptr))
			continue;
		c->there = !is_masked(path.ptr);
		if (c->there)
			strv_push(&c->files, path.ptr);
		break;
	}
	if (type)
		add_all_dropins(c, root, folders, type);
	add_all_dropins(c, root, folders, name);
	buf_release(&path);
}

void unitconf_release(struct unitconf *c)
{
	strv_release(&c->files);
}

static char *skip_blanks(char *s)
{
	return s + strspn(s, " \t\r");
}

static void cut_blanks(char *s)
{
	size_t n = strlen(s);

	while (n && strchr(" \t\r", s[n - 1]))
		s[--n] = '\0';
}

/* The value of a line "key = value", or NULL. */
static char *value_of(char *line, const char *key)
{
	size_t n = strlen(key);

	if (strncmp(line, key, n) != 0)
		return NULL;
	line = skip_blanks(line + n);
	return *line == '=' ? skip_blanks(line + 1) : NULL;
}

/* Reads a line that goes on in the next where it ends with a backslash; *at
 * moves behind it. */
static void take_line(const char **at, struct buf *line)
{
	buf_reset(line);
	for (;;) {
		size_t n = strcspn(*at, "\n");

		buf_add(line, *at, n);
		*at += n + ((*at)[n] == '\n');
		if (!n || line->ptr[line->len - 1] != '\\' || !**at)
			return;
		line->ptr[line->len - 1] = ' ';
	}
}

static void assign(struct buf *b, const char *value, int list)
{
	if (!list || !*value)
		buf_reset(b);
	else if (b->len)
		buf_addc(b, ' ');
	buf_adds(b, value);
}

/* 1 if the file assigns the key, or has it as a comment. */
static int read_file(const char *path, const char *section, const char *key,
	int list, int comments, struct buf *b)
{
	struct buf text = BUF_INIT, line = BUF_INIT;
	int found = 0, here = 0;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	const char *at;

	if (fd < 0)
		return 0;
	if (fs_read_all(fd, &text, FILE_MAX) < 0)
		buf_reset(&text); /* unreadable for us: as if not there */
	close(fd);
	for (at = text.ptr; *at;) {
		take_line(&at, &line);
		char *p = skip_blanks(line.ptr);

		cut_blanks(p);
		if (*p == '[') {
			size_t n = strlen(section);

			here = !strncmp(p + 1, section, n) &&
			       !strcmp(p + 1 + n, "]");
			continue;
		}
		if ((*p == '#' || *p == ';') != comments || !here)
			continue;
		char *value = value_of(skip_blanks(p + comments), key);
		if (value) {
			assign(b, value, list);
			found = 1;
		}
	}
	buf_release(&text);
	buf_release(&line);
	return found;
}

int unitconf_get(const struct unitconf *c, const char *section, const char *key,
	int list, struct buf *b)
{
	int found = 0;

	for (size_t i = 0; i < c->files.n; i++)
		found |= read_file(c->files.v[i], section, key, list, 0, b);
	return found;
}

int unitconf_default(const struct unitconf *c, const char *section,
	const char *key, struct buf *b)
{
	return c->there && read_file(c->files.v[0], section, key, 0, 1, b);
}

int unitconf_bool(const char *value)
{
	static const char *const words[] = { "0", "1", "no", "yes", "n", "y",
		"false", "true", "f", "t", "off", "on" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcasecmp(value, words[i]))
			return (int)(i % 2);
	return -1;
}

int unitconf_has(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (list += strspn(list, " \t"); *list; list += strspn(list, " \t")) {
		size_t n = strcspn(list, " \t");

		if (n == len && !strncmp(list, word, n))
			return 1;
		list += n;
	}
	return 0;
}
