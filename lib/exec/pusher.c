#include "exec/pusher.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/name.h"
#include "base/utf8.h"
#include "exec/runurl.h"

const char *pusher_name(void)
{
	static const char *const names[] = { "QUIRE_PUSHER", "GL_USER",
		"REMOTE_USER", "LOGNAME", "USER" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *value = getenv(names[i]);

		if (value && *value)
			return value;
	}
	return NULL;
}

void pusher_say(struct buf *b, const char *fmt, ...)
{
	struct buf line = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_addv(&line, fmt, ap);
	va_end(ap);
	buf_adds(b, "quire: ");
	utf8_add_plain(b, line.ptr, line.len, 0);
	buf_addc(b, '\n');
	buf_release(&line);
}

static void add_url(struct buf *b, const struct repo *repo,
	const struct ref_move *m, const char *url)
{
	if (!*url)
		return;
	buf_adds(b, "  ");
	runurl_add(b, url, repo->name, m->number);
}

int pusher_tell(struct buf *b, const struct repo *repo,
	const struct ref_move *m, const char *url)
{
	const char *ref = name_of_ref(m->ref);
	struct buf line = BUF_INIT;
	int waits = 0;

	buf_addf(&line, "%.*s#%" PRId64, (int)name_short_len(repo->name),
		repo->name, m->number);
	switch (m->result) {
	case MOVE_QUEUED:
		waits = 1;
		buf_addf(&line, " queued for %s", ref);
		if (m->ahead)
			buf_addf(&line, " (%" PRId64 " ahead)", m->ahead);
		break;
	case MOVE_ADOPTED:
		buf_addf(&line, " for %s: quire-reconcile was faster", ref);
		break;
	case MOVE_NOT_SKIPPED:
		buf_addf(&line,
			" for %s is not skipped: quire-reconcile was faster",
			ref);
		break;
	case MOVE_SUPERSEDED:
		buf_addf(&line, " superseded: %s has moved on", ref);
		break;
	case MOVE_NOT_RECORDED:
		pusher_say(b,
			"%s: git could not say what it is now; the push "
			"stands, and the next quire-reconcile looks again",
			ref);
		goto out;
	case MOVE_SKIPPED:
		pusher_say(b, "%s: skipped, as asked", ref);
		goto out;
	case MOVE_NO_PIPELINE:
		if (m->hint)
			pusher_say(b, "%s: %s: no run", ref, m->hint);
		goto out;
	case MOVE_NOT_WATCHED:
	case MOVE_SEEN:
	case MOVE_PASSED:
	case MOVE_DELETED:
		goto out;
	}
	add_url(&line, repo, m, url);
	pusher_say(b, "%s", line.ptr);
out:
	buf_release(&line);
	return waits;
}
