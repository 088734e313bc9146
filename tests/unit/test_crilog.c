/* The log format: what the writer's half cuts, the reader's half reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/crilog.h"

#define STAMP "2026-11-24T05:46:58.000000007Z"

static const struct timespec at = { .tv_sec = 1795499218, .tv_nsec = 7 };

static void parse(struct crilog_record *r, const char *line)
{
	assert_int_equal(crilog_parse(r, line, strlen(line)), 0);
}

static void reads_a_record(void **state)
{
	struct crilog_record r;

	(void)state;
	parse(&r, STAMP " stderr P two  words ");
	assert_int_equal(r.time_len, strlen(STAMP));
	assert_int_equal(r.stream, CRILOG_STDERR);
	assert_int_equal(r.partial, 1);
	assert_int_equal(r.len, 11);
	assert_memory_equal(r.text, "two  words ", 11);

	parse(&r, STAMP " stdout F ");
	assert_int_equal(r.stream, CRILOG_STDOUT);
	assert_int_equal(r.partial, 0);
	assert_int_equal(r.len, 0);

	parse(&r, "2026-11-24T05:46:58+01:00 stdout F:x a");
	assert_int_equal(r.len, 1);
}

static void refuses_what_is_none(void **state)
{
	static const char *const lines[] = { "", " ", "plain text of a line",
		STAMP, STAMP " ", STAMP " stdout", STAMP " stdin F x",
		STAMP " stdout X text", STAMP " stdout Fx text",
		"yesterday stdout F text", "2026-11-24T05:46:58 stdout F x",
		STAMP "  stdout F x" };
	struct crilog_record r;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		assert_int_equal(
			crilog_parse(&r, lines[i], strlen(lines[i])), -1);
}

/* What the format says, in another language. */
static void check_by_pattern(const regex_t *format, const char *line)
{
	struct crilog_record r;
	regmatch_t m[6];
	int is = regexec(format, line, 6, m, 0) == 0;

	assert_int_equal(crilog_parse(&r, line, strlen(line)), is ? 0 : -1);
	if (!is)
		return;
	assert_ptr_equal(r.time, line);
	assert_int_equal(r.time_len, m[1].rm_eo);
	assert_int_equal(r.stream,
		line[m[2].rm_so + 3] == 'e' ? CRILOG_STDERR : CRILOG_STDOUT);
	assert_int_equal(r.partial, line[m[3].rm_so] == 'P');
	assert_ptr_equal(r.text, line + m[5].rm_eo);
	assert_int_equal(r.len, strlen(line) - (size_t)m[5].rm_eo);
}

static void every_byte_of_a_record_counts(void **state)
{
	static const char *const lines[] = { STAMP " stdout F text",
		STAMP " stdout P text", STAMP " stderr F text",
		STAMP " stderr P text", STAMP " stderr F " };
	regex_t format;
	char line[64];

	(void)state;
	assert_int_equal(regcomp(&format,
				 "^([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:"
				 "[0-9]{2}:[0-9]{2}[^ ]+) (stdout|stderr) "
				 "([FP])(:[^ ]*)?( |$)",
				 REG_EXTENDED),
		0);
	for (size_t k = 0; k < sizeof(lines) / sizeof(*lines); k++) {
		size_t len = strlen(lines[k]);

		for (size_t i = 0; i < len; i++) {
			for (int c = 1; c < 256; c++) {
				memcpy(line, lines[k], len + 1);
				line[i] = (char)c;
				check_by_pattern(&format, line);
			}
			/* a byte less, and one more */
			memcpy(line, lines[k], i);
			memcpy(line + i, lines[k] + i + 1, len - i);
			check_by_pattern(&format, line);
			memcpy(line, lines[k], i);
			line[i] = '0';
			memcpy(line + i + 1, lines[k] + i, len - i + 1);
			check_by_pattern(&format, line);
			memcpy(line, lines[k], i);
			line[i] = '\0';
			check_by_pattern(&format, line);
		}
	}
	regfree(&format);
}

static void cuts_lines(void **state)
{
	struct crilog_writer w = { CRILOG_STDOUT, BUF_INIT };
	struct buf out = BUF_INIT;

	(void)state;
	crilog_feed(&w, "a\n\nb", 4, &at, &out);
	assert_string_equal(
		out.ptr, STAMP " stdout F a\n" STAMP " stdout F \n");
	buf_reset(&out);
	crilog_feed(&w, "c\nd", 3, &at, &out);
	assert_string_equal(out.ptr, STAMP " stdout F bc\n");
	buf_reset(&out);
	crilog_end(&w, &at, &out);
	assert_string_equal(out.ptr, STAMP " stdout F d\n");
	buf_reset(&out);
	crilog_end(&w, &at, &out);
	assert_int_equal(out.len, 0);
	buf_release(&out);
}

/* Feeds a line of len bytes in steps; reads it back and counts the pieces. */
static void round_trip(size_t len, size_t step, size_t pieces)
{
	struct crilog_writer w = { CRILOG_STDERR, BUF_INIT };
	struct buf in = BUF_INIT, out = BUF_INIT, back = BUF_INIT;
	size_t seen = 0;

	for (size_t i = 0; i < len; i++)
		buf_addc(&in, (char)(i % 251 == '\n' ? 0 : i % 251));
	buf_addc(&in, '\n');
	for (size_t i = 0; i < in.len; i += step)
		crilog_feed(&w, in.ptr + i,
			step < in.len - i ? step : in.len - i, &at, &out);
	crilog_end(&w, &at, &out);
	for (char *line = out.ptr; line < out.ptr + out.len;) {
		char *end = memchr(line, '\n', out.len);
		struct crilog_record r;

		assert_non_null(end);
		assert_int_equal(
			crilog_parse(&r, line, (size_t)(end - line)), 0);
		assert_true(r.len <= CRILOG_PIECE);
		assert_int_equal(r.partial, ++seen < pieces);
		buf_add(&back, r.text, r.len);
		line = end + 1;
	}
	assert_int_equal(seen, pieces);
	assert_int_equal(back.len, len);
	assert_memory_equal(back.ptr, in.ptr, len);
	buf_release(&in);
	buf_release(&out);
	buf_release(&back);
}

static void cuts_long_lines_into_pieces(void **state)
{
	(void)state;
	round_trip(CRILOG_PIECE - 1, 1000000, 1);
	round_trip(CRILOG_PIECE, 1000000, 1);
	round_trip(CRILOG_PIECE + 1, 1000000, 2);
	round_trip(3 * CRILOG_PIECE, 4096, 3);
	round_trip(3 * CRILOG_PIECE + 5, 1, 4);
	round_trip(200000, 16383, 13);
}

/* Any bytes, in lines of any length; some end where the text does, and some
 * past what is copied at once. */
static void gives_every_byte_back(void **state)
{
	struct buf in = BUF_INIT, back = BUF_INIT;
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		struct crilog_writer w = { CRILOG_STDOUT, BUF_INIT };
		struct buf out = BUF_INIT;

		buf_reset(&in);
		buf_reset(&back);
		for (int len = round % 300; len >= 0; len--) {
			seed = seed * 1664525 + 1013904223;
			buf_addc(&in,
				seed >> 24 < 8 ? '\n' : (char)(seed >> 16));
		}
		for (size_t at_byte = 0, n; at_byte < in.len; at_byte += n) {
			seed = seed * 1664525 + 1013904223;
			n = 1 + (seed >> 8) % 200;
			if (n > in.len - at_byte)
				n = in.len - at_byte;
			/* of its own: a look beyond its end would be seen */
			char *piece = malloc(n);
			assert_non_null(piece);
			memcpy(piece, in.ptr + at_byte, n);
			crilog_feed(&w, piece, n, &at, &out);
			free(piece);
		}
		crilog_end(&w, &at, &out);
		for (char *line = out.ptr; line < out.ptr + out.len;) {
			char *end = memchr(
				line, '\n', (size_t)(out.ptr + out.len - line));
			struct crilog_record r;

			assert_non_null(end);
			assert_int_equal(
				crilog_parse(&r, line, (size_t)(end - line)),
				0);
			buf_add(&back, r.text, r.len);
			buf_addc(&back, '\n');
			line = end + 1;
		}
		if (in.ptr[in.len - 1] != '\n')
			buf_addc(&in, '\n');
		assert_int_equal(back.len, in.len);
		assert_memory_equal(back.ptr, in.ptr, in.len);
		buf_release(&out);
	}
	buf_release(&in);
	buf_release(&back);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_record),
		cmocka_unit_test(refuses_what_is_none),
		cmocka_unit_test(every_byte_of_a_record_counts),
		cmocka_unit_test(cuts_lines),
		cmocka_unit_test(cuts_long_lines_into_pieces),
		cmocka_unit_test(gives_every_byte_back),
	};

	return cmocka_run_group_tests_name("crilog", tests, NULL, NULL);
}
