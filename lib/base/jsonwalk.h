/*
 * jsonwalk.h - a strict walk through a JSON document that people write: every
 * error names its place ("jobs[2].needs[0]: a number, not a string"), and
 * an unknown key is one, with the near miss.
 *
 * Start with { BUF_INIT, e }, release path at the end. After an error the
 * place is left where it was found; the walk is over.
 */
#ifndef QUIRE_BASE_JSONWALK_H
#define QUIRE_BASE_JSONWALK_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"

struct jsonwalk {
	struct buf path; /* where we are; empty at the top */
	struct err *e;
};

/* "<path>: <text>" as the error, with status EXIT_RED; returns -1. */
int jsonwalk_fail(struct jsonwalk *at, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Steps down to a member or the nth element; what they return is given to
 * jsonwalk_leave() to step up again. */
size_t jsonwalk_enter(struct jsonwalk *at, const char *key);
size_t jsonwalk_enter_nth(struct jsonwalk *at, size_t i);
void jsonwalk_leave(struct jsonwalk *at, size_t back);

/* "a list", "a number": what the value is. */
const char *jsonwalk_kind(struct json_object *o);
/* 0 if it is of the type, else the error "<kind>, not <what>". */
int jsonwalk_want(struct jsonwalk *at, struct json_object *o,
	enum json_type type, const char *what);
/* A string (without NUL: json_parse() takes none); lives as long as o. NULL
 * after an error. */
const char *jsonwalk_str(struct jsonwalk *at, struct json_object *o);
/* A whole number from min to max. */
int jsonwalk_int(struct jsonwalk *at, struct json_object *o, int64_t min,
	int64_t max, int64_t *to);
/* A list with something in it. */
int jsonwalk_list(struct jsonwalk *at, struct json_object *o);
/* A list of such strings; copies are added to `to`. */
int jsonwalk_strings(
	struct jsonwalk *at, struct json_object *o, struct strv *to);

/* What is done with the value of a key. */
struct jsonwalk_key {
	const char *name;
	int (*parse)(struct jsonwalk *at, struct json_object *o, void *to);
};
/* An object with none but these keys (16 at most); each is entered, parsed
 * and left. */
int jsonwalk_keys(struct jsonwalk *at, struct json_object *o,
	const struct jsonwalk_key *keys, size_t n, void *to);

#endif
