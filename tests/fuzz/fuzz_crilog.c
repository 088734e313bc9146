/* Any bytes a command may write, in any pieces: the log gives them back. */
#include "fuzz.h"

#include <string.h>

#include "base/crilog.h"

/* What the records hold, joined: the text, and a newline for each F. */
static void read_back(const struct buf *log, struct buf *text)
{
	const char *at = log->ptr, *end = at + log->len;

	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		struct crilog_record r;

		MUST(stop);
		MUST(crilog_parse(&r, at, (size_t)(stop - at)) == 0);
		MUST(r.stream == CRILOG_STDERR && r.len <= CRILOG_PIECE);
		buf_add(text, r.text, r.len);
		if (!r.partial)
			buf_addc(text, '\n');
		at = stop + 1;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct crilog_writer w = { CRILOG_STDERR, BUF_INIT };
	struct buf log = BUF_INIT, text = BUF_INIT;
	struct timespec at = { (time_t)len * 86399, 123456789 };
	struct crilog_record r;
	const char *bytes = (const char *)data;
	size_t given = 0;

	/* the same bytes as a line of somebody's log */
	crilog_parse(&r, bytes, len);
	/* the first byte says how they come in */
	while (given < len) {
		size_t n = 1 + (size_t)data[0] * 37;

		if (n > len - given)
			n = len - given;
		crilog_feed(&w, bytes + given, n, &at, &log);
		MUST(w.rest.len <= CRILOG_PIECE);
		given += n;
	}
	crilog_end(&w, &at, &log);
	read_back(&log, &text);
	int added = len && bytes[len - 1] != '\n';
	MUST(text.len == len + (size_t)added);
	MUST(!len || memcmp(text.ptr, bytes, len) == 0);
	buf_release(&log);
	buf_release(&text);
	return 0;
}
