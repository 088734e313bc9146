/* The pump between a command's pipes and its log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "exec/logpump.h"

struct bench {
	struct logpump pump;
	int child[2];
	int log; /* a second descriptor of the log, to read it */
};

static void set_up(struct bench *b, int64_t max)
{
	struct err e;

	b->log = memfd_create("log", MFD_CLOEXEC);
	assert_true(b->log >= 0);
	assert_int_equal(
		logpump_open(&b->pump, dup(b->log), max, b->child, &e), 0);
}

static void put(struct bench *b, int which, const char *text, size_t len)
{
	assert_int_equal(write(b->child[which], text, len), (ssize_t)len);
}

/* Ends the pump; the records' streams, kinds and texts. */
static void take(struct bench *b, struct buf *out)
{
	char *text;
	ssize_t len;

	close(b->child[0]);
	close(b->child[1]);
	logpump_close(&b->pump);
	len = lseek(b->log, 0, SEEK_END);
	text = malloc((size_t)len + 1);
	assert_non_null(text);
	assert_int_equal(pread(b->log, text, (size_t)len, 0), len);
	close(b->log);
	for (char *at = text; at < text + len;) {
		char *end = memchr(at, '\n', (size_t)(text + len - at));
		struct crilog_record r;

		assert_non_null(end);
		assert_int_equal(crilog_parse(&r, at, (size_t)(end - at)), 0);
		buf_addf(out, "%s%s:%.*s\n",
			r.stream == CRILOG_STDOUT ? "out" : "err",
			r.partial ? "+" : "", (int)r.len, r.text);
		at = end + 1;
	}
	free(text);
}

static void writes_records_of_both_streams(void **state)
{
	struct bench b;
	struct buf out = BUF_INIT;

	(void)state;
	set_up(&b, 0);
	assert_int_equal(logpump_pull(&b.pump, 0), 0); /* nothing there */
	put(&b, 0, "one\ntw", 6);
	assert_int_equal(logpump_pull(&b.pump, 0), 6);
	put(&b, 1, "oops\n", 5);
	assert_int_equal(logpump_pull(&b.pump, 1), 5);
	put(&b, 0, "o\nend", 5);
	logpump_drain(&b.pump);
	assert_false(logpump_is_done(&b.pump));
	take(&b, &out);
	assert_string_equal(out.ptr, "out:one\nerr:oops\nout:two\nout:end\n");
	buf_release(&out);
}

static void sees_the_end_of_both_streams(void **state)
{
	struct bench b;
	struct buf out = BUF_INIT;

	(void)state;
	set_up(&b, 0);
	put(&b, 0, "x\n", 2);
	close(b.child[0]);
	logpump_drain(&b.pump);
	assert_int_equal(b.pump.in[0], -1);
	assert_false(logpump_is_done(&b.pump));
	close(b.child[1]);
	logpump_drain(&b.pump);
	assert_true(logpump_is_done(&b.pump));
	b.child[0] = b.child[1] = -1;
	take(&b, &out);
	assert_string_equal(out.ptr, "out:x\n");
	buf_release(&out);
}

static void stops_at_the_limit_and_counts(void **state)
{
	struct bench b;
	struct buf out = BUF_INIT;

	(void)state;
	/* two records of 46 bytes ("<stamp> stdout F 12345\n") fit */
	set_up(&b, 100);
	put(&b, 1, "begun", 5);
	logpump_drain(&b.pump);
	put(&b, 0, "12345\n12345\n1234\n12", 19);
	logpump_drain(&b.pump);
	put(&b, 0, "more\n", 5);
	logpump_drain(&b.pump);
	/* dropped: 1234 and its end, 12, more and its end, begun */
	assert_int_equal(b.pump.dropped, 5 + 2 + 5 + 5);
	take(&b, &out);
	assert_string_equal(out.ptr,
		"out:12345\nout:12345\nerr:quire: the log is at its limit of "
		"100 bytes; 17 bytes of output were dropped\n");
	buf_release(&out);
}

static void a_log_of_just_the_limit_is_whole(void **state)
{
	struct bench b;
	struct buf out = BUF_INIT;

	(void)state;
	set_up(&b, 92);
	put(&b, 0, "12345\n12345\n", 12);
	logpump_drain(&b.pump);
	take(&b, &out);
	assert_string_equal(out.ptr, "out:12345\nout:12345\n");
	buf_release(&out);
}

static void the_rest_of_a_line_may_pass_the_limit(void **state)
{
	struct bench b;
	struct buf out = BUF_INIT;

	(void)state;
	set_up(&b, 50);
	put(&b, 0, "12345\n678", 9);
	logpump_drain(&b.pump);
	take(&b, &out);
	assert_non_null(strstr(out.ptr, "; 3 bytes of output were dropped"));
	buf_release(&out);
}

static void a_full_disk_is_told_and_the_pipes_stay_open(void **state)
{
	struct logpump p;
	struct err e;
	int child[2];

	(void)state;
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	assert_true(full >= 0);
	assert_int_equal(logpump_open(&p, full, 0, child, &e), 0);
	assert_int_equal(write(child[0], "one\ntwo\n", 8), 8);
	logpump_drain(&p);
	assert_int_equal(p.error, ENOSPC);
	/* the command goes on, and is read */
	assert_int_equal(write(child[0], "three\n", 6), 6);
	assert_int_equal(logpump_pull(&p, 0), 6);
	assert_int_equal(p.dropped, 14);
	close(child[0]);
	close(child[1]);
	logpump_close(&p);
	assert_int_equal(p.error, ENOSPC);
}

static void give(
	void *arg, enum crilog_stream stream, const char *data, size_t len)
{
	buf_addf(arg, "%d:%.*s;", (int)stream, (int)len, data);
}

static void without_a_log_the_bytes_are_given(void **state)
{
	struct buf given = BUF_INIT;
	struct logpump p;
	struct err e;
	int child[2];

	(void)state;
	assert_int_equal(logpump_open(&p, -1, 0, child, &e), 0);
	p.give = give;
	p.arg = &given;
	assert_int_equal(write(child[0], "ab", 2), 2);
	assert_int_equal(write(child[1], "c\nd", 3), 3);
	logpump_drain(&p);
	close(child[0]);
	close(child[1]);
	logpump_close(&p);
	assert_string_equal(given.ptr, "1:ab;2:c\nd;");
	buf_release(&given);
}

static struct redactor *one_secret(void)
{
	struct redactor *r = redactor_new();

	redactor_add(r, "x", "secret-value", 12);
	redactor_prepare(r);
	return r;
}

static void takes_secrets_out_of_each_stream(void **state)
{
	struct redactor *r = one_secret();
	struct bench b;
	struct buf out = BUF_INIT;

	(void)state;
	set_up(&b, 0);
	b.pump.redactor = r;
	put(&b, 0, "a secret-", 9);
	logpump_drain(&b.pump);
	put(&b, 1, "value secret-v", 14); /* the other stream's */
	logpump_drain(&b.pump);
	put(&b, 0, "value.\nsecret", 13);
	logpump_drain(&b.pump);
	take(&b, &out);
	assert_string_equal(
		out.ptr, "out:a {{ x }}.\nout:secret\nerr:value secret-v\n");
	buf_release(&out);
	redactor_free(r);
}

static void secrets_are_taken_out_before_lines_are_cut(void **state)
{
	struct redactor *r = one_secret();
	struct bench b;
	struct buf out = BUF_INIT, line = BUF_INIT;

	(void)state;
	while (line.len < CRILOG_PIECE - 6)
		buf_addc(&line, '.');
	set_up(&b, 0);
	b.pump.redactor = r;
	buf_adds(&line, "secret-value\n");
	put(&b, 0, line.ptr, line.len);
	logpump_drain(&b.pump);
	take(&b, &out);
	assert_null(strstr(out.ptr, "secret"));
	assert_non_null(strstr(out.ptr, ".{{ x }"));
	assert_non_null(strstr(out.ptr, "\nout:}\n"));
	buf_release(&out);
	buf_release(&line);
	redactor_free(r);
}

static void what_is_held_back_counts_as_dropped(void **state)
{
	struct redactor *r = one_secret();
	struct bench b;
	struct buf out = BUF_INIT;

	(void)state;
	set_up(&b, 50);
	b.pump.redactor = r;
	put(&b, 1, "secret", 6);
	logpump_drain(&b.pump);
	put(&b, 0, "12345\n12345\n", 12);
	logpump_drain(&b.pump);
	assert_int_equal(b.pump.dropped, 12);
	put(&b, 1, "-value\n", 7);
	logpump_drain(&b.pump);
	take(&b, &out);
	assert_string_equal(out.ptr,
		"out:12345\nerr:quire: the log is at its limit of 50 bytes; "
		"19 bytes of output were dropped\n");
	buf_release(&out);
	redactor_free(r);
}

static void what_is_held_at_the_end_may_pass_the_limit(void **state)
{
	struct redactor *r = one_secret();
	struct bench b;
	struct buf out = BUF_INIT;

	(void)state;
	set_up(&b, 50);
	b.pump.redactor = r;
	put(&b, 0, "12345\nsecret-v", 14);
	logpump_drain(&b.pump);
	take(&b, &out);
	assert_non_null(strstr(out.ptr, "; 8 bytes of output were dropped"));
	buf_release(&out);
	redactor_free(r);
}

static void so_may_a_whole_line_that_is_held(void **state)
{
	struct redactor *r = one_secret();
	struct bench b;
	struct buf out = BUF_INIT;

	(void)state;
	set_up(&b, 50);
	b.pump.redactor = r;
	/* in hexadecimal it may go on in the next line */
	put(&b, 0, "12345\n7365\n", 11);
	logpump_drain(&b.pump);
	take(&b, &out);
	assert_non_null(strstr(out.ptr, "; 5 bytes of output were dropped"));
	buf_release(&out);
	redactor_free(r);
}

static void says_a_line_of_its_own(void **state)
{
	struct bench b;
	struct buf out = BUF_INIT;

	(void)state;
	set_up(&b, 0);
	logpump_say(&b.pump, "quire: so\n", 10);
	put(&b, 1, "x", 1);
	logpump_drain(&b.pump);
	take(&b, &out);
	assert_string_equal(out.ptr, "err:quire: so\nerr:x\n");
	buf_release(&out);
}

static void many_short_reads_make_it_pause(void **state)
{
	struct bench b;
	struct buf out = BUF_INIT;
	int paused = 0;

	(void)state;
	set_up(&b, 0);
	assert_int_equal(logpump_pause_us(&b.pump), 0);
	/* until they fall close enough together, on a busy machine too */
	for (int i = 0; i < 1000000 && !paused; i++) {
		put(&b, 0, "x\n", 2);
		logpump_pull(&b.pump, 0);
		paused = logpump_pause_us(&b.pump) > 0;
	}
	assert_true(paused);
	take(&b, &out);
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_records_of_both_streams),
		cmocka_unit_test(sees_the_end_of_both_streams),
		cmocka_unit_test(stops_at_the_limit_and_counts),
		cmocka_unit_test(a_log_of_just_the_limit_is_whole),
		cmocka_unit_test(the_rest_of_a_line_may_pass_the_limit),
		cmocka_unit_test(a_full_disk_is_told_and_the_pipes_stay_open),
		cmocka_unit_test(without_a_log_the_bytes_are_given),
		cmocka_unit_test(takes_secrets_out_of_each_stream),
		cmocka_unit_test(secrets_are_taken_out_before_lines_are_cut),
		cmocka_unit_test(what_is_held_back_counts_as_dropped),
		cmocka_unit_test(what_is_held_at_the_end_may_pass_the_limit),
		cmocka_unit_test(so_may_a_whole_line_that_is_held),
		cmocka_unit_test(says_a_line_of_its_own),
		cmocka_unit_test(many_short_reads_make_it_pause),
	};

	return cmocka_run_group_tests_name("logpump", tests, NULL, NULL);
}
