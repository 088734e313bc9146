#include "ci_screen.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/columns.h"
#include "base/mem.h"
#include "base/units.h"
#include "base/utf8.h"
#include "ci_jobs.h"

#define COLUMNS_DEFAULT 80
#define ROWS_DEFAULT 24

#define TO_LINE_START "\r"
#define ERASE_LINE "\033[K"
#define ERASE_BELOW "\033[J"

static int is_clever(int fd)
{
	const char *term = getenv("TERM");

	return isatty(fd) && term && *term && strcmp(term, "dumb") != 0;
}

int ci_screen_fits(int fd)
{
	return is_clever(fd);
}

int ci_screen_colours(int fd)
{
	const char *no = getenv("NO_COLOR");

	return is_clever(fd) && !(no && *no);
}

/* As the locale says, without making it that of the process. */
static int is_utf8(void)
{
	locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);

	if (!locale)
		return 0;
	int yes = strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") == 0;
	freelocale(locale);
	return yes;
}

/* Those that cut a line when they become narrower. */
static int does_reflow(void)
{
	const char *term = getenv("TERM");

	return !getenv("XTERM_VERSION") && !getenv("STY") &&
	       strncmp(term ? term : "", "linux", 5) != 0;
}

void ci_screen_init(struct ci_screen *s, int fd, struct buf *out)
{
	*s = (struct ci_screen){ .fd = fd,
		.out = out,
		.colour = ci_screen_colours(fd),
		.utf8 = is_utf8(),
		.reflows = does_reflow() };
	ci_screen_measure(s);
}

void ci_screen_release(struct ci_screen *s)
{
	free(s->drawn);
	*s = (struct ci_screen){ .fd = -1 };
}

void ci_screen_measure(struct ci_screen *s)
{
	struct winsize size;

	s->columns = COLUMNS_DEFAULT;
	s->rows = ROWS_DEFAULT;
	if (ioctl(s->fd, TIOCGWINSZ, &size) < 0)
		return;
	if (size.ws_col)
		s->columns = size.ws_col;
	if (size.ws_row)
		s->rows = size.ws_row;
}

/* To the start of the block's first line, as far as it is on the screen; how
 * many rows that is. */
static size_t go_back(struct ci_screen *s)
{
	size_t up = 0;

	for (size_t i = 0; i < s->n_drawn; i++) {
		size_t width = s->drawn[i];

		up += s->reflows && width > s->columns
			      ? (width + s->columns - 1) / s->columns
			      : 1;
	}
	buf_adds(s->out, TO_LINE_START);
	if (up)
		buf_addf(s->out, "\033[%zuA", up);
	s->n_drawn = 0;
	return up;
}

/*
 * The lines are deleted, not erased: a terminal that has broken some remembers
 * it of the rows, and joins what is written there later; tmux also remembers
 * how far they were ever written, and moves what is erased from the first row
 * of the screen on into the scrollback.
 */
void ci_screen_clear(struct ci_screen *s)
{
	size_t rows = go_back(s);

	if (rows)
		buf_addf(s->out, "\033[%zuM" ERASE_LINE, rows);
}

/* Line by line, so that a terminal which shows half of it shows no gap. */
static void add_block(struct buf *out, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		buf_add(out, text, len);
		buf_adds(out, ERASE_LINE "\n");
		text += len + (text[len] == '\n');
	}
}

/* Whether the lines can be written over the block, and leave nothing of it
 * that could be broken. */
static int covers(const struct ci_screen *s, const struct ci_lines *lines)
{
	if (s->columns != s->drawn_columns || lines->n < s->n_drawn)
		return 0;
	for (size_t i = 0; i < s->n_drawn; i++)
		if (lines->widths[i] < s->drawn[i])
			return 0;
	return 1;
}

void ci_screen_draw(
	struct ci_screen *s, const struct buf *above, struct ci_lines *lines)
{
	if (above->len || !covers(s, lines))
		ci_screen_clear(s);
	else
		go_back(s);
	s->drawn_columns = s->columns;
	add_block(s->out, above->ptr);
	add_block(s->out, lines->text.ptr);
	buf_adds(s->out, ERASE_BELOW);
	free(s->drawn);
	s->drawn = lines->widths;
	s->n_drawn = lines->n;
	lines->widths = NULL;
	lines->n = lines->size = 0;
}

void ci_lines_init(struct ci_lines *l, const struct ci_screen *s)
{
	*l = (struct ci_lines){ .text = BUF_INIT,
		.max = s->columns > 1 ? s->columns - 1 : 1,
		.colour = s->colour,
		.utf8 = s->utf8 };
}

void ci_lines_release(struct ci_lines *l)
{
	buf_release(&l->text);
	free(l->widths);
	*l = (struct ci_lines){ .text = BUF_INIT };
}

/* The text in ASCII: one '?' for each character that is none. */
static void add_ascii(struct buf *b, const char *text)
{
	size_t left = strlen(text);

	while (left) {
		size_t len = utf8_len(text, left);

		buf_addc(b, len == 1 ? *text : '?');
		len = len ? len : 1;
		text += len;
		left -= len;
	}
}

static void add_cut(struct ci_lines *l, struct buf *text)
{
	size_t room = l->max - l->used;

	if (l->utf8) {
		columns_cut(text, room);
	} else if (text->len > room) {
		buf_setlen(text, room ? room - 1 : 0);
		if (room)
			buf_addc(text, '~');
	}
	l->used += columns_of(text->ptr);
	buf_add(&l->text, text->ptr, text->len);
}

void ci_lines_add(struct ci_lines *l, const char *text, const char *colour)
{
	struct buf fit = BUF_INIT;

	if (!*text || l->used >= l->max)
		return;
	columns_pad(&l->text, l->used - l->blank, l->used);
	l->blank = 0;
	if (l->utf8)
		buf_adds(&fit, text);
	else
		add_ascii(&fit, text);
	if (l->colour && colour)
		buf_adds(&l->text, colour);
	add_cut(l, &fit);
	if (l->colour && colour)
		buf_adds(&l->text, CI_PLAIN);
	buf_release(&fit);
}

void ci_lines_to(struct ci_lines *l, size_t column)
{
	for (; l->used < column && l->used < l->max; l->used++)
		l->blank++;
}

void ci_lines_end(struct ci_lines *l)
{
	if (l->n == l->size) {
		l->size = l->size ? l->size * 2 : 16;
		l->widths = mem_resize(l->widths, l->size, sizeof(*l->widths));
	}
	l->widths[l->n++] = l->used - l->blank;
	l->used = l->blank = 0;
	buf_addc(&l->text, '\n');
}
