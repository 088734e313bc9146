#include "base/jsonwalk.h"

#include <string.h>

#include "base/near.h"

#define KEY_SHOWN 64 /* bytes of a strange key that an error repeats */

int jsonwalk_fail(struct jsonwalk *at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	err_setv(at->e, EXIT_RED, fmt, ap);
	va_end(ap);
	if (at->path.len)
		err_prefix(at->e, "%s", at->path.ptr);
	return -1;
}

size_t jsonwalk_enter(struct jsonwalk *at, const char *key)
{
	size_t back = at->path.len;

	buf_addf(&at->path, "%s%.*s", back ? "." : "", KEY_SHOWN, key);
	return back;
}

size_t jsonwalk_enter_nth(struct jsonwalk *at, size_t i)
{
	size_t back = at->path.len;

	buf_addf(&at->path, "[%zu]", i);
	return back;
}

void jsonwalk_leave(struct jsonwalk *at, size_t back)
{
	buf_setlen(&at->path, back);
}

const char *jsonwalk_kind(struct json_object *o)
{
	switch (json_object_get_type(o)) {
	case json_type_object:
		return "an object";
	case json_type_array:
		return "a list";
	case json_type_string:
		return "a string";
	case json_type_int:
	case json_type_double:
		return "a number";
	case json_type_boolean:
		return json_object_get_boolean(o) ? "true" : "false";
	default:
		return "null";
	}
}

int jsonwalk_want(struct jsonwalk *at, struct json_object *o,
	enum json_type type, const char *what)
{
	if (json_object_is_type(o, type))
		return 0;
	return jsonwalk_fail(at, "%s, not %s", jsonwalk_kind(o), what);
}

const char *jsonwalk_str(struct jsonwalk *at, struct json_object *o)
{
	if (jsonwalk_want(at, o, json_type_string, "a string") < 0)
		return NULL;
	return json_object_get_string(o);
}

int jsonwalk_int(struct jsonwalk *at, struct json_object *o, int64_t min,
	int64_t max, int64_t *to)
{
	if (jsonwalk_want(at, o, json_type_int, "a whole number") < 0)
		return -1;
	*to = json_object_get_int64(o);
	if (*to < min || *to > max)
		return jsonwalk_fail(at, "must be from %lld to %lld",
			(long long)min, (long long)max);
	return 0;
}

int jsonwalk_list(struct jsonwalk *at, struct json_object *o)
{
	if (jsonwalk_want(at, o, json_type_array, "a list") < 0)
		return -1;
	if (json_object_array_length(o) == 0)
		return jsonwalk_fail(at, "an empty list");
	return 0;
}

static int unknown_key(struct jsonwalk *at, const char *name,
	const struct jsonwalk_key *keys, size_t n)
{
	const char *names[16];

	for (size_t i = 0; i < n; i++)
		names[i] = keys[i].name;
	const char *near = near_word(name, names, n);
	jsonwalk_enter(at, name);
	if (near)
		return jsonwalk_fail(
			at, "unknown key (did you mean '%s'?)", near);
	return jsonwalk_fail(at, "unknown key");
}

int jsonwalk_keys(struct jsonwalk *at, struct json_object *o,
	const struct jsonwalk_key *keys, size_t n, void *to)
{
	if (jsonwalk_want(at, o, json_type_object, "an object") < 0)
		return -1;
	json_object_object_foreach(o, name, value)
	{
		size_t i = 0;

		while (i < n && strcmp(keys[i].name, name) != 0)
			i++;
		if (i == n)
			return unknown_key(at, name, keys, n);
		size_t back = jsonwalk_enter(at, name);
		if (keys[i].parse(at, value, to) < 0)
			return -1;
		jsonwalk_leave(at, back);
	}
	return 0;
}

int jsonwalk_strings(
	struct jsonwalk *at, struct json_object *o, struct strv *to)
{
	if (jsonwalk_list(at, o) < 0)
		return -1;
	for (size_t i = 0; i < json_object_array_length(o); i++) {
		size_t back = jsonwalk_enter_nth(at, i);
		const char *s =
			jsonwalk_str(at, json_object_array_get_idx(o, i));

		if (!s)
			return -1;
		strv_push(to, s);
		jsonwalk_leave(at, back);
	}
	return 0;
}
