/*
 * units.h - quantities as people write them in settings and pipelines.
 */
#ifndef QUIRE_BASE_UNITS_H
#define QUIRE_BASE_UNITS_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * "90s", "30m", "1h30m", "2d", "500ms", a bare number is seconds. 0 means no
 * limit. Returns 0, or -1 with "'x' is not a duration, as 90s, 30m or 2h".
 */
int units_duration(const char *text, int64_t *ms, struct err *e);
/* "64M", "1G", "512K", "100" (bytes); powers of 1024. 0 means no limit. */
int units_size(const char *text, int64_t *bytes, struct err *e);
/* The same the other way round, and exact: "64M", "1536", "0". */
void units_add_size(struct buf *b, int64_t bytes);
/* A number with three decimals at most, from 0: "2", "0.5"; in thousandths. */
int units_decimal(const char *text, int64_t *milli, struct err *e);
/* on/off, true/false, yes/no, 1/0. */
int units_bool(const char *text, int *value, struct err *e);
/* A whole number from min to max, nothing around it. */
int units_int(const char *text, int64_t min, int64_t max, int64_t *value,
	struct err *e);
/* The same, or 0, which is no limit. */
int units_limit(const char *text, int64_t min, int64_t max, int64_t *value,
	struct err *e);
/* The lower of two limits, of which 0 is none. */
int64_t units_lower(int64_t a, int64_t b);

#endif
