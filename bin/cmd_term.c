#include "cmd_term.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "base/clock.h"
#include "base/units.h"
#include "base/utf8.h"

#define WIDTH_DEFAULT 80

size_t term_width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	int64_t n;

	if (!isatty(STDOUT_FILENO))
		return 0;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col)
		return size.ws_col;
	if (columns && units_int(columns, 1, 10000, &n, NULL) == 0)
		return (size_t)n;
	return WIDTH_DEFAULT;
}

int term_colours(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no && *no) && term && *term &&
	       strcmp(term, "dumb") != 0;
}

const char *term_state_colour(const char *state)
{
	static const struct {
		const char *state, *colour;
	} colours[] = {
		{ "complete", "\033[32m" },
		{ "failed", "\033[31m" },
		{ "active", "\033[33m" },
		{ "superseded", "\033[2m" },
		{ "skipped", "\033[2m" },
		{ "aborted", "\033[2m" },
	};

	for (size_t i = 0; i < sizeof(colours) / sizeof(*colours); i++)
		if (!strcmp(colours[i].state, state))
			return colours[i].colour;
	return "";
}

void term_paint(struct buf *b, const char *text, const char *colour, int on)
{
	if (on && *colour)
		buf_addf(b, "%s%s" TERM_PLAIN, colour, text);
	else
		buf_adds(b, text);
}

/* Columns of the character at s, whose length is put into *len. */
static size_t char_columns(const char *s, size_t left, size_t *len)
{
	/* what a character takes does not hang on the user's locale */
	static locale_t utf8;
	mbstate_t state;
	locale_t before;
	wchar_t wide;
	int columns = 1;

	*len = utf8_len(s, left);
	if (*len <= 1) {
		*len = 1;
		return 1;
	}
	if (!utf8)
		utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	if (!utf8)
		return 1;
	before = uselocale(utf8);
	memset(&state, 0, sizeof(state));
	if (mbrtowc(&wide, s, *len, &state) == *len)
		columns = wcwidth(wide);
	uselocale(before);
	return columns < 0 ? 1 : (size_t)columns;
}

size_t term_columns(const char *text)
{
	size_t left = strlen(text), n = 0, len;

	while (left) {
		n += char_columns(text, left, &len);
		text += len;
		left -= len;
	}
	return n;
}

void term_cut(struct buf *text, size_t columns)
{
	size_t at = 0, used = 0, len;

	if (term_columns(text->ptr) <= columns)
		return;
	while (at < text->len) {
		size_t n = char_columns(text->ptr + at, text->len - at, &len);

		if (used + n + 1 > columns)
			break;
		used += n;
		at += len;
	}
	buf_setlen(text, at);
	if (columns)
		buf_adds(text, "…");
}

void term_pad(struct buf *b, size_t have, size_t want)
{
	for (; have < want; have++)
		buf_addc(b, ' ');
}

void term_add_run(struct buf *b, const struct run *r)
{
	utf8_add_plain(b, r->repo, name_short_len(r->repo), 0);
	buf_addf(b, "#%lld", (long long)r->number);
}

void term_add_state(struct buf *b, const struct run *r)
{
	buf_adds(b, run_state_name(r->state));
	if (!r->failure_kind || !strcmp(r->failure_kind, KIND_PIPELINE_FAILURE))
		return;
	buf_adds(b, " (");
	utf8_add_plain(b, r->failure_kind, strlen(r->failure_kind), 0);
	buf_addc(b, ')');
}

void term_add_took(
	struct buf *b, int64_t started_ms, int64_t finished_ms, int64_t now_ms)
{
	if (started_ms < 0)
		return;
	if (finished_ms < 0)
		finished_ms = now_ms;
	clock_add_span(
		b, finished_ms > started_ms ? finished_ms - started_ms : 0);
}
