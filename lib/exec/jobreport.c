#include "exec/jobreport.h"

#include <string.h>

#include "exec/jobrun.h"

static void send_frame(
	struct jobreport *r, uint8_t kind, const char *data, size_t len)
{
	struct jobrun_frame head = { (uint32_t)len, kind };

	if (r->stopped)
		return;
	buf_add(&r->up.pending, &head, sizeof(head));
	buf_add(&r->up.pending, data, len);
	if (sendq_flush(&r->up) < 0)
		r->stopped = 1;
}

/* The text, or buf with what is left of it. */
static char *without_secrets(
	const struct jobreport *r, struct buf *buf, char *text)
{
	if (!text || !r->redactor)
		return text;
	redact_add(buf, r->redactor, text, strlen(text));
	return buf->ptr;
}

void jobreport_event(struct jobreport *r, struct event ev)
{
	struct buf line = BUF_INIT, cmd = BUF_INIT, reason = BUF_INIT,
		   path = BUF_INIT;

	ev.at_ms = -1;
	ev.job_id = (char *)(uintptr_t)r->job_id;
	ev.cmd = without_secrets(r, &cmd, ev.cmd);
	ev.reason = without_secrets(r, &reason, ev.reason);
	ev.path = without_secrets(r, &path, ev.path);
	event_write(&line, &ev);
	send_frame(r, 'E', line.ptr, line.len);
	buf_release(&line);
	buf_release(&cmd);
	buf_release(&reason);
	buf_release(&path);
}

void jobreport_output(
	void *arg, enum crilog_stream stream, const char *data, size_t len)
{
	send_frame(arg, stream == CRILOG_STDOUT ? 'O' : 'e', data, len);
}
