/*
 * json.h - json-c, the way quire uses it.
 *
 * Owners as json-c has them: json_object_put() frees, *_add hands the child to
 * its parent. Strings are made well-formed UTF-8 on their way in.
 */
#ifndef QUIRE_BASE_JSON_H
#define QUIRE_BASE_JSON_H

#include <json-c/json.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * Parses exactly one JSON text with nothing but white space behind it: strict,
 * UTF-8 checked, at most 32 levels deep, a key twice in one object refused.
 * NULL with "line 3, column 7: why" in e.
 */
struct json_object *json_parse(const char *text, size_t len, struct err *e);

/* NULL as value adds null. json_add_ms adds null for a time below 0. */
void json_add_str(struct json_object *o, const char *key, const char *value);
void json_add_int(struct json_object *o, const char *key, int64_t value);
void json_add_ms(struct json_object *o, const char *key, int64_t at_ms);
void json_add_bool(struct json_object *o, const char *key, int value);

/* The member, or NULL / fallback where it is missing or of another type. */
const char *json_get_str(struct json_object *o, const char *key);
int64_t json_get_int(struct json_object *o, const char *key, int64_t fallback);

/* Appends the text, compact or indented (for --json on a terminal). */
void json_write(struct buf *b, struct json_object *o, int pretty);

#endif
