/*
 * What a repository's config says of its kind, read without git, since it is
 * asked on the hook's path. Only the file itself counts: git, too, reads its
 * extensions from nowhere else and follows no include for them.
 */
#include <ctype.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/fs.h"
#include "exec/adopt.h"

#define CONFIG_MAX (1 << 20)

struct scan {
	const char *p;
	int extensions; /* in [extensions], without a subsection */
	struct buf key, value;
};

static void skip_line(struct scan *s)
{
	while (*s->p && *s->p != '\n')
		s->p++;
}

static void scan_section(struct scan *s)
{
	size_t n = strcspn(++s->p, "]\n");

	while (n && isblank((unsigned char)*s->p)) {
		s->p++;
		n--;
	}
	s->extensions = n >= 10 && !strncasecmp(s->p, "extensions", 10) &&
			strspn(s->p + 10, " \t") == n - 10;
	s->p += n;
	if (*s->p == ']')
		s->p++;
}

/* Quotes, escapes, a comment behind it, a line that goes on in the next. */
static void scan_value(struct scan *s)
{
	int quoted = 0;
	size_t end = 0; /* length without the blanks behind */

	for (; *s->p && *s->p != '\n'; s->p++) {
		char c = *s->p;

		if (c == '"') {
			quoted = !quoted;
			end = s->value.len;
			continue;
		}
		if (!quoted && (c == '#' || c == ';'))
			break;
		if (!quoted && !s->value.len && isspace((unsigned char)c))
			continue;
		if (c == '\\' && s->p[1] == '\n') {
			s->p++;
			continue;
		}
		if (c == '\\' && s->p[1])
			c = *++s->p;
		buf_addc(&s->value, c);
		if (quoted || !isspace((unsigned char)c))
			end = s->value.len;
	}
	buf_setlen(&s->value, end);
	skip_line(s);
}

/* One "key = value" into s; 0 at the end of the text. */
static int scan_next(struct scan *s)
{
	for (;;) {
		s->p += strspn(s->p, " \t\r\n");
		if (!*s->p)
			return 0;
		if (*s->p == '[') {
			scan_section(s);
			continue;
		}
		size_t n = strspn(s->p, "abcdefghijklmnopqrstuvwxyz"
					"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					"0123456789-");
		if (!n) {
			skip_line(s);
			continue;
		}
		buf_reset(&s->key);
		buf_reset(&s->value);
		buf_add(&s->key, s->p, n);
		s->p += n;
		s->p += strspn(s->p, " \t");
		if (*s->p == '=') {
			s->p++;
			scan_value(s);
		}
		return 1;
	}
}

static int judge(const struct scan *s, const char *git_dir, struct err *e)
{
	if (!strcasecmp(s->key.ptr, "objectformat") &&
		strcmp(s->value.ptr, "sha1") != 0)
		return err_set(e, EXIT_USAGE,
			"%s: its objects are %s: quire takes SHA-1 "
			"repositories only",
			git_dir, s->value.ptr);
	if (!strcasecmp(s->key.ptr, "refstorage") &&
		strcmp(s->value.ptr, "files") != 0)
		return err_set(e, EXIT_USAGE,
			"%s: its refs are stored as %s: quire takes files only",
			git_dir, s->value.ptr);
	return 0;
}

static int read_config(const char *git_dir, struct buf *text, struct err *e)
{
	struct buf path = BUF_INIT;
	int fd, failed;

	buf_addf(&path, "%s/config", git_dir);
	fd = open(path.ptr, O_RDONLY | O_CLOEXEC);
	failed = fd < 0 || fs_read_all(fd, text, CONFIG_MAX) < 0;
	if (failed)
		err_sys(e, "%s", path.ptr);
	if (fd >= 0)
		close(fd);
	buf_release(&path);
	return failed ? -1 : 0;
}

int adopt_check_format(const char *git_dir, struct err *e)
{
	struct scan s = { NULL, 0, BUF_INIT, BUF_INIT };
	struct buf text = BUF_INIT;
	int result = read_config(git_dir, &text, e);

	s.p = text.ptr;
	while (result == 0 && scan_next(&s))
		if (s.extensions)
			result = judge(&s, git_dir, e);
	buf_release(&s.key);
	buf_release(&s.value);
	buf_release(&text);
	return result;
}
