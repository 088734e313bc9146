/*
 * json-c's tokener does the parsing. Even with JSON_TOKENER_STRICT it lets
 * pass what a strict format must not: of a key that stands twice in an object
 * it silently keeps the last value, and it takes keys in single quotes, NaN,
 * Infinity, "1.", "-01", control characters in strings, and \u0000, behind
 * which a C string is lost. A document that quire accepts must not mean one
 * thing to its author and another to us.
 *
 * So the text is read twice: first by json-c, which decides whether it is
 * JSON at all; then, since it is, a scan over its tokens suffices to find these
 * faults and their place. The scan knows strings, brackets and numbers, and
 * leaves the rest to json-c; a key with escapes in it is decoded by json-c too,
 * so that "a" and "\u0061" count as the same.
 */
#include "base/json.h"

#include <limits.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

#define MAX_DEPTH 32

/* Fills e with the line and column, in characters, of the byte at offset. */
static int fault_at(const char *text, size_t offset, struct err *e,
	const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static int fault_at(
	const char *text, size_t offset, struct err *e, const char *fmt, ...)
{
	size_t line = 1, column = 1;
	va_list ap;

	for (size_t i = 0; i < offset; i++) {
		if (text[i] == '\n') {
			line++;
			column = 1;
		} else if (((unsigned char)text[i] & 0xc0) != 0x80) {
			column++;
		}
	}
	va_start(ap, fmt);
	err_setv(e, EXIT_RED, fmt, ap);
	va_end(ap);
	return err_prefix(e, "line %zu, column %zu", line, column);
}

struct scan {
	const char *text;
	size_t len, pos;
	/* For each open bracket the keys of the object so far; NULL: an array.
	 */
	struct json_object *keys[MAX_DEPTH];
	int depth;
	struct err *e;
};

static int is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The value of the string token; json-c has accepted it once already. */
static struct json_object *decode_string(const char *token, size_t len)
{
	struct json_tokener *tok = json_tokener_new();

	if (!tok)
		mem_out();
	struct json_object *o = json_tokener_parse_ex(tok, token, (int)len);
	if (!o)
		mem_out();
	json_tokener_free(tok);
	return o;
}

/* The string token at start, up to pos, is a key of the innermost object. */
static int scan_key(struct scan *s, size_t start)
{
	struct json_object *keys = s->keys[s->depth - 1];
	struct json_object *key =
		decode_string(s->text + start, s->pos - start);
	const char *name = json_object_get_string(key);
	int status = 0;

	if (json_object_object_get_ex(keys, name, NULL))
		status = fault_at(s->text, start, s->e,
			"the key '%.100s' stands twice in one object", name);
	else if (json_object_object_add(keys, name, NULL) < 0)
		mem_out();
	json_object_put(key);
	return status;
}

static int scan_string(struct scan *s)
{
	size_t start = s->pos++;

	for (;; s->pos++) {
		const char *p = s->text + s->pos;

		if (*p == '"')
			break;
		if ((unsigned char)*p < 0x20)
			return fault_at(s->text, s->pos, s->e,
				"a control character in a string; "
				"write it as \\u%04x",
				(unsigned char)*p);
		if (*p != '\\')
			continue;
		if (!strncmp(p, "\\u0000", 6))
			return fault_at(s->text, s->pos, s->e,
				"a string cannot hold a NUL character");
		s->pos++;
	}
	s->pos++;

	size_t next = s->pos;
	while (next < s->len && is_blank(s->text[next]))
		next++;
	/* nothing but a key has a colon behind it */
	if (next < s->len && s->text[next] == ':')
		return scan_key(s, start);
	return 0;
}

static size_t count_digits(const char *p, const char *end)
{
	const char *start = p;

	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return (size_t)(p - start);
}

/* RFC 8259, 6: no needless zero in front, a digit after the point. What else
 * a number may not be, json-c has refused. */
static int scan_number(struct scan *s)
{
	const char *start = s->text + s->pos, *end = s->text + s->len;
	const char *p = start + (*start == '-');
	size_t whole = count_digits(p, end);
	int bad = !whole || (whole > 1 && *p == '0');

	p += whole;
	if (p < end && *p == '.') {
		size_t decimals = count_digits(++p, end);

		bad |= !decimals;
		p += decimals;
	}
	while (p < end && strchr("0123456789+-eE", *p))
		p++;
	if (bad)
		return fault_at(s->text, s->pos, s->e, "'%.*s' is no number",
			(int)(p - start > 40 ? 40 : p - start), start);
	s->pos = (size_t)(p - s->text);
	return 0;
}

static int scan_token(struct scan *s)
{
	char c = s->text[s->pos];

	switch (c) {
	case '"':
		return scan_string(s);
	case '{':
	case '[':
		s->keys[s->depth] = c == '{' ? json_object_new_object() : NULL;
		if (c == '{' && !s->keys[s->depth])
			mem_out();
		s->depth++;
		break;
	case '}':
	case ']':
		json_object_put(s->keys[--s->depth]);
		break;
	case '\'':
		return fault_at(s->text, s->pos, s->e,
			"strings stand in double quotes");
	case 'N':
	case 'I':
		return fault_at(
			s->text, s->pos, s->e, "NaN and Infinity are no JSON");
	default:
		if (c == '-' || (c >= '0' && c <= '9'))
			return scan_number(s);
	}
	s->pos++;
	return 0;
}

/* The text is one that json-c accepted, MAX_DEPTH levels at most. */
static int scan_document(const char *text, size_t len, struct err *e)
{
	struct scan s = { .text = text, .len = len, .e = e };
	int status = 0;

	while (status == 0 && s.pos < len)
		status = scan_token(&s);
	while (s.depth)
		json_object_put(s.keys[--s.depth]);
	return status;
}

static int check_bytes(const char *text, size_t len, struct err *e)
{
	if (len > INT_MAX - 1)
		return err_set(e, EXIT_RED, "more than 2 GB of JSON");
	for (size_t i = 0; i < len;) {
		size_t n = utf8_len(text + i, len - i);

		if (!n)
			return fault_at(
				text, i, e, "this byte is not valid UTF-8");
		if (!text[i])
			return fault_at(text, i, e, "a NUL character");
		i += n;
	}
	return 0;
}

/* What is no value at all is taken for an attempt at null or true. */
static const char *fault_of(enum json_tokener_error error)
{
	if (error == json_tokener_error_parse_null ||
		error == json_tokener_error_parse_boolean)
		return "no JSON value begins like this";
	return json_tokener_error_desc(error);
}

/* Whether the tokener is done, with *o the value (NULL for null). */
static int tokenize(struct json_tokener *tok, const char *text, size_t len,
	struct json_object **o, struct err *e)
{
	*o = json_tokener_parse_ex(tok, text, (int)len);
	size_t end = json_tokener_get_parse_end(tok);
	enum json_tokener_error error = json_tokener_get_error(tok);

	if (error == json_tokener_continue) {
		/* a number at the top level ends only where the text does */
		*o = json_tokener_parse_ex(tok, "", 1);
		error = json_tokener_get_error(tok);
		end = len;
		if (error != json_tokener_success)
			return fault_at(text, len, e, "unexpected end of data");
	}
	if (error != json_tokener_success)
		return fault_at(
			text, end < len ? end : len, e, "%s", fault_of(error));
	while (end < len && is_blank(text[end]))
		end++;
	if (end < len)
		return fault_at(text, end, e, "something behind the JSON text");
	return 0;
}

struct json_object *json_parse(const char *text, size_t len, struct err *e)
{
	struct json_object *o = NULL;

	if (check_bytes(text, len, e) < 0)
		return NULL;
	struct json_tokener *tok = json_tokener_new_ex(MAX_DEPTH);
	if (!tok)
		mem_out();
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT);

	int status = tokenize(tok, text, len, &o, e);
	json_tokener_free(tok);
	if (status == 0)
		status = scan_document(text, len, e);
	if (status == 0 && !o) /* json-c's null is a NULL, as our failure */
		status = fault_at(text, 0, e, "null is no document");
	if (status == 0)
		return o;
	json_object_put(o);
	return NULL;
}

static void add(struct json_object *o, const char *key, struct json_object *v)
{
	if (json_object_object_add(o, key, v) < 0)
		mem_out();
}

static void add_value(
	struct json_object *o, const char *key, struct json_object *v)
{
	if (!v)
		mem_out();
	add(o, key, v);
}

void json_add_str(struct json_object *o, const char *key, const char *value)
{
	struct buf clean = BUF_INIT;

	if (!value) {
		add(o, key, NULL);
		return;
	}
	utf8_add(&clean, value, strlen(value));
	add_value(o, key, json_object_new_string(clean.ptr));
	buf_release(&clean);
}

void json_add_int(struct json_object *o, const char *key, int64_t value)
{
	add_value(o, key, json_object_new_int64(value));
}

void json_add_ms(struct json_object *o, const char *key, int64_t at_ms)
{
	if (at_ms < 0)
		add(o, key, NULL);
	else
		json_add_int(o, key, at_ms);
}

void json_add_bool(struct json_object *o, const char *key, int value)
{
	add_value(o, key, json_object_new_boolean(value != 0));
}

const char *json_get_str(struct json_object *o, const char *key)
{
	struct json_object *v;

	if (!json_object_object_get_ex(o, key, &v) ||
		!json_object_is_type(v, json_type_string))
		return NULL;
	return json_object_get_string(v);
}

int64_t json_get_int(struct json_object *o, const char *key, int64_t fallback)
{
	struct json_object *v;

	if (!json_object_object_get_ex(o, key, &v) ||
		!json_object_is_type(v, json_type_int))
		return fallback;
	return json_object_get_int64(v);
}

void json_write(struct buf *b, struct json_object *o, int pretty)
{
	int flags = JSON_C_TO_STRING_NOSLASHESCAPE |
		    (pretty ? JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED
			    : JSON_C_TO_STRING_PLAIN);
	size_t len;
	const char *text = json_object_to_json_string_length(o, flags, &len);

	if (!text)
		mem_out();
	buf_add(b, text, len);
}
