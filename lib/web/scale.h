/*
 * scale.h - from durations to lengths of pictures: round ticks, heights, and
 * bars in a row that stay visible and apart.
 */
#ifndef QUIRE_WEB_SCALE_H
#define QUIRE_WEB_SCALE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* The least round duration (1 2 5 10 20 50 ... ms, then seconds, minutes,
 * hours and days as clocks divide them) that is not below ms; at least 1. */
int64_t scale_round_up(int64_t ms);
/* The distance of ticks on an axis of so many ms: round, and such that there
 * are three to five with the one at 0, if the axis has 2 ms at all. */
int64_t scale_step(int64_t axis_ms);
/* A round duration as a label: "0", "200 ms", "1.5 s", "30 s", "1 m 30 s". */
void scale_add_label(struct buf *b, int64_t ms);

/* The middle of n durations, by size; those of 0 or less do not count, and 0
 * where there are no others. Sorts them. */
int64_t scale_median(int64_t *spans, size_t n);
/* What a scale of them ends at: the longest, or four times the middle one, so
 * that one run that hung leaves something to see of the others. Sorts them. */
int64_t scale_top(int64_t *spans, size_t n);

/* value of max as a part of size, rounded, from least to size. A length by
 * the root shows short ones beside long ones. max may be 0. */
int scale_length(int64_t value, int64_t max, int size, int least);
int scale_root(int64_t value, int64_t max, int size, int least);

/*
 * Bars for spans of time in the order of their begin, on an axis from from_ms
 * to to_ms that is size long. Each is in the axis, at least least long (or as
 * long as there is room for all), begins where its time does if it can, and
 * none covers another.
 */
struct scale_bar {
	int64_t from_ms, to_ms;
	int x, width; /* filled in */
};
void scale_bars(struct scale_bar *bars, size_t n, int64_t from_ms,
	int64_t to_ms, int size, int least);
/* Where a moment is on such an axis, from 0 to size. */
int scale_at(int64_t at_ms, int64_t from_ms, int64_t to_ms, int size);

#endif
