#include "exec/pumps.h"

#include <stdlib.h>

#include "base/mem.h"

struct pump {
	struct logpump log;
	struct pump *next;
};

struct logpump *pumps_open(
	struct pumps *p, int log, int64_t max, int child[2], struct err *e)
{
	struct pump *pump = mem_zero(sizeof(*pump));

	if (logpump_open(&pump->log, log, max, child, e) < 0) {
		free(pump);
		return NULL;
	}
	pump->next = p->list;
	p->list = pump;
	p->n++;
	return &pump->log;
}

/* Ends the pump that *at points to, and takes it out of the list. */
static void close_pump(struct pumps *p, struct pump **at)
{
	struct pump *pump = *at;

	logpump_close(&pump->log);
	if (pump->log.error)
		p->failed(p->arg, pump->log.error);
	*at = pump->next;
	p->n--;
	free(pump);
}

/* Those that nobody holds any more, but for the one that is waited for. */
static void close_done(struct pumps *p)
{
	for (struct pump **at = &p->list; *at;)
		if (&(*at)->log != p->front && logpump_is_done(&(*at)->log))
			close_pump(p, at);
		else
			at = &(*at)->next;
}

size_t pumps_fill(const struct pumps *p, struct pollfd *fds)
{
	size_t n = 0;

	for (const struct pump *pump = p->list; pump; pump = pump->next)
		for (int k = 0; k < 2; k++)
			fds[n++] =
				(struct pollfd){ pump->log.in[k], POLLIN, 0 };
	return n;
}

void pumps_pull(struct pumps *p, const struct pollfd *fds)
{
	p->pause_us = 0;
	for (struct pump *pump = p->list; pump; pump = pump->next, fds += 2)
		for (int k = 0; k < 2; k++) {
			struct logpump *log = &pump->log;

			if (!fds[k].revents || log->in[k] < 0)
				continue;
			logpump_pull(log, k);
			if (logpump_pause_us(log) > p->pause_us)
				p->pause_us = logpump_pause_us(log);
		}
	close_done(p);
}

int pumps_end_front(struct pumps *p)
{
	/* background processes may write on, but nobody waits for them */
	logpump_drain(p->front);
	int error = p->front->error;
	p->front = NULL;
	close_done(p);
	return error;
}

void pumps_close(struct pumps *p)
{
	while (p->list) {
		logpump_drain(&p->list->log);
		close_pump(p, &p->list);
	}
}
