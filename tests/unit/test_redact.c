/*
 * Redaction: single promises, then random texts against a reference that
 * looks at the whole text, pattern by pattern and place by place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/redact.h"

#define ROUNDS 20000

static void append(void *arg, const char *text, size_t len)
{
	buf_add(arg, text, len);
}

static struct redactor *make(const char *const *names_values, size_t n)
{
	struct redactor *r = redactor_new();

	for (size_t i = 0; i < n; i += 2)
		redactor_add(r, names_values[i], names_values[i + 1],
			strlen(names_values[i + 1]));
	redactor_prepare(r);
	return r;
}

/* One byte at a time, and as a whole: the same. */
static void expect_of(const struct redactor *r, const char *text, size_t len,
	const char *wanted)
{
	struct redact_stream s;
	struct buf whole = BUF_INIT, bytes = BUF_INIT;

	redact_add(&whole, r, text, len);
	assert_string_equal(whole.ptr, wanted);
	redact_open(&s, r, append, &bytes);
	for (size_t i = 0; i < len; i++)
		redact_feed(&s, text + i, 1);
	redact_end(&s);
	assert_string_equal(bytes.ptr, wanted);
	buf_release(&whole);
	buf_release(&bytes);
}

static void expect(const char *value, const char *text, const char *wanted)
{
	struct redactor *r = make((const char *[]){ "x", value }, 2);

	expect_of(r, text, strlen(text), wanted);
	redactor_free(r);
}

static void replaces_the_value(void **state)
{
	(void)state;
	expect("hunter2hunter2", "", "");
	expect("hunter2hunter2", "hunter2hunter2", "{{ x }}");
	expect("hunter2hunter2", "<hunter2hunter2>", "<{{ x }}>");
	expect("hunter2hunter2", "hunter2hunter2hunter2hunter2",
		"{{ x }}{{ x }}");
	expect("hunter2hunter2", "hunter2hunter2hunter", "{{ x }}hunter");
	expect("hunter2hunter2", "hunter2hunter", "hunter2hunter");
	expect("\377\376\375\374\373\372\371\370",
		"a\377\376\375\374\373\372\371\370b", "a{{ x }}b");
}

static void leaves_short_values(void **state)
{
	(void)state;
	expect("1234567", "1234567", "1234567");
	expect("12345678", "12345678", "{{ x }}");
}

static void replaces_lines(void **state)
{
	const char *value = "-----BEGIN-----\nMIIEpAIBAAKC\r\nshort\nlast line";

	(void)state;
	expect(value, "-----BEGIN-----\nMIIEpAIBAAKC\r\nshort\nlast line\n",
		"{{ x }}\n");
	expect(value, "MIIEpAIBAAKC\nshort\nlast line -----BEGIN-----",
		"{{ x }}\nshort\n{{ x }} {{ x }}");
}

static void replaces_what_a_shell_quotes(void **state)
{
	(void)state;
	expect("it's a secret", "+ echo 'it'\\''s a secret'",
		"+ echo '{{ x }}'");
}

static void replaces_base64(void **state)
{
	(void)state;
	/* "s3cr3t-v@lue", its length 12: with nothing, a newline behind */
	expect("s3cr3t-v@lue", "czNjcjN0LXZAbHVl\n", "{{ x }}\n");
	expect("s3cr3t-v@lue", "czNjcjN0LXZAbHVlCg==\n", "{{ x }}\n");
	expect("s3cr3t-v@lue", "czNjcjN0LXZAbHVlCg\n", "{{ x }}\n");
	/* ":s3cr3t-v@lue:" and "::s3cr3t-v@lue:" */
	expect("s3cr3t-v@lue", "OnMzY3IzdC12QGx1ZTo=", "On{{ x }}To=");
	expect("s3cr3t-v@lue", "OjpzM2NyM3QtdkBsdWU6", "Ojp{{ x }}6");
	/* the characters in which the alphabets differ */
	expect("~~~?\?\?>>>", "fn5+Pz8/Pj4+", "{{ x }}");
	expect("~~~?\?\?>>>", "fn5-Pz8_Pj4-", "{{ x }}");
}

static void replaces_broken_base64(void **state)
{
	(void)state;
	expect("s3cr3t-v@lue", "czNjcjN0\nLXZAbHVl!", "{{ x }}!");
	expect("s3cr3t-v@lue", "czNjcjN0\r\nLXZAbHVl!", "{{ x }}!");
	/* where the line ends early the rest is found */
	expect("s3cr3t-v@lue", "czN\njcjN0LXZAbHVl!", "czN\nj{{ x }}!");
	expect("s3cr3t-v@lue", "czNjcjN0\n\n\nLXZAbHVl!",
		"czNjcjN0\n\n\nLXZAbHVl!");
}

static void replaces_hex(void **state)
{
	(void)state;
	expect("s3cr3t:?", "7333637233743a3f", "{{ x }}");
	expect("s3cr3t:?", "7333637233743A3F", "{{ x }}");
	expect("s3cr3t:?", " 73 33 63 72 33\n 74 3a 3f\n", " {{ x }}\n");
	expect("s3cr3t:?", "73:33:63:72:33:74:3a:3f", "{{ x }}");
	expect("s3cr3t:?", "73336372337\n43a3f!", "{{ x }}!");
}

static void the_longest_counts(void **state)
{
	const char *two[] = { "short", "password", "long", "password-12" };
	struct redactor *r = make(two, 4);

	(void)state;
	expect_of(r, "password-12 password-1 password", 31,
		"{{ long }} {{ short }}-1 {{ short }}");
	redactor_free(r);
}

static void nothing_remains_of_those_that_overlap(void **state)
{
	const char *two[] = { "a", "12345678abcd", "b", "abcd87654321" };
	struct redactor *r = make(two, 4);

	(void)state;
	expect_of(r, "<12345678abcd87654321>", 22, "<{{ a }}{{ b }}>");
	redactor_free(r);
	expect("abababab", "abababababa", "{{ x }}{{ x }}a");
}

static void what_is_found_within_a_longer_one_counts_if_that_fails(void **state)
{
	const char *three[] = { "a", "12345678", "b", "12345678 and much more",
		"c", "and much" };
	struct redactor *r = make(three, 6);

	(void)state;
	expect_of(r, "12345678 and much mor.", 22, "{{ a }} {{ c }} mor.");
	redactor_free(r);
}

static void holds_only_what_may_be_a_beginning(void **state)
{
	struct redactor *r = make((const char *[]){ "x", "secret-value" }, 2);
	struct redact_stream s;
	struct buf out = BUF_INIT;

	(void)state;
	redact_open(&s, r, append, &out);
	redact_feed(&s, "all is well\n", 12);
	assert_string_equal(out.ptr, "all is well\n");
	redact_feed(&s, "secret-val", 10);
	assert_int_equal(redact_held(&s), 10);
	assert_string_equal(out.ptr, "all is well\n");
	redact_feed(&s, "id\n", 3);
	assert_string_equal(out.ptr, "all is well\nsecret-valid\n");
	assert_int_equal(redact_held(&s), 0);
	redact_feed(&s, "a secret-value", 14);
	/* nothing that is longer begins like it: it need not wait */
	assert_string_equal(out.ptr, "all is well\nsecret-valid\na {{ x }}");
	redact_feed(&s, " secret-", 8);
	redact_end(&s);
	assert_string_equal(
		out.ptr, "all is well\nsecret-valid\na {{ x }} secret-");
	redactor_free(r);
	buf_release(&out);
}

static void bytes_that_are_held_are_bounded(void **state)
{
	struct redactor *r = make((const char *[]){ "x", "aaaaaaaaaaaa" }, 2);
	struct redact_stream s;
	struct buf out = BUF_INIT;

	(void)state;
	redact_open(&s, r, append, &out);
	for (int i = 0; i < 100000; i++) {
		redact_feed(&s, "a", 1);
		assert_true(redact_held(&s) < 3 * 12 * 2);
	}
	for (int i = 0; i < 100000; i++) { /* hex, and what may be between */
		redact_feed(&s, "6 \t1:\n", 6);
		assert_true(redact_held(&s) < 3 * 12 * 2);
	}
	assert_true(s.found_size < 100);
	redact_end(&s);
	redactor_free(r);
	buf_release(&out);
}

static void a_value_of_64_kib(void **state)
{
	size_t len = 64 << 10;
	char *value = malloc(len + 1);
	struct redactor *r;
	struct buf text = BUF_INIT;

	(void)state;
	assert_non_null(value);
	for (size_t i = 0; i < len; i++)
		value[i] = (char)('!' + (i * 7 + i / 91 * 13 + i / 977) % 90);
	value[len] = '\0';
	r = make((const char *[]){ "x", value }, 2);
	buf_addf(&text, "<%s>", value);
	for (const char *c = value; *c; c++)
		buf_addf(&text, "%02x", (unsigned char)*c);
	buf_adds(&text, "!");
	expect_of(r, text.ptr, text.len, "<{{ x }}>{{ x }}!");
	redactor_free(r);
	buf_release(&text);
	free(value);
}

/* The reference. */

struct pattern {
	char text[400];
	size_t len;
	int encoded;
	int secret;
};

struct reference {
	struct buf values[4];
	int n_values;
	struct pattern patterns[400];
	int n_patterns;
};

static uint32_t seed;

static uint32_t pick(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)(seed >> 8) * n >> 24);
}

static void ref_base64(struct buf *out, const char *data, size_t len, int pad)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < len; i += 3) {
		uint32_t three = 0;

		for (size_t k = 0; k < 3; k++)
			three = three << 8 |
				(i + k < len ? (uint8_t)data[i + k] : 0);
		for (size_t k = 0; k < 4; k++)
			if (i + k <= len)
				buf_addc(out,
					digits[three >> (18 - 6 * k) & 63]);
			else if (pad)
				buf_addc(out, '=');
	}
}

static void add_pattern(struct reference *ref, const char *text, size_t len,
	int encoded, int secret)
{
	struct pattern *p = &ref->patterns[ref->n_patterns++];

	assert_true(ref->n_patterns <= 400 && len <= sizeof(p->text));
	memcpy(p->text, text, len);
	p->len = len;
	p->encoded = encoded;
	p->secret = secret;
	if (encoded == 1 && len >= 12)
		add_pattern(ref, text + 4, len - 4, 2, secret);
}

/* What all texts have in common in which data stands behind `before` bytes. */
static void add_common(struct reference *ref, const char *data, size_t len,
	size_t before, int secret)
{
	static const char *const around[] = { "\0\0\0\0", "\377\377\377\377" };
	struct buf texts[2] = { BUF_INIT, BUF_INIT }, at_end = BUF_INIT;
	size_t from = 0, to;

	for (int i = 0; i < 2; i++) {
		struct buf raw = BUF_INIT;

		buf_add(&raw, around[i], before);
		buf_add(&raw, data, len);
		if (i == 0)
			ref_base64(&at_end, raw.ptr, raw.len, 1);
		buf_add(&raw, around[i], 4);
		ref_base64(&texts[i], raw.ptr, raw.len, 1);
		buf_release(&raw);
	}
	while (texts[0].ptr[from] != texts[1].ptr[from])
		from++;
	for (to = from; texts[0].ptr[to] == texts[1].ptr[to]; to++)
		;
	add_pattern(ref, texts[0].ptr + from, to - from, 1, secret);
	add_pattern(ref, at_end.ptr + from, at_end.len - from, 1, secret);
	while (at_end.ptr[at_end.len - 1] == '=')
		buf_setlen(&at_end, at_end.len - 1);
	add_pattern(ref, at_end.ptr + from, at_end.len - from, 1, secret);
	buf_release(&texts[0]);
	buf_release(&texts[1]);
	buf_release(&at_end);
}

static void add_literals(struct reference *ref, const char *value, int secret)
{
	char quoted[400] = "", lines[200], *save = NULL;

	add_pattern(ref, value, strlen(value), 0, secret);
	for (const char *c = value; *c; c++)
		if (*c == '\'')
			strcat(quoted, "'\\''");
		else
			strncat(quoted, c, 1);
	add_pattern(ref, quoted, strlen(quoted), 0, secret);
	strcpy(lines, value);
	for (char *line = strtok_r(lines, "\n", &save); line;
		line = strtok_r(NULL, "\n", &save))
		if (strlen(line) >= 8)
			add_pattern(ref, line, strlen(line), 0, secret);
}

static void add_value(struct reference *ref, const char *value)
{
	char hex[2][400] = { "", "" }, line[200];
	int secret = ref->n_values++;

	buf_init(&ref->values[secret]);
	buf_adds(&ref->values[secret], value);
	add_literals(ref, value, secret);
	snprintf(line, sizeof(line), "%s\n", value);
	for (size_t before = 0; before < 3; before++) {
		add_common(ref, value, strlen(value), before, secret);
		add_common(ref, line, strlen(line), before, secret);
	}
	for (const char *c = value; *c; c++) {
		sprintf(hex[0] + strlen(hex[0]), "%02x", (unsigned char)*c);
		sprintf(hex[1] + strlen(hex[1]), "%02X", (unsigned char)*c);
	}
	add_pattern(ref, hex[0], strlen(hex[0]), 1, secret);
	add_pattern(ref, hex[1], strlen(hex[1]), 1, secret);
}

static int same_char(char pattern, char text)
{
	return pattern == text || (pattern == '+' && text == '-') ||
	       (pattern == '/' && text == '_');
}

/* Where the pattern ends that begins at from; 0: it is not there. */
static size_t match(
	const struct pattern *p, const char *text, size_t len, size_t from)
{
	size_t at = from;

	if (!p->encoded)
		return len - from >= p->len &&
				       !memcmp(text + from, p->text, p->len)
			       ? from + p->len
			       : 0;
	for (size_t i = 0; i < p->len; i++) {
		for (int breaks = 0; i && at < len && breaks < 2 &&
				     strchr(" \t:\r\n", text[at]) && text[at];
			at++, breaks++)
			if (i < 2 || (i < 4 && strchr("\r\n", text[at])))
				return 0;
		if (at >= len || !same_char(p->text[i], text[at]))
			return 0;
		at++;
	}
	return at;
}

static void reference(const struct reference *ref, const char *text, size_t len,
	struct buf *out)
{
	size_t *longest = calloc(len + 1, sizeof(*longest));
	int *secret = calloc(len + 1, sizeof(*secret));
	size_t done = 0, from, to;

	assert_true(longest && secret);
	for (size_t i = 0; i < len; i++)
		for (int k = 0; k < ref->n_patterns; k++) {
			to = match(&ref->patterns[k], text, len, i);
			if (to > longest[i]) {
				longest[i] = to;
				secret[i] = ref->patterns[k].secret;
			}
		}
	while (done < len) {
		size_t best = done;

		to = done;
		for (from = 0; from < len && (from <= done || to == done);
			from++)
			if (longest[from] > to) {
				to = longest[from];
				best = from;
			}
		if (to == done)
			break;
		if (best > done)
			buf_add(out, text + done, best - done);
		buf_addf(out, "{{ %d }}", secret[best]);
		done = to;
	}
	buf_add(out, text + done, len - done);
	free(longest);
	free(secret);
}

/* A value of 8 to 40 bytes; few letters make them overlap. */
static void random_value(char *value, const char *letters)
{
	size_t len = 8 + pick(pick(4) ? 12 : 32), n = strlen(letters);

	for (size_t i = 0; i < len; i++)
		value[i] = letters[pick((uint32_t)n)];
	value[len] = '\0';
	/* the first and the last line are lines too */
	if (value[0] == '\n')
		value[0] = letters[0];
}

static void plant(struct buf *text, const struct reference *ref)
{
	const struct pattern *p =
		&ref->patterns[pick((uint32_t)ref->n_patterns)];
	size_t from = pick(4) ? 0 : pick((uint32_t)p->len);
	size_t to = pick(4) ? p->len : pick((uint32_t)p->len + 1);
	int broken = p->encoded && pick(2);

	for (size_t i = from; i < to; i++) {
		char c = p->text[i];

		if (p->encoded && c == '+' && pick(2))
			c = '-';
		buf_addc(text, c);
		while (broken && !pick(6))
			buf_addc(text, " \n\r:\t"[pick(5)]);
	}
}

static void random_text(
	struct buf *text, const struct reference *ref, const char *letters)
{
	uint32_t parts = pick(8);

	buf_reset(text);
	for (uint32_t i = 0; i < parts; i++)
		if (pick(3)) {
			plant(text, ref);
		} else {
			for (uint32_t n = pick(20); n; n--)
				buf_addc(text, letters[pick((uint32_t)strlen(
						       letters))]);
		}
}

static void feed_in_pieces(
	const struct redactor *r, const struct buf *text, struct buf *out)
{
	struct redact_stream s;
	uint32_t most = 1 + pick(pick(2) ? 4 : 100);

	redact_open(&s, r, append, out);
	for (size_t at = 0; at < text->len;) {
		size_t n = 1 + pick(most);

		if (n > text->len - at)
			n = text->len - at;
		/* of its own, so that a look beyond its end is seen */
		char *piece = malloc(n);
		assert_non_null(piece);
		memcpy(piece, text->ptr + at, n);
		redact_feed(&s, piece, n);
		free(piece);
		at += n;
	}
	redact_end(&s);
}

static void make_secrets(
	struct reference *ref, struct redactor *r, const char *letters)
{
	char value[100], name[16];
	int n = 1 + (int)pick(3);

	memset(ref, 0, sizeof(*ref));
	for (int i = 0; i < n; i++) {
		random_value(value, letters);
		/* one may begin like another */
		if (i && !pick(3))
			memcpy(value, ref->values[0].ptr, 8);
		add_value(ref, value);
		snprintf(name, sizeof(name), "%d", i);
		redactor_add(r, name, value, strlen(value));
	}
	redactor_prepare(r);
}

static void no_pattern_is_left(
	const struct reference *ref, const struct buf *out)
{
	for (size_t i = 0; i < out->len; i++)
		for (int k = 0; k < ref->n_patterns; k++)
			assert_int_equal(
				match(&ref->patterns[k], out->ptr, out->len, i),
				0);
}

static void is_what_the_reference_says(void **state)
{
	static const char *const letters[] = { "ab", "abcdefgh'", "ab\n",
		("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
		 "+/=_-"),
		"~?>\277\n", "a1 " };
	struct reference *ref = malloc(sizeof(*ref));
	struct buf text = BUF_INIT, wanted = BUF_INIT, out = BUF_INIT;

	(void)state;
	assert_non_null(ref);
	for (int round = 0; round < ROUNDS; round++) {
		const char *set = letters[round % 6];
		struct redactor *r = redactor_new();

		seed = (uint32_t)round * 2654435761U;
		make_secrets(ref, r, set);
		random_text(&text, ref, set);
		buf_reset(&wanted);
		buf_reset(&out);
		reference(ref, text.ptr, text.len, &wanted);
		feed_in_pieces(r, &text, &out);
		if (out.len != wanted.len ||
			memcmp(out.ptr, wanted.ptr, out.len) != 0) {
			print_message("round %d\n", round);
			for (int i = 0; i < ref->n_values; i++)
				print_message("value %s\n", ref->values[i].ptr);
			print_message("text: %s\nis: %s\nnot: %s\n", text.ptr,
				out.ptr, wanted.ptr);
		}
		assert_int_equal(out.len, wanted.len);
		assert_memory_equal(out.ptr, wanted.ptr, out.len);
		no_pattern_is_left(ref, &out);
		redactor_free(r);
		for (int i = 0; i < ref->n_values; i++)
			buf_release(&ref->values[i]);
	}
	free(ref);
	buf_release(&text);
	buf_release(&wanted);
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replaces_the_value),
		cmocka_unit_test(leaves_short_values),
		cmocka_unit_test(replaces_lines),
		cmocka_unit_test(replaces_what_a_shell_quotes),
		cmocka_unit_test(replaces_base64),
		cmocka_unit_test(replaces_broken_base64),
		cmocka_unit_test(replaces_hex),
		cmocka_unit_test(the_longest_counts),
		cmocka_unit_test(nothing_remains_of_those_that_overlap),
		cmocka_unit_test(
			what_is_found_within_a_longer_one_counts_if_that_fails),
		cmocka_unit_test(holds_only_what_may_be_a_beginning),
		cmocka_unit_test(bytes_that_are_held_are_bounded),
		cmocka_unit_test(a_value_of_64_kib),
		cmocka_unit_test(is_what_the_reference_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
