/*
 * test_ansi.c - what a terminal would show, as HTML: colours and styles as
 * spans, what was overwritten gone, and no trace of anything else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "web/ansi.h"
#include "web/sgr.h"

/* The lines, which newlines end, with a newline behind each. */
static char *shown(const char *text)
{
	struct ansi a = ANSI_INIT;
	struct buf b = BUF_INIT;

	while (*text) {
		size_t len = strcspn(text, "\n");

		ansi_html(&a, &b, text, len);
		text += len;
		if (*text) {
			buf_addc(&b, '\n');
			text++;
		}
	}
	ansi_release(&a);
	return buf_detach(&b);
}

static void check(const char *text, const char *want)
{
	char *got = shown(text);

	assert_string_equal(got, want);
	free(got);
}

#define T(classes, text) "<span class=\"t " classes "\">" text "</span>"

static void styles_are_spans(void **state)
{
	(void)state;
	check("plain <b>", "plain &lt;b&gt;");
	check("\033[1mbold\033[0m not", T("bold", "bold") " not");
	check("\033[2mx\033[22m\033[3my\033[23m\033[4mz\033[24m\033[9mw\033[29m.",
		T("dim", "x") T("ital", "y") T("under", "z")
			T("strike", "w") ".");
	check("\033[1;4;31mall\033[24mless\033[mnone",
		T("bold under fg c1", "all") T("bold fg c1", "less") "none");
	check("\033[1m\033[2m\033[22mx", "x");
	check("\033[21mx\033[4:0my\033[4:3mz",
		T("under", "x") "y" T("under", "z"));
	/* nothing is shown where nothing is */
	check("\033[31m\033[0m", "");
	check("a\033[31m\033[39mb", "ab");
	/* blinking, conceal, fonts and frames change nothing */
	check("\033[5;6;8;10;11;51;52;53;999mx", "x");
}

static void colours_are_classes(void **state)
{
	(void)state;
	check("\033[30ma\033[37mb\033[90mc\033[97md\033[39me",
		T("fg c0", "a") T("fg c7", "b") T("fg c8", "c")
			T("fg c15", "d") "e");
	check("\033[40ma\033[47mb\033[100mc\033[107md\033[49me",
		T("bg k0", "a") T("bg k7", "b") T("bg k8", "c")
			T("bg k15", "d") "e");
	check("\033[38;5;9mx\033[38;5;208my\033[38;5;255mz",
		T("fg c9", "x") T("fg r5 g2 b0", "y") T("fg y23", "z"));
	check("\033[48;5;16mx\033[48;5;231my\033[48;5;232mz",
		T("bg R0 G0 B0", "x") T("bg R5 G5 B5", "y") T("bg Y0", "z"));
	check("\033[38:5:208mx\033[48:5:1my",
		T("fg r5 g2 b0", "x") T("fg r5 g2 b0 bg k1", "y"));
	check("\033[38;2;255;0;0mx\033[38:2::0:255:0my\033[38:2:0:0:255mz",
		T("fg r5 g0 b0", "x") T("fg r0 g5 b0", "y")
			T("fg r0 g0 b5", "z"));
	check("\033[38;2;1;2;3;1;44mx", T("bold fg r0 g0 b0 bg k4", "x"));
	/* the underline's own colour is read over, with its numbers */
	check("\033[58;5;4;1mx\033[58;2;1;2;3;22;3my",
		T("bold", "x") T("ital", "y"));
}

static void what_is_out_of_range_changes_nothing(void **state)
{
	(void)state;
	check("\033[31;38;5;256mx", T("fg c1", "x"));
	check("\033[31;38;2;0;0;256mx", T("fg c1", "x"));
	check("\033[31;38;5mx\033[38;2;1mx\033[38mx", T("fg c1", "xxx"));
	check("\033[38;7;1mx", T("bold", "x"));
	check("\033[38:2:1mx\033[38:5mx\033[38:9:1mx", "xxx");
	check("\033[99999999999999999999;31mx", T("fg c1", "x"));
	check("\033[1:2:3:4:5:6:7:8:9:10;31mx", T("bold fg c1", "x"));
	check("\033[;1mx\033[1;my", T("bold", "x") "y");
}

static void inverse_changes_places(void **state)
{
	(void)state;
	check("\033[7mx\033[27my", T("inv", "x") "y");
	check("\033[7;31mx", T("bg k1", "x"));
	check("\033[7;31;42mx", T("fg c2 bg k1", "x"));
	check("\033[7;42mx", T("inv", "x"));
}

static void colours_go_on_in_the_next_line(void **state)
{
	(void)state;
	check("\033[31mone\ntwo\n\033[1mthree\033[0m\nfour\n",
		T("fg c1", "one") "\n" T("fg c1", "two") "\n" T(
			"bold fg c1", "three") "\nfour\n");
	check("\033[31m\n\nx\n", "\n\n" T("fg c1", "x") "\n");
}

static void other_sequences_leave_no_trace(void **state)
{
	(void)state;
	check("a\033[2Jb", "b");
	check("a\033[?25lb\033[>4;2mc\033[=1hd\033[1;2Hd", "abcdd");
	check("a\033[1 qb\033[!pc\033(Bd\033=e\033Mf\0337g", "abcdefg");
	check("\033]0;title\007a\033]2;title\033\\b\033Pdcs\033\\c", "abc");
	check("a\033P<script>\033\\x", "ax");
	check("\033^pm\033\\a\033_apc\033\\b\033Xsos\033\\c", "abc");
	check("a\016b\017c\007d", "abcd");
	/* cut off */
	check("a\033", "a");
	check("a\033[", "a");
	check("a\033[1;3", "a");
	check("a\033]0;no end", "a");
	/* broken: what cannot belong to it is text again */
	check("a\033[31\303\251b", "a\303\251b");
	check("\033[1\033[31mx", T("fg c1", "x"));
	check("\033\033[31mx", T("fg c1", "x"));
}

static void a_link_leaves_its_text(void **state)
{
	(void)state;
	check("see \033]8;;https://example.org/?a=<b>\033\\the \033[4mpage"
	      "\033[24m\033]8;;\033\\.",
		"see the " T("under", "page") ".");
	check("\033]8;id=1;javascript:alert(1)\007x\033]8;;\007", "x");
}

static void a_progress_bar_is_its_last_version(void **state)
{
	(void)state;
	check("10%\r20%\r100%", "100%");
	check("10%\r20%\r", "20%");
	check("10%\r20%\r\r\r", "20%");
	check("whole\r\nnext\r\n", "whole\nnext\n");
	check("long version\rshort", "short");
	check("\r", "");
	/* colours outlive what was overwritten */
	check("\033[32m10%\r20%\033[0m", T("fg c2", "20%"));
	check("\033[32m10%\033[0m\r20%", "20%");
	check("10%\r\033[0m", "10%");
	/* other ways to the first column */
	check("10%\033[Gdone", "done");
	check("10%\033[1G\033[0Kdone", "done");
	check("10%\033[1000Ddone", "done");
	check("10%\033[5Gdone", "10%done");
	check("10%\033[1Ddone", "10%done");
	/* and erased at last */
	check("10%\r\033[K", "");
	check("10%\033[2K\rdone", "done");
	check("10%\033[2K", "");
	check("10%\033[K", "10%");
}

static void a_backspace_takes_a_character(void **state)
{
	(void)state;
	check("|\b/\b-\b\\\bdone", "done");
	check("ab\b\b\b\bc", "c");
	check("\b\bx", "x");
	check("x\303\251\by", "xy");
	check("x\360\237\230\200\b\by", "y");
	/* bytes that are no character, one by one */
	check("a\251\251\b\bb", "ab");
	check("<\b&\bx", "x");
	check("\033[31mab\033[0m\bc", T("fg c1", "a") "c");
	check("a\033[31mb\b\033[0mc", "ac");
	check("old\r\bnew", "new");
	check("_\bx", "x"); /* as nroff underlines */
}

static void broken_utf8_is_shown_as_such(void **state)
{
	(void)state;
	check("a\377b\303", "a\357\277\275b\357\277\275");
	/* a character that a colour cuts in two */
	check("\303\033[31m\251", "\357\277\275" T("fg c1", "\357\277\275"));
	check("a\001b\013c\177", "a\357\277\275b\357\277\275c\357\277\275");
	check("a\342\200\256b\033[1m\342\200\256",
		"a[U+202E]b" T("bold", "[U+202E]"));
}

static void check_whole(const char *text, size_t want)
{
	assert_int_equal(ansi_whole(text, strlen(text)), want);
}

static void a_long_line_is_cut_between_characters(void **state)
{
	(void)state;
	check_whole("", 0);
	check_whole("abc", 3);
	check_whole("abc\303\251", 5);
	check_whole("abc\303", 3);
	check_whole("abc\360\237\230", 3);
	check_whole("abc\360\237\230\200", 7);
	check_whole("abc\251", 4);
	check_whole("abc\033", 3);
	check_whole("abc\033[3", 3);
	check_whole("abc\033[31m", 8);
	check_whole("abc\033[31mx", 9);
	check_whole("abc\033]8;;http://x", 3);
	check_whole("abc\033]8;;http://x\007", 17);
	/* never nothing */
	check_whole("\033[3", 3);
	check_whole("\303", 1);
}

static void what_was_overwritten_can_be_skipped(void **state)
{
	struct ansi a = ANSI_INIT;
	struct buf b = BUF_INIT;
	const char *line = "10%\033[1m\r20%\033[31m\r30%\r\r";
	size_t over = ansi_overwritten(line, strlen(line));

	(void)state;
	assert_string_equal(line + over, "30%\r\r");
	assert_int_equal(ansi_overwritten("30%\r\r", 5), 0);
	assert_int_equal(ansi_overwritten("\r\r", 2), 0);
	ansi_skip(&a, line, over);
	ansi_html(&a, &b, line + over, strlen(line + over));
	assert_string_equal(b.ptr, T("bold fg c1", "30%"));
	ansi_release(&a);
	buf_release(&b);
}

/* The value of one of the 256, for those that are the same everywhere. */
static void value_of(unsigned c, int rgb[3])
{
	static const int level[] = { 0, 95, 135, 175, 215, 255 };

	for (int i = 2; i >= 0; i--) {
		if (c >= 232) {
			rgb[i] = 8 + 10 * (int)(c - 232);
			continue;
		}
		unsigned digits = c - 16;
		for (int k = 2; k > i; k--)
			digits /= 6;
		rgb[i] = level[digits % 6];
	}
}

static int distance(const int a[3], const int b[3])
{
	int sum = 0;

	for (int i = 0; i < 3; i++)
		sum += (a[i] - b[i]) * (a[i] - b[i]);
	return sum;
}

static void the_nearest_colour_is_the_nearest(void **state)
{
	int values[256][3];

	(void)state;
	for (unsigned c = 16; c < 256; c++)
		value_of(c, values[c]);
	for (int r = 0; r < 256; r += 5) {
		for (int g = 0; g < 256; g += 5) {
			for (int b = 0; b < 256; b += 3) {
				int want[3] = { r, g, b }, best = 1 << 30;
				unsigned got = sgr_nearest(
					(unsigned)r, (unsigned)g, (unsigned)b);

				for (unsigned c = 16; c < 256; c++) {
					int d = distance(values[c], want);

					best = d < best ? d : best;
				}
				assert_in_range(got, 16, 255);
				assert_int_equal(
					distance(values[got], want), best);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(styles_are_spans),
		cmocka_unit_test(colours_are_classes),
		cmocka_unit_test(what_is_out_of_range_changes_nothing),
		cmocka_unit_test(inverse_changes_places),
		cmocka_unit_test(colours_go_on_in_the_next_line),
		cmocka_unit_test(other_sequences_leave_no_trace),
		cmocka_unit_test(a_link_leaves_its_text),
		cmocka_unit_test(a_progress_bar_is_its_last_version),
		cmocka_unit_test(a_backspace_takes_a_character),
		cmocka_unit_test(broken_utf8_is_shown_as_such),
		cmocka_unit_test(a_long_line_is_cut_between_characters),
		cmocka_unit_test(what_was_overwritten_can_be_skipped),
		cmocka_unit_test(the_nearest_colour_is_the_nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
