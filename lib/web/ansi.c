#include "web/ansi.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "web/html.h"

#define ESC 0x1b
#define BEL 0x07

/* From one byte of the text on, up to the next run. */
struct ansi_run {
	size_t at;
	struct sgr pen;
};

/* What is not text: BEL, BS, CR, SO, SI, ESC. */
static const char special[256] = {
	[0x07] = 1,
	[0x08] = 1,
	[0x0d] = 1,
	[0x0e] = 1,
	[0x0f] = 1,
	[0x1b] = 1,
};

/* The index of the next such byte, or n. */
static size_t text_end(const char *s, size_t i, size_t n)
{
	while (i < n && !special[(unsigned char)s[i]])
		i++;
	return i;
}

/* Skips bytes from lo to hi. */
static size_t skip(const char *s, size_t i, size_t n, char lo, char hi)
{
	while (i < n && s[i] >= lo && s[i] <= hi)
		i++;
	return i;
}

/* An escape sequence: where it ends, and what it is if it is a CSI. */
struct sequence {
	size_t end;
	int whole; /* it does end there, and not for want of bytes */
	char final; /* of a CSI with plain parameters, or 0 */
	const char *params;
	size_t params_len;
};

/* A string that BEL or ESC \ ends; without an end it is the rest. */
static struct sequence read_string(const char *s, size_t i, size_t n)
{
	for (; i < n; i++) {
		if (s[i] == BEL)
			return (struct sequence){ .end = i + 1, .whole = 1 };
		if (s[i] == ESC && i + 1 < n && s[i + 1] == '\\')
			return (struct sequence){ .end = i + 2, .whole = 1 };
	}
	return (struct sequence){ .end = n };
}

/* Intermediate bytes and a final one, from lo on; or what is there of it. */
static struct sequence read_final(const char *s, size_t i, size_t n, char lo)
{
	size_t final = skip(s, i, n, 0x20, 0x2f);
	struct sequence seq = { .end = final, .whole = final < n };

	if (final < n && s[final] >= lo && s[final] <= 0x7e) {
		seq.end = final + 1;
		seq.final = final == i ? s[final] : 0;
	}
	return seq;
}

static struct sequence read_csi(const char *s, size_t i, size_t n)
{
	size_t end = skip(s, i, n, 0x30, 0x3f);
	struct sequence seq = read_final(s, end, n, 0x40);

	seq.params = s + i;
	seq.params_len = end - i;
	/* one that begins with < = > ? is of a terminal's own kind */
	if (end > i && s[i] >= 0x3c)
		seq.final = 0;
	return seq;
}

/* The sequence whose ESC is at i. */
static struct sequence read_sequence(const char *s, size_t i, size_t n)
{
	struct sequence seq;

	if (++i == n)
		return (struct sequence){ .end = n };
	switch (s[i]) {
	case '[':
		return read_csi(s, i + 1, n);
	case ']': /* OSC, DCS, SOS, PM, APC */
	case 'P':
	case 'X':
	case '^':
	case '_':
		return read_string(s, i + 1, n);
	default:
		seq = read_final(s, i, n, 0x30);
		seq.final = 0;
		return seq;
	}
}

/* Cuts the line down to so many bytes. */
static void cut(struct ansi *a, size_t len)
{
	buf_setlen(&a->text, len);
	while (a->n_runs && a->runs[a->n_runs - 1].at >= len)
		a->n_runs--;
}

static int is_same(const struct sgr *a, const struct sgr *b)
{
	return a->style == b->style && a->fg == b->fg && a->bg == b->bg;
}

static void add_text(struct ansi *a, const char *s, size_t len)
{
	if (a->returned)
		cut(a, 0);
	a->returned = 0;
	if (!a->n_runs || !is_same(&a->runs[a->n_runs - 1].pen, &a->pen)) {
		if (a->n_runs == a->runs_size) {
			a->runs_size = a->runs_size ? a->runs_size * 2 : 16;
			a->runs = mem_resize(
				a->runs, a->runs_size, sizeof(*a->runs));
		}
		a->runs[a->n_runs++] = (struct ansi_run){ a->text.len, a->pen };
	}
	buf_add(&a->text, s, len);
}

static void take_back(struct ansi *a)
{
	size_t len = a->text.len, n = 1;

	if (a->returned || !len)
		return;
	/* a character's first byte, with all its others behind it */
	while (n < 4 && n < len && (a->text.ptr[len - n] & 0xc0) == 0x80)
		n++;
	cut(a, utf8_len(a->text.ptr + len - n, n) == n ? len - n : len - 1);
}

/* The first parameter of a CSI; the default if it is not given. */
static size_t first_param(const struct sequence *seq, size_t by_default)
{
	size_t n = 0, i = 0;

	for (; i < seq->params_len && seq->params[i] >= '0' &&
		seq->params[i] <= '9' && n < 100000;
		i++)
		n = n * 10 + (size_t)(seq->params[i] - '0');
	return n ? n : by_default;
}

/* Of all that moves the cursor or erases: what one line can show of it. */
static void obey(struct ansi *a, const struct sequence *seq)
{
	switch (seq->final) {
	case 'm':
		sgr_apply(&a->pen, seq->params, seq->params_len);
		break;
	case 'G': /* to a column */
		if (first_param(seq, 1) == 1)
			a->returned = 1;
		break;
	case 'D': /* to the left */
		if (first_param(seq, 1) >= a->text.len)
			a->returned = 1;
		break;
	case 'J': /* erase what is behind the cursor: to the end of the */
	case 'K': /* screen, of the line; with 1 or 2 what is before it, too */
		if (a->returned || first_param(seq, 0) > 0)
			cut(a, 0);
		break;
	default:
		break;
	}
}

/* Reads a line: what a terminal had of it in the end. */
static void compose(struct ansi *a, const char *s, size_t n)
{
	size_t i = 0;

	cut(a, 0);
	a->returned = 0;
	while (i < n) {
		size_t stop = text_end(s, i, n);

		if (stop > i)
			add_text(a, s + i, stop - i);
		if (stop == n)
			break;
		i = stop + 1;
		if (s[stop] == ESC) {
			struct sequence seq = read_sequence(s, stop, n);

			obey(a, &seq);
			i = seq.end;
		} else if (s[stop] == '\r') {
			a->returned = 1;
		} else if (s[stop] == '\b') {
			take_back(a);
		}
	}
}

/* style/log.css has these: c1, one of the 16; r5 g3 b0, one of the cube of 6;
 * y12, one of 24 greys; and the same for the background. */
static void add_fg(struct buf *b, unsigned c)
{
	html_raw(b, " fg");
	if (c < 16) {
		html_raw(b, " c");
		html_int(b, c);
	} else if (c < 232) {
		html_raw(b, " r");
		html_int(b, (c - 16) / 36);
		html_raw(b, " g");
		html_int(b, (c - 16) / 6 % 6);
		html_raw(b, " b");
		html_int(b, (c - 16) % 6);
	} else {
		html_raw(b, " y");
		html_int(b, c - 232);
	}
}

static void add_bg(struct buf *b, unsigned c)
{
	html_raw(b, " bg");
	if (c < 16) {
		html_raw(b, " k");
		html_int(b, c);
	} else if (c < 232) {
		html_raw(b, " R");
		html_int(b, (c - 16) / 36);
		html_raw(b, " G");
		html_int(b, (c - 16) / 6 % 6);
		html_raw(b, " B");
		html_int(b, (c - 16) % 6);
	} else {
		html_raw(b, " Y");
		html_int(b, c - 232);
	}
}

/* Inverse, colours change places; what has no colour of its own is paper on
 * ink then. */
static void span_begin(struct buf *b, const struct sgr *pen)
{
	int inverse = pen->style & SGR_INVERSE;
	unsigned fg = inverse ? pen->bg : pen->fg;
	unsigned bg = inverse ? pen->fg : pen->bg;

	html_raw(b, "<span class=\"t");
	if (pen->style & SGR_BOLD)
		html_raw(b, " bold");
	if (pen->style & SGR_DIM)
		html_raw(b, " dim");
	if (pen->style & SGR_ITALIC)
		html_raw(b, " ital");
	if (pen->style & SGR_UNDERLINE)
		html_raw(b, " under");
	if (pen->style & SGR_STRIKE)
		html_raw(b, " strike");
	if (inverse && !bg)
		html_raw(b, " inv");
	else if (fg)
		add_fg(b, fg - 1);
	if (bg)
		add_bg(b, bg - 1);
	html_raw(b, "\">");
}

static void add_run(
	struct buf *b, const struct sgr *pen, const char *s, size_t len)
{
	int plain = is_same(pen, &(struct sgr){ 0 });

	if (!plain)
		span_begin(b, pen);
	html_textn(b, s, len);
	if (!plain)
		html_raw(b, "</span>");
}

void ansi_html(struct ansi *a, struct buf *b, const char *line, size_t len)
{
	/* most lines are nothing but text, and so not composed */
	if (text_end(line, 0, len) == len) {
		if (len)
			add_run(b, &a->pen, line, len);
		return;
	}
	compose(a, line, len);
	for (size_t i = 0; i < a->n_runs; i++) {
		size_t at = a->runs[i].at;
		size_t end =
			i + 1 < a->n_runs ? a->runs[i + 1].at : a->text.len;

		add_run(b, &a->runs[i].pen, a->text.ptr + at, end - at);
	}
}

void ansi_skip(struct ansi *a, const char *line, size_t len)
{
	compose(a, line, len);
}

size_t ansi_overwritten(const char *line, size_t len)
{
	while (len && line[len - 1] == '\r')
		len--;

	const char *cr = memrchr(line, '\r', len);
	return cr ? (size_t)(cr - line) + 1 : 0;
}

/* How many bytes a character has, of which this is the first; 1 for others. */
static size_t announced(unsigned char c)
{
	return c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;
}

size_t ansi_whole(const char *line, size_t len)
{
	const char *esc = memrchr(line, ESC, len);
	size_t n = 1;

	if (esc && esc > line) {
		size_t at = (size_t)(esc - line);

		if (!read_sequence(line, at, len).whole)
			return at;
	}
	while (n < 4 && n < len && (line[len - n] & 0xc0) == 0x80)
		n++;
	if (n < len && announced((unsigned char)line[len - n]) > n)
		return len - n;
	return len;
}

void ansi_release(struct ansi *a)
{
	buf_release(&a->text);
	free(a->runs);
	*a = (struct ansi)ANSI_INIT;
}
