#include "cmd_term.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

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

/* Without making it the process's. */
int term_utf8(void)
{
	locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	int yes;

	if (!locale)
		return 0;
	yes = strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") == 0;
	freelocale(locale);
	return yes;
}

int term_pause(int ms, struct err *e)
{
	struct pollfd out = { .fd = STDOUT_FILENO };
	int n = poll(&out, 1, ms);

	if (n == 0 || (n < 0 && errno == EINTR))
		return 0;
	/* in the way in which a write to it would end this process */
	raise(SIGPIPE);
	return err_set(e, EXIT_BUSY, "standard output: nobody reads it");
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
