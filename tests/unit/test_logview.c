/*
 * test_logview.c - logs are read in constant memory, from anywhere, and their
 * lines keep their numbers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/crilog.h"
#include "base/fs.h"
#include "web/logfile.h"
#include "web/logview.h"

#define OUT "2026-11-24T05:46:58.123456789Z stdout F "
#define ERR "2026-11-24T05:46:58.123456789Z stderr F "
#define OUT_P "2026-11-24T05:46:58.123456789Z stdout P "
#define ERR_P "2026-11-24T05:46:58.123456789Z stderr P "

/* An open log of this content, which no path leads to. */
static struct logfile log_of(const char *text, size_t len)
{
	struct logfile f = { .fd = memfd_create("log", MFD_CLOEXEC),
		.size = (int64_t)len };

	assert_true(f.fd >= 0);
	assert_int_equal(fs_write_all(f.fd, text, len), 0);
	return f;
}

static const struct logview numbered = { .line = 1 };

static char *view_as(const struct logview *how, const char *text, size_t len)
{
	struct logfile f = log_of(text, len);
	struct buf b = BUF_INIT;
	int64_t at;

	assert_int_equal(logview_part(&b, &f, how, 0, f.size, &at), 0);
	assert_int_equal(at, f.size);
	logfile_close(&f);
	return buf_detach(&b);
}

static void check_view_as(
	const struct logview *how, const char *text, const char *want)
{
	char *got = view_as(how, text, strlen(text));

	assert_string_equal(got, want);
	free(got);
}

static void check_view(const char *text, const char *want)
{
	check_view_as(&numbered, text, want);
}

#define L(n, text)                                                            \
	"<span class=\"l\" id=\"L" n "\"><a href=\"#L" n "\">" n " </a>" text \
	"\n</span>"
#define E(n, text)                                                 \
	"<span class=\"l e\" id=\"L" n "\"><a href=\"#L" n "\">" n \
	" </a>" text "\n</span>"

static void lines_have_numbers_and_streams(void **state)
{
	(void)state;
	check_view("", "");
	check_view(OUT "one\n" ERR "two <b>\n" OUT "\n",
		L("1", "one") E("2", "two &lt;b&gt;") L("3", ""));
}

static void pieces_are_joined_by_stream(void **state)
{
	(void)state;
	check_view(OUT_P "a long \n" ERR_P "an \n" OUT "line\n" ERR
			 "error\n" OUT "x\n",
		L("1", "a long line") E("2", "an error") L("3", "x"));
	check_view(OUT_P "never ended\n",
		"<span class=\"l\"><a> </a>never ended\n</span>");
}

static void what_is_no_record_is_text(void **state)
{
	(void)state;
	check_view("just text\n" OUT "x\n\n",
		L("1", "just text") L("2", "x") L("3", ""));
	/* a line that is being written */
	check_view(OUT "x\n" OUT "ha", L("1", "x") L("2", "ha"));
}

/* n numbered lines, every fifth on stderr, every seventh in two pieces */
static void many_lines(struct buf *b, int n)
{
	for (int i = 1; i <= n; i++) {
		if (i % 7 == 0)
			buf_adds(b, OUT_P "piece ");
		if (i % 7 == 0)
			buf_addc(b, '\n');
		buf_addf(b, "%sline %d\n", i % 5 ? OUT : ERR, i);
	}
}

static void a_window_starts_at_a_record(void **state)
{
	struct buf log = BUF_INIT;

	(void)state;
	many_lines(&log, 3000);
	struct logfile f = log_of(log.ptr, log.len);
	for (int64_t from = 0; from < f.size; from += 777) {
		struct logsum sum;
		struct buf b = BUF_INIT;
		int64_t at, lines = 0;

		assert_int_equal(logfile_count(&f, from, &sum), 0);
		assert_true(sum.at >= from);
		/* counted the slow way */
		for (const char *p = log.ptr; p < log.ptr + sum.at;
			p = strchr(p, '\n') + 1)
			lines += !strncmp(p + 38, "F", 1);
		assert_int_equal(sum.lines, lines);
		const struct logview how = { .line = lines + 1 };
		assert_int_equal(
			logview_part(&b, &f, &how, sum.at, sum.at + 500, &at),
			0);
		if (sum.at < f.size) {
			char want[64];

			snprintf(want, sizeof(want), "id=\"L%d\"",
				(int)lines + 1);
			assert_non_null(strstr(b.ptr, want));
			snprintf(want, sizeof(want), "line %d\n",
				(int)lines + 1);
			assert_non_null(strstr(b.ptr, want));
			assert_true(at >= sum.at + 500 || at == f.size);
		}
		buf_release(&b);
	}
	logfile_close(&f);
	buf_release(&log);
}

static void a_tail_starts_behind_a_torn_line(void **state)
{
	static const char text[] = OUT "first\n" OUT "second\n" ERR "third\n";
	struct logfile f = log_of(text, sizeof(text) - 1);
	struct buf b = BUF_INIT;
	int64_t last = (int64_t)sizeof(ERR "third\n") - 1;
	int cut;

	(void)state;
	/* exactly its last record, and one byte less, which tears it */
	assert_int_equal(logview_tail(&b, &f, last, &cut), 0);
	assert_string_equal(b.ptr, "<span class=\"e\">third\n</span>");
	assert_true(cut);
	buf_reset(&b);
	assert_int_equal(logview_tail(&b, &f, last - 1, &cut), 0);
	assert_string_equal(b.ptr, "");
	assert_int_equal(logview_tail(&b, &f, last + 1, &cut), 0);
	assert_string_equal(b.ptr, "<span class=\"e\">third\n</span>");
	buf_reset(&b);
	assert_int_equal(logview_tail(&b, &f, 9999, &cut), 0);
	assert_string_equal(
		b.ptr, "first\nsecond\n<span class=\"e\">third\n</span>");
	assert_false(cut);
	buf_release(&b);
	logfile_close(&f);
}

static void one_endless_line_takes_bounded_rows(void **state)
{
	struct buf log = BUF_INIT, b = BUF_INIT;
	int64_t at;

	(void)state;
	/* half of it in proper pieces, half with no newline at all */
	for (int i = 0; i < 100; i++) {
		buf_adds(&log, OUT_P);
		for (int k = 0; k < CRILOG_PIECE / 16; k++)
			buf_adds(&log, "0123456789abcdef");
		buf_addc(&log, '\n');
	}
	for (int k = 0; k < 100000; k++)
		buf_adds(&log, "0123456789abcdef");
	struct logfile f = log_of(log.ptr, log.len);
	assert_int_equal(logview_part(&b, &f, &numbered, 0, f.size, &at), 0);
	for (const char *p = b.ptr; *p; p++) {
		size_t len = strcspn(p, "\n");

		assert_true(len <= 2 * LOGVIEW_LINE + 1024);
		p += len;
	}
	logfile_close(&f);
	buf_release(&b);
	buf_release(&log);
}

#define C1(text) "<span class=\"t fg c1\">" text "</span>"

static void colours_go_on_in_their_own_stream(void **state)
{
	(void)state;
	check_view(OUT "\033[31mone\n" ERR "two\n" OUT "three\n" ERR
		       "\033[1mfour\n" OUT "five\033[0m six\n",
		L("1", C1("one")) E("2", "two") L("3", C1("three"))
			E("4", "<span class=\"t bold\">four</span>")
				L("5", C1("five") " six"));
}

static void times_are_those_of_the_records(void **state)
{
	static const struct logview timed = { .line = 1, .times = 1 };
	char *got;

	(void)state;
	check_view_as(&timed,
		"2026-11-24T05:46:58.123456789Z stdout F x\n"
		"2026-11-24T05:46:59Z stdout F y\n"
		"no record\n"
		"2026-11-24T05:47:00.000000001Z stdout P begun\n",
		"<span class=\"l\" id=\"L1\"><a href=\"#L1\">1 </a>"
		"<time title=\"2026-11-24T05:46:58.123456789Z\">05:46:58.123"
		"</time> x\n</span>"
		"<span class=\"l\" id=\"L2\"><a href=\"#L2\">2 </a>"
		"<time title=\"2026-11-24T05:46:59Z\">05:46:59</time> y\n"
		"</span>"
		"<span class=\"l\" id=\"L3\"><a href=\"#L3\">3 </a>"
		"<time></time> no record\n</span>"
		"<span class=\"l\"><a> </a><time></time> begun\n</span>");
	/* the time is somebody's text, too */
	static const char odd[] = "2026-11-24T05:46:58\"<b>\001 stdout F x\n";

	got = view_as(&timed, odd, sizeof(odd) - 1);
	assert_non_null(
		strstr(got, "58&quot;&lt;b&gt;\357\277\275\">05:46:58<"));
	free(got);
}

static void on_a_part_a_number_leads_to_its_window(void **state)
{
	static const struct logview part = { .line = 7, .is_part = 1 };
	static const struct logview timed = {
		.line = 7, .is_part = 1, .times = 1
	};

	(void)state;
	check_view_as(&part, OUT "x\n",
		"<span class=\"l\" id=\"L7\"><a href=\"?line=7#L7\">7 </a>x\n"
		"</span>");
	check_view_as(&timed, "x\n",
		"<span class=\"l\" id=\"L7\">"
		"<a href=\"?line=7&amp;time=1#L7\">7 </a><time></time> x\n"
		"</span>");
}

static void characters_may_be_split_between_pieces(void **state)
{
	(void)state;
	check_view(OUT_P "a\303\n" ERR_P "b\360\237\n" OUT "\251c\n" ERR
			 "\230\200\n",
		L("1", "a\303\251c") E("2", "b\360\237\230\200"));
	check_view(OUT_P "a\303\n" OUT "\n" OUT_P "\033[3\n" OUT "1mx\n",
		L("1", "a\357\277\275") L("2", C1("x")));
}

/* A bar in so many versions, as pieces of len bytes. */
static void add_bar(struct buf *log, int versions, size_t len)
{
	struct buf bar = BUF_INIT;

	buf_adds(&bar, "\033[31m");
	for (int i = 0; i <= versions; i++)
		buf_addf(&bar, "\r%d of %d", i, versions);
	for (size_t at = 0; at < bar.len; at += len) {
		int last = at + len >= bar.len;

		buf_adds(log, last ? OUT : OUT_P);
		buf_add(log, bar.ptr + at, last ? bar.len - at : len);
		buf_addc(log, '\n');
	}
	buf_release(&bar);
}

static void a_bar_of_any_length_is_one_line(void **state)
{
	static const size_t pieces[] = { 7, 1000, CRILOG_PIECE };
	struct buf log = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		buf_reset(&log);
		add_bar(&log, 20000, pieces[i]);
		assert_true(log.len > (size_t)4 * LOGVIEW_LINE);
		buf_adds(&log, OUT "done\033[0m\n" OUT "x\n");
		check_view(log.ptr, L("1", C1("20000 of 20000"))
					    L("2", C1("done")) L("3", "x"));
	}
	buf_release(&log);
}

/* A line of one character after the other, in pieces that cut them; what is
 * shown of it, joined again. */
static void check_endless(const char *character, const char *shown)
{
	struct buf log = BUF_INIT, want = BUF_INIT, got = BUF_INIT;
	size_t len = strlen(character), i = 0;

	while (i < 2 * LOGVIEW_LINE * len) {
		buf_adds(&log, OUT_P);
		for (int k = 0; k < 16001; k++, i++) {
			buf_addc(&log, character[i % len]);
			if (i % len == 0)
				buf_adds(&want, shown);
		}
		buf_addc(&log, '\n');
	}
	char *html = view_as(&numbered, log.ptr, log.len);
	for (const char *p = html; *p; p++) {
		if (*p == '<')
			p += strcspn(p, ">");
		else if (*p != '\n' && *p != ' ')
			buf_addc(&got, *p);
	}
	/* the very last may be cut by the end */
	assert_true(got.len + 16 > want.len);
	assert_memory_equal(got.ptr, want.ptr, want.len - 16);
	free(html);
	buf_release(&got);
	buf_release(&want);
	buf_release(&log);
}

static void rows_of_an_endless_line_cut_no_character(void **state)
{
	(void)state;
	check_endless("\360\237\230\200", "\360\237\230\200");
	check_endless("\342\202\254", "\342\202\254");
	check_endless("\033[1mx", "x");
}

static void a_line_is_found_with_what_is_around_it(void **state)
{
	struct buf log = BUF_INIT;
	struct logsum sum, same;

	(void)state;
	many_lines(&log, 3000);
	struct logfile f = log_of(log.ptr, log.len);
	for (int64_t line = 1; line <= 3000; line += 13) {
		struct buf b = BUF_INIT;
		char want[64];
		int64_t at;

		assert_int_equal(logfile_around(&f, line, 4000, &sum), 1);
		/* it is a place that counting comes to as well */
		assert_int_equal(logfile_count(&f, sum.at, &same), 0);
		assert_memory_equal(&sum, &same, sizeof(sum));
		assert_true(sum.lines < line);

		const struct logview how = { .line = sum.lines + 1 };
		assert_int_equal(
			logview_part(&b, &f, &how, sum.at, sum.at + 8000, &at),
			0);
		snprintf(want, sizeof(want), "id=\"L%d\"", (int)line);
		char *found = strstr(b.ptr, want);
		assert_non_null(found);
		/* with something in front, where there is something */
		assert_true(line < 50 || found - b.ptr > 1500);
		buf_release(&b);
	}
	assert_int_equal(logfile_around(&f, 3001, 4000, &sum), 0);
	assert_int_equal(logfile_around(&f, 1LL << 60, 4000, &sum), 0);
	assert_int_equal(logfile_around(&f, 0, 4000, &sum), 0);
	logfile_close(&f);
	buf_release(&log);
}

static void bytes_are_those_of_the_text(void **state)
{
	static const char text[] = OUT_P "abc\n" OUT "de\n" ERR "\n"
					 "no record\n" OUT_P "xy\n";
	struct logfile f = log_of(text, sizeof(text) - 1);
	struct logsum sum;

	(void)state;
	assert_int_equal(logfile_count(&f, f.size, &sum), 0);
	assert_int_equal(sum.bytes, 6 + 1 + 10 + 2);
	assert_int_equal(sum.lines, 3);
	assert_int_equal(sum.at, f.size);
	logfile_close(&f);
}

static void a_tail_has_colours(void **state)
{
	static const char text[] = OUT "\033[31mx\n";
	struct logfile f = log_of(text, sizeof(text) - 1);
	struct buf b = BUF_INIT;
	int cut;

	(void)state;
	assert_int_equal(logview_tail(&b, &f, 1000, &cut), 0);
	assert_string_equal(b.ptr, C1("x") "\n");
	buf_release(&b);
	logfile_close(&f);
}

/* A home with one log, and traps beside it. */
struct fixture {
	char dir[32];
	struct home home;
};

static void put(int fd, const char *folder, const char *name, const char *text)
{
	struct buf path = BUF_INIT;

	assert_int_equal(fs_mkdirs(fd, folder, 0755), 0);
	buf_addf(&path, "%s/%s", folder, name);
	assert_int_equal(
		fs_replace_file(fd, path.ptr, text, strlen(text), 0644), 0);
	buf_release(&path);
}

static int set_up(void **state)
{
	static struct fixture fx;
	struct err e;

	snprintf(fx.dir, sizeof(fx.dir), "/tmp/quire-unit.XXXXXX");
	assert_non_null(mkdtemp(fx.dir));
	assert_int_equal(home_open(&fx.home, fx.dir, &e), 0);
	int fd = fx.home.fd;
	put(fd, "runs/work/foo.git/1/jobs/test", "sh-1.log", OUT "x\n");
	put(fd, "secrets", "sh-1.log", "secret\n");
	put(fd, "elsewhere/test", "sh-1.log", "secret\n");
	assert_int_equal(symlinkat("../../../../../../secrets/sh-1.log", fd,
				 "runs/work/foo.git/1/jobs/test/sh-2.log"),
		0);
	assert_int_equal(
		mkfifoat(fd, "runs/work/foo.git/1/jobs/test/sh-3.log", 0600),
		0);
	assert_int_equal(symlinkat("../../../../../secrets", fd,
				 "runs/work/foo.git/1/jobs/link"),
		0);
	assert_int_equal(symlinkat("../elsewhere", fd, "runs/linked.git"), 0);
	*state = &fx;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fx = *state;

	home_close(&fx->home);
	return fs_remove_tree(AT_FDCWD, fx->dir);
}

static int opens(struct fixture *fx, const char *repo, const char *run,
	const char *job, int n)
{
	struct logfile f;

	if (logfile_open(&f, &fx->home, repo, run, job, n) < 0)
		return 0;
	logfile_close(&f);
	return 1;
}

static void a_log_is_opened_beneath_the_home_only(void **state)
{
	struct fixture *fx = *state;

	assert_true(opens(fx, "work/foo.git", "1", "test", 1));
	assert_false(opens(fx, "work/foo.git", "1", "test", 2)); /* a link */
	assert_false(opens(fx, "work/foo.git", "1", "test", 3)); /* a FIFO */
	assert_false(opens(fx, "work/foo.git", "1", "test", 4));
	assert_false(opens(fx, "work/foo.git", "1", "link", 1));
	assert_false(opens(fx, "linked.git", "1", "test", 1));
	assert_false(
		opens(fx, "work/foo.git", "1", "../../../../../secrets", 1));
	assert_false(opens(fx, "work/foo.git", "1", "..", 1));
	assert_false(opens(fx, "work/foo.git", "..", "test", 1));
	assert_false(opens(fx, "../secrets", "1", "test", 1));
	assert_false(opens(fx, "work//foo.git", "1", "test", 1));
	assert_false(opens(fx, "", "1", "test", 1));
	assert_false(opens(fx, "work/foo.git", "", "test", 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_have_numbers_and_streams),
		cmocka_unit_test(pieces_are_joined_by_stream),
		cmocka_unit_test(what_is_no_record_is_text),
		cmocka_unit_test(a_window_starts_at_a_record),
		cmocka_unit_test(a_tail_starts_behind_a_torn_line),
		cmocka_unit_test(one_endless_line_takes_bounded_rows),
		cmocka_unit_test(colours_go_on_in_their_own_stream),
		cmocka_unit_test(times_are_those_of_the_records),
		cmocka_unit_test(on_a_part_a_number_leads_to_its_window),
		cmocka_unit_test(characters_may_be_split_between_pieces),
		cmocka_unit_test(a_bar_of_any_length_is_one_line),
		cmocka_unit_test(rows_of_an_endless_line_cut_no_character),
		cmocka_unit_test(a_line_is_found_with_what_is_around_it),
		cmocka_unit_test(bytes_are_those_of_the_text),
		cmocka_unit_test(a_tail_has_colours),
		cmocka_unit_test_setup_teardown(
			a_log_is_opened_beneath_the_home_only, set_up,
			tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
