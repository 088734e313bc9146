/* Any lines as events: those that can be read say the same when they are
 * written again. */
#include "fuzz.h"

#include <string.h>

#include "base/event.h"

static void once_more(const struct event *ev)
{
	struct buf first = BUF_INIT, second = BUF_INIT;
	struct event again;
	struct err e;

	event_write(&first, ev);
	MUST(first.len && first.ptr[first.len - 1] == '\n');
	MUST(memchr(first.ptr, '\n', first.len) == first.ptr + first.len - 1);
	MUST(event_parse(&again, first.ptr, first.len, &e) == 0);
	MUST(again.type == ev->type);
	event_write(&second, &again);
	MUST(first.len == second.len &&
		memcmp(first.ptr, second.ptr, first.len) == 0);
	event_release(&again);
	buf_release(&first);
	buf_release(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *at = (const char *)data, *end = at + len;

	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t n = stop ? (size_t)(stop + 1 - at) : (size_t)(end - at);
		struct event ev;
		struct err e = { 0 };

		if (event_parse(&ev, at, n, &e) < 0) {
			MUST(e.text[0] && !strchr(e.text, '\n'));
		} else {
			if (ev.type != EVENT_UNKNOWN && ev.at_ms >= 0)
				once_more(&ev);
			event_release(&ev);
		}
		at += n;
	}
	return 0;
}
