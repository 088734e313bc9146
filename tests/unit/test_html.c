/*
 * test_html.c - what reaches a page is escaped for where it stands.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "web/html.h"

#define FFFD "\xEF\xBF\xBD"

static void check_text(const char *in, size_t len, const char *want)
{
	struct buf b = BUF_INIT;

	html_textn(&b, in, len);
	assert_string_equal(b.ptr, want);
	buf_release(&b);
}
#define TEXT(in, want) check_text("" in, sizeof(in) - 1, want)

static void text_is_escaped(void **state)
{
	(void)state;
	TEXT("", "");
	TEXT("plain", "plain");
	TEXT("<b a=\"x\" b='y'>&amp;</b>",
		"&lt;b a=&quot;x&quot; b=&#39;y&#39;&gt;&amp;amp;&lt;/b&gt;");
	TEXT("tab\there\nline", "tab\there\nline");
}

static void text_is_made_utf8(void **state)
{
	(void)state;
	TEXT("\xe8\x8a\xb1 \xf0\x9f\x8c\xb8 \xc3\xa9",
		"\xe8\x8a\xb1 \xf0\x9f\x8c\xb8 \xc3\xa9");
	TEXT("caf\xe9!", "caf" FFFD "!");
	TEXT("\xe8\x8a", FFFD FFFD);
	TEXT("\xc0\xbc", FFFD FFFD); /* '<', overlong */
	TEXT("\xed\xa0\x80", FFFD FFFD FFFD); /* a surrogate */
	TEXT("\xf4\x90\x80\x80", FFFD FFFD FFFD FFFD); /* above U+10FFFF */
}

static void control_bytes_are_shown(void **state)
{
	(void)state;
	TEXT("a\0b", "a" FFFD "b");
	TEXT("\x01\x1b\r\x7f", FFFD FFFD FFFD FFFD);
	TEXT("\xc2\x9b", FFFD); /* C1: the 8-bit CSI */
	TEXT("\xc2\xa0", "\xc2\xa0");
	TEXT("\xef\xbf\xbe\xef\xbf\xbf", FFFD FFFD); /* none of XML */
}

static void bidi_controls_are_marks(void **state)
{
	(void)state;
	TEXT("\xe2\x80\xae", "[U+202E]");
	TEXT("\xe2\x81\xa6x\xe2\x81\xa9", "[U+2066]x[U+2069]");
	TEXT("\xd8\x9c\xe2\x80\x8f", "[U+061C][U+200F]");
	TEXT("\xe2\x80\x90", "\xe2\x80\x90"); /* a hyphen is none */
}

static void urls_are_encoded(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	html_url_segment(&b, "a/b?c#d%e&f=\"<\xc3\xa9~._-");
	assert_string_equal(b.ptr, "a%2Fb%3Fc%23d%25e%26f%3D%22%3C%C3%A9~._-");
	buf_reset(&b);
	html_url_path(&b, "work/a b.git");
	assert_string_equal(b.ptr, "work/a%20b.git");
	buf_release(&b);
}

static void check_size(int64_t bytes, const char *want)
{
	struct buf b = BUF_INIT;

	html_size(&b, bytes);
	assert_string_equal(b.ptr, want);
	buf_release(&b);
}

static void sizes_are_for_readers(void **state)
{
	(void)state;
	check_size(0, "0 B");
	check_size(999, "999 B");
	check_size(1000, "1.0 kB");
	check_size(3400000, "3.4 MB");
	check_size(99900, "99.9 kB");
	check_size(250000000, "250 MB");
	check_size(INT64_MAX, "9.2 EB");
}

static void a_time_has_both_forms(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	html_time(&b, 1763963218000, 1763963218000 + 3 * 60000);
	assert_string_equal(b.ptr,
		"<time datetime=\"2025-11-24T05:46:58Z\" "
		"title=\"2025-11-24 05:46:58 UTC\">3 minutes ago</time>");
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_escaped),
		cmocka_unit_test(text_is_made_utf8),
		cmocka_unit_test(control_bytes_are_shown),
		cmocka_unit_test(bidi_controls_are_marks),
		cmocka_unit_test(urls_are_encoded),
		cmocka_unit_test(sizes_are_for_readers),
		cmocka_unit_test(a_time_has_both_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
