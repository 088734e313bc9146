/*
 * Pieces that several pages show: states, names, durations, and failures in
 * words.
 */
#include <string.h>

#include "base/clock.h"
#include "base/name.h"
#include "web/html.h"
#include "web/page.h"

void show_state(struct buf *b, const char *state)
{
	html_raw(b, "<span class=\"st ");
	html_text(b, state);
	html_raw(b, "\">");
	html_text(b, state);
	html_raw(b, "</span>");
}

void show_repo(struct buf *b, const char *repo)
{
	html_textn(b, repo, name_short_len(repo));
}

void show_ref(struct buf *b, const char *ref)
{
	if (!strncmp(ref, "refs/tags/", 10))
		html_raw(b, "tag ");
	html_text(b, name_of_ref(ref));
}

void show_sha(struct buf *b, const char *sha)
{
	html_raw(b, "<code title=\"");
	html_text(b, sha);
	html_raw(b, "\">");
	html_textn(b, sha, strnlen(sha, 10));
	html_raw(b, "</code>");
}

void show_subject(struct buf *b, const struct run *r)
{
	if (r->subject && *r->subject) {
		html_text(b, r->subject);
		return;
	}
	html_raw(b, "commit ");
	html_textn(b, r->sha, strnlen(r->sha, 10));
}

void show_author(struct buf *b, const char *author)
{
	const char *mail = strrchr(author, '<');
	size_t len = mail ? (size_t)(mail - author) : strlen(author);

	while (len && author[len - 1] == ' ')
		len--;
	if (len)
		html_textn(b, author, len);
	else
		html_text(b, author);
}

/* Whether the pusher is who the author's name or address says: to tell both
 * would be to tell the same twice. */
static int is_author(const char *pusher, const char *author)
{
	const char *mail = strrchr(author, '<');
	size_t len = strlen(pusher);
	size_t name_len = mail ? (size_t)(mail - author) : strlen(author);

	while (name_len && author[name_len - 1] == ' ')
		name_len--;
	if (name_len == len && !strncasecmp(author, pusher, len))
		return 1;
	return mail && !strncasecmp(mail + 1, pusher, len) &&
	       (mail[1 + len] == '@' || mail[1 + len] == '>');
}

void show_people(struct buf *b, const struct run *r)
{
	int told = r->author && *r->author;

	if (told) {
		html_raw(b, " by ");
		show_author(b, r->author);
	}
	if (!r->pusher || !*r->pusher ||
		(told && is_author(r->pusher, r->author)))
		return;
	html_text(b, told ? ", pushed by " : " pushed by ");
	html_text(b, r->pusher);
}

const char *show_trigger(const struct run *r)
{
	static const char *const words[][2] = {
		{ "drift", "found by reconcile" },
		{ "rerun", "a rerun" },
		{ "start", "started by hand" },
	};

	for (size_t i = 0; r->trigger && i < 3; i++) {
		if (!strcmp(r->trigger, words[i][0]))
			return words[i][1];
	}
	return NULL;
}

void show_counts(struct buf *b, const int64_t counts[RUN_STATES])
{
	/* how it went before what is on its way */
	static const enum run_state order[] = { RUN_COMPLETE, RUN_FAILED,
		RUN_SUPERSEDED, RUN_ACTIVE, RUN_PENDING };
	int some = 0;

	for (size_t i = 0; i < RUN_STATES; i++) {
		if (!counts[order[i]])
			continue;
		if (some)
			html_raw(b, ", ");
		html_int(b, counts[order[i]]);
		html_raw(b, " ");
		html_text(b, run_state_name(order[i]));
		some = 1;
	}
}

void show_failure(struct buf *b, const struct run *r)
{
	static const struct {
		const char *kind, *words;
	} kinds[] = {
		{ KIND_PIPELINE_FAILURE, "The pipeline failed" },
		{ KIND_PROCESS_CRASHED, "The executor crashed" },
		{ KIND_ORPHANED, "Nobody was left to finish it" },
		{ KIND_CANCELED, "Canceled" },
		{ KIND_TIMEOUT, "Out of time" },
		{ KIND_WORKSPACE, "The workspace could not be laid out" },
		{ KIND_DISK_FULL, "The disk was full" },
	};

	if (r->state != RUN_FAILED)
		return;
	if (!r->failure_kind) {
		html_raw(b, "Failed");
		return;
	}
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!strcmp(kinds[i].kind, r->failure_kind)) {
			html_text(b, kinds[i].words);
			return;
		}
	}
	html_text(b, r->failure_kind); /* the set is open */
}

void show_duration(struct buf *b, int64_t span_ms)
{
	if (span_ms < 1000) {
		html_int(b, span_ms > 0 ? span_ms : 0);
		html_raw(b, " ms");
	} else {
		clock_add_span(b, span_ms);
	}
}

void show_span(struct buf *b, const struct page *p, int64_t started_at_ms,
	int64_t finished_at_ms)
{
	int64_t end = finished_at_ms < 0 ? p->now_ms : finished_at_ms;

	if (started_at_ms < 0)
		return;
	if (finished_at_ms < 0) {
		html_raw(b, "<span data-since=\"");
		html_int(b, started_at_ms);
		html_raw(b, "\">");
	}
	show_duration(b, end - started_at_ms);
	if (finished_at_ms < 0)
		html_raw(b, "</span>");
}

void show_command(struct buf *b, const char *cmd)
{
	size_t len = strcspn(cmd, "\n");

	html_textn(b, cmd, len);
	if (cmd[len])
		html_raw(b, " &hellip;");
}

void show_exit(struct buf *b, int exit_code)
{
	const char *name =
		exit_code > 128 ? sigabbrev_np(exit_code - 128) : NULL;

	html_raw(b, "exit ");
	html_int(b, exit_code);
	if (name) {
		html_raw(b, " (SIG");
		html_text(b, name);
		html_raw(b, ")");
	}
}
