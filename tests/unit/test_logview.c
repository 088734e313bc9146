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

static char *view(const char *text)
{
	struct logfile f = log_of(text, strlen(text));
	struct buf b = BUF_INIT;
	int64_t at, next;

	assert_int_equal(logview_part(&b, &f, 0, f.size, 1, &at, &next), 0);
	assert_int_equal(at, f.size);
	logfile_close(&f);
	return buf_detach(&b);
}

static void check_view(const char *text, const char *want)
{
	char *got = view(text);

	assert_string_equal(got, want);
	free(got);
}

#define L(n, text)                                                            \
	"<span class=\"l\" id=\"L" n "\"><a href=\"#L" n "\">" n "</a> " text \
	"\n</span>"
#define E(n, text)                                                 \
	"<span class=\"l e\" id=\"L" n "\"><a href=\"#L" n "\">" n \
	"</a> " text "\n</span>"

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
		"<span class=\"l\"><a></a> never ended\n</span>");
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
		int64_t at, next, lines = 0;

		assert_int_equal(logfile_count(&f, from, &sum), 0);
		assert_true(sum.at >= from);
		/* counted the slow way */
		for (const char *p = log.ptr; p < log.ptr + sum.at;
			p = strchr(p, '\n') + 1)
			lines += !strncmp(p + 38, "F", 1);
		assert_int_equal(sum.lines, lines);
		assert_int_equal(logview_part(&b, &f, sum.at, sum.at + 500,
					 lines + 1, &at, &next),
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
	int64_t at, next;

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
	assert_int_equal(logview_part(&b, &f, 0, f.size, 1, &at, &next), 0);
	for (const char *p = b.ptr; *p; p++) {
		size_t len = strcspn(p, "\n");

		assert_true(len <= 2 * LOGVIEW_LINE + 1024);
		p += len;
	}
	logfile_close(&f);
	buf_release(&b);
	buf_release(&log);
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
		cmocka_unit_test_setup_teardown(
			a_log_is_opened_beneath_the_home_only, set_up,
			tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
