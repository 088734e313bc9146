/*
 * Any bytes as a log, or any text as the records of one: what is shown is HTML
 * of ours, with that text in it.
 */
#include "fuzz.h"

#include <ctype.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/utf8.h"
#include "web/logfile.h"
#include "web/logview.h"

/* What the first byte asks for. */
enum { TIMES = 1, PART = 2, TAIL = 4, RECORDS = 8, REPEAT = 16 };
#define REPEATED 40

static const char columns[] = "2026-11-24T05:46:58.123456789Z stdout F ";
#define STREAM 31 /* where they have it, and the tag */
#define TAG 38

/* Text as records: a newline ends a line of stdout, and what is no byte of
 * UTF-8 one of stderr, or a piece of either. */
static void add_records(
	struct buf *log, const char *text, size_t len, int times)
{
	for (size_t at = 0; at < len;) {
		char head[sizeof(columns)];
		size_t end = at;

		while (end < len && text[end] != '\n' &&
			(unsigned char)text[end] < 0xfd)
			end++;
		memcpy(head, columns, sizeof(head));
		if (end < len && (unsigned char)text[end] >= 0xfe)
			memcpy(head + STREAM, "stderr", 6);
		if (end < len && text[end] != '\n' && text[end] & 1)
			head[TAG] = 'P';
		buf_add(log, head, sizeof(columns) - 1);
		for (int i = 0; i < times; i++)
			buf_add(log, text + at, end - at);
		buf_addc(log, '\n');
		at = end + 1;
	}
}

/* --- what may be there --- */

struct reader {
	const char *at;
	char open[8]; /* first letters of the elements around it */
	size_t depth;
	int64_t line; /* the number that comes next; 0: none do */
};

static int takes(struct reader *r, const char *text)
{
	size_t len = strlen(text);

	if (strncmp(r->at, text, len) != 0)
		return 0;
	r->at += len;
	return 1;
}

static void open_tag(struct reader *r, char letter)
{
	MUST(r->depth < sizeof(r->open));
	r->open[r->depth++] = letter;
}

static void close_tag(struct reader *r, char letter)
{
	MUST(r->depth && r->open[r->depth - 1] == letter);
	r->depth--;
}

static void read_entity(struct reader *r)
{
	MUST(takes(r, "&lt;") || takes(r, "&gt;") || takes(r, "&amp;") ||
		takes(r, "&quot;") || takes(r, "&#39;"));
}

/* The rest of a value of so many kinds of bytes, and its quote. */
static void read_value(struct reader *r, const char *also)
{
	while (*r->at != '"') {
		if (*r->at == '&') {
			read_entity(r);
			continue;
		}
		MUST(isalnum((unsigned char)*r->at) ||
			(*r->at && strchr(also, *r->at)));
		r->at++;
	}
	r->at++;
}

/* A time is a word of the log. */
static void read_title(struct reader *r)
{
	while (*r->at != '"') {
		if (*r->at == '&') {
			read_entity(r);
			continue;
		}
		MUST(*r->at && !strchr("<>'\n", *r->at));
		r->at++;
	}
	r->at++;
}

static void read_row(struct reader *r)
{
	char want[64];

	read_value(r, " ");
	if (takes(r, " id=\"L")) {
		snprintf(want, sizeof(want), "%lld\">", (long long)r->line);
		MUST(r->line && takes(r, want));
		r->line++;
	} else {
		MUST(takes(r, ">"));
	}
	open_tag(r, 's');
}

static void read_tag(struct reader *r)
{
	if (takes(r, "</span>")) {
		close_tag(r, 's');
	} else if (takes(r, "</a>")) {
		close_tag(r, 'a');
	} else if (takes(r, "</time>")) {
		close_tag(r, 't');
	} else if (takes(r, "<a>")) {
		open_tag(r, 'a');
	} else if (takes(r, "<time>")) {
		open_tag(r, 't');
	} else if (takes(r, "<span class=\"")) {
		read_row(r);
	} else if (takes(r, "<a href=\"")) {
		read_value(r, "?=#;");
		MUST(takes(r, ">"));
		open_tag(r, 'a');
	} else {
		MUST(takes(r, "<time title=\""));
		read_title(r);
		MUST(takes(r, ">"));
		open_tag(r, 't');
	}
}

static void check(const struct buf *html, int64_t line, int64_t last)
{
	struct reader r = { .at = html->ptr, .line = line };

	while (r.at < html->ptr + html->len) {
		unsigned char c = (unsigned char)*r.at;

		if (c == '<') {
			read_tag(&r);
			continue;
		}
		if (c == '&') {
			read_entity(&r);
			continue;
		}
		size_t len =
			utf8_len(r.at, (size_t)(html->ptr + html->len - r.at));
		MUST(len);
		MUST(c == '\n' || c == '\t' || (c >= 0x20 && c != 0x7f));
		MUST(c != '>' && c != '"' && c != '\'');
		/* U+0080 to U+009F; and what turns text around */
		MUST(c != 0xc2 || (unsigned char)r.at[1] >= 0xa0);
		MUST(strncmp(r.at, "\342\200\256", 3) != 0);
		/* a line closes what it opened, but the row itself */
		MUST(c != '\n' || r.depth <= 1);
		r.at += len;
	}
	MUST(r.depth == 0);
	MUST(!line || r.line == last + 1);
}

static void view(const struct logfile *f, int flags)
{
	struct buf html = BUF_INIT;
	struct logsum all, half, near;
	struct logview how = { 1, flags & TIMES, flags & PART };
	int64_t at;
	int cut;

	MUST(logfile_count(f, f->size, &all) == 0 && all.at == f->size);
	MUST(logview_part(&html, f, &how, 0, f->size, &at) == 0);
	MUST(at == f->size);
	check(&html, 1, all.lines);

	/* in two halves, of which the second begins where the first ends */
	buf_reset(&html);
	MUST(logfile_count(f, f->size / 2, &half) == 0);
	MUST(logview_part(&html, f, &how, 0, f->size / 2, &at) == 0);
	MUST(at == half.at);
	check(&html, 1, half.lines);
	buf_reset(&html);
	how.line = half.lines + 1;
	MUST(logview_part(&html, f, &how, half.at, f->size, &at) == 0);
	check(&html, half.lines + 1, all.lines);
	MUST(logfile_count_on(f, f->size, &half) == 0);
	MUST(memcmp(&half, &all, sizeof(all)) == 0);

	int64_t middle = all.lines / 2 + 1;
	int found = logfile_around(f, middle, 1000, &near);
	MUST(found == 1 || middle > all.lines);
	MUST(!found || near.lines < middle);

	if (flags & TAIL) {
		buf_reset(&html);
		MUST(logview_tail(&html, f, f->size / 3, &cut) == 0);
		check(&html, 0, 0);
	}
	buf_release(&html);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint8_t none;
	int flags = len ? data[0] : 0;
	const char *text = (const char *)(len ? data + 1 : &none);
	struct buf log = BUF_INIT;

	len -= len > 0;
	if (flags & RECORDS)
		add_records(&log, text, len, flags & REPEAT ? REPEATED : 1);
	else
		buf_add(&log, text, len);

	struct logfile f = { .fd = memfd_create("log", MFD_CLOEXEC),
		.size = (int64_t)log.len };
	MUST(f.fd >= 0 && fs_write_all(f.fd, log.ptr, log.len) == 0);
	view(&f, flags);
	MUST(close(f.fd) == 0);
	buf_release(&log);
	return 0;
}
