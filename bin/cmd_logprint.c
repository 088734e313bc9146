#include "cmd_logprint.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/crilog.h"
#include "base/utf8.h"
#include "cmd_logfile.h"
#include "cmd_term.h"

#define READ_BYTES (256 << 10)

void logprint_init(struct logprint *p, int raw)
{
	*p = (struct logprint){
		.raw = raw,
		.terminal = isatty(STDOUT_FILENO),
		.colours = term_colours(),
		.in = BUF_INIT,
		.line = BUF_INIT,
		.out = BUF_INIT,
	};
}

void logprint_release(struct logprint *p)
{
	buf_release(&p->in);
	buf_release(&p->line);
	buf_release(&p->out);
}

void logprint_head(const char *job, int n, const char *cmd, int first)
{
	struct buf head = BUF_INIT;

	buf_adds(&head, first ? "==> " : "\n==> ");
	utf8_add_plain(&head, job, strlen(job), 0);
	buf_addf(&head, " %d: ", n);
	utf8_add_plain(&head, cmd, strlen(cmd), 0);
	buf_adds(&head, " <==\n");
	fwrite(head.ptr, 1, head.len, stdout);
	buf_release(&head);
}

static int flush_out(struct logprint *p, size_t above, struct err *e)
{
	if (p->out.len <= above)
		return 0;
	if (fwrite(p->out.ptr, 1, p->out.len, stdout) != p->out.len)
		return err_sys(e, "standard output");
	buf_reset(&p->out);
	return 0;
}

static void end_line(struct logprint *p)
{
	if (p->terminal)
		log_add_safe(&p->out, p->line.ptr, p->line.len, p->colours);
	else
		buf_add(&p->out, p->line.ptr, p->line.len);
	if (p->terminal && p->colours &&
		memchr(p->line.ptr, '\033', p->line.len))
		buf_adds(&p->out, TERM_PLAIN);
	buf_addc(&p->out, '\n');
	buf_reset(&p->line);
}

/* One line of the file, without its newline. */
static void print_record(struct logprint *p, const char *line, size_t len)
{
	struct crilog_record r;

	if (p->raw) {
		if (p->terminal)
			log_add_safe(&p->out, line, len, p->colours);
		else
			buf_add(&p->out, line, len);
		buf_addc(&p->out, '\n');
		return;
	}
	if (crilog_parse(&r, line, len) < 0) {
		r.text = line; /* a torn line: better than nothing */
		r.len = len;
		r.partial = 0;
	}
	buf_add(&p->line, r.text, r.len);
	/* a line without end must not fill the memory */
	if (!r.partial || p->line.len > (1 << 20))
		end_line(p);
}

int logprint_more(struct logprint *p, int fd, struct err *e)
{
	ssize_t got;

	for (;;) {
		buf_grow(&p->in, READ_BYTES);
		got = read(fd, p->in.ptr + p->in.len, READ_BYTES);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		buf_setlen(&p->in, p->in.len + (size_t)got);

		char *at = p->in.ptr, *end = p->in.ptr + p->in.len, *nl;
		while ((nl = memchr(at, '\n', (size_t)(end - at)))) {
			print_record(p, at, (size_t)(nl - at));
			at = nl + 1;
		}
		buf_consume(&p->in, (size_t)(at - p->in.ptr));
		if (flush_out(p, READ_BYTES, e) < 0)
			return -1;
	}
	if (got < 0)
		return err_sys(e, "cannot read the log");
	return flush_out(p, 0, e);
}

int logprint_end(struct logprint *p, struct err *e)
{
	if (p->in.len)
		print_record(p, p->in.ptr, p->in.len);
	buf_reset(&p->in);
	if (p->line.len)
		end_line(p);
	return flush_out(p, 0, e);
}

int logprint_all(struct logprint *p, int fd, struct err *e)
{
	if (logprint_more(p, fd, e) < 0)
		return -1;
	return logprint_end(p, e);
}
