#include "exec/hookfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

#define MARK "# quire hook 1"
#define MAX_SHEBANG 250 /* the kernel reads 255 bytes, "#!" included */

/* The longest head of a hook that is ours: three paths and some words. */
#define HEAD_MAX 16384

/* The rest of the line if it begins with the word, else NULL. */
static const char *value_of(const char *line, const char *word)
{
	size_t n = strlen(word);

	return strncmp(line, word, n) ? NULL : line + n;
}

static void read_line(struct hookfile *hf, const char *line)
{
	const char *value;

	value = value_of(line, "# home ");
	if (value && !hf->home)
		hf->home = mem_strdup(value);
	value = value_of(line, "# chain ");
	if (value && !hf->chain)
		hf->chain = mem_strdup(value);
	value = value_of(line, "# set ");
	if (value && !strcmp(value, HOOKFILE_CONFIG))
		hf->config_set = 1;
}

/* The path in the line "exec 'PATH' ...", in the quotes of add_quoted(). */
static void read_program(struct hookfile *hf, const char *line)
{
	const char *p = value_of(line, "exec '");
	struct buf path = BUF_INIT;

	while (p && *p) {
		if (*p != '\'') {
			buf_addc(&path, *p++);
		} else if (!strncmp(p, "'\\''", 4)) {
			buf_addc(&path, '\'');
			p += 4;
		} else {
			hf->program = buf_detach(&path);
			break;
		}
	}
	buf_release(&path);
}

/* text is overwritten. */
static int parse(
	struct hookfile *hf, char *text, const char *path, struct err *e)
{
	char *line = text, *rest;
	int number = 1, ours = 0;

	for (; *line; line = rest, number++) {
		rest = line + strcspn(line, "\n");
		if (*rest)
			*rest++ = '\0';
		if (number == 1)
			continue;
		if (number == 2)
			ours = !strcmp(line, MARK);
		if (!ours)
			break;
		if (*line != '#') {
			read_program(hf, line);
			break;
		}
		read_line(hf, line);
	}
	if (!ours)
		return 0;
	if (!hf->home || *hf->home != '/')
		return err_set(e, EXIT_INTERNAL,
			"%s: has no line '# home DIR'; install it again with: "
			"quire repo hook",
			path);
	if (hf->chain && (!*hf->chain || strchr(hf->chain, '/')))
		return err_set(e, EXIT_INTERNAL,
			"%s: '# chain' names a file beside it, not '%s'", path,
			hf->chain);
	return 1;
}

int hookfile_read(struct hookfile *hf, const char *path, struct err *e)
{
	char text[HEAD_MAX + 1];
	size_t len = 0;
	ssize_t n;
	int fd, rc;

	*hf = (struct hookfile){ 0 };
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		if (errno == ENOENT)
			return 0;
		return err_sys(e, "%s", path);
	}
	do {
		n = read(fd, text + len, HEAD_MAX - len);
		if (n > 0)
			len += (size_t)n;
	} while (n > 0 || (n < 0 && errno == EINTR));
	if (n < 0)
		err_sys(e, "%s", path);
	close(fd);
	if (n < 0)
		return -1;
	text[len] = '\0';
	rc = parse(hf, text, path, e);
	if (rc <= 0)
		hookfile_release(hf);
	return rc;
}

void hookfile_release(struct hookfile *hf)
{
	free(hf->home);
	free(hf->chain);
	free(hf->program);
	*hf = (struct hookfile){ 0 };
}

/* In single quotes, for sh. */
static void add_quoted(struct buf *b, const char *s)
{
	buf_addc(b, '\'');
	for (; *s; s++) {
		if (*s == '\'')
			buf_adds(b, "'\\''");
		else
			buf_addc(b, *s);
	}
	buf_addc(b, '\'');
}

/* The hook as it stands in hooks/, with @names@ to be filled in; read by the
 * assembler, relative to the top of the source. */
__asm__(".section .rodata\n"
	"hook_template:\n"
	".incbin \"hooks/post-receive\"\n"
	".byte 0\n"
	".global hook_template\n"
	".previous\n");

extern const char hook_template[];

/* What a name stands for; NULL: the line is left out. */
static const char *template_value(const char *name, size_t len,
	const struct hookfile *hf, const char *program, struct buf *scratch)
{
	int by_sh =
		strlen(program) > MAX_SHEBANG || strpbrk(program, " \t\r\v\f");

	if (len == 11 && !memcmp(name, "interpreter", len))
		return by_sh ? "/bin/sh" : program;
	if (len == 4 && !memcmp(name, "home", len))
		return hf->home;
	if (len == 5 && !memcmp(name, "chain", len))
		return hf->chain;
	if (len == 3 && !memcmp(name, "set", len))
		return hf->config_set ? HOOKFILE_CONFIG : NULL;
	buf_reset(scratch); /* program */
	add_quoted(scratch, program);
	return scratch->ptr;
}

int hookfile_add_text(struct buf *b, const struct hookfile *hf,
	const char *program, struct err *e)
{
	struct buf scratch = BUF_INIT;
	const char *line = hook_template;

	if (strchr(hf->home, '\n') || strchr(program, '\n'))
		return err_set(e, EXIT_USAGE,
			"a hook cannot hold a path with a line break in it");
	while (*line) {
		const char *end = strchr(line, '\n') + 1;
		const char *open = memchr(line, '@', (size_t)(end - line));

		if (open) {
			const char *close = strchr(open + 1, '@');
			const char *value = template_value(open + 1,
				(size_t)(close - open - 1), hf, program,
				&scratch);
			if (value) {
				buf_add(b, line, (size_t)(open - line));
				buf_adds(b, value);
				buf_add(b, close + 1,
					(size_t)(end - close - 1));
			}
		} else {
			buf_add(b, line, (size_t)(end - line));
		}
		line = end;
	}
	buf_release(&scratch);
	return 0;
}
