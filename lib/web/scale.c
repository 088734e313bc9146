#include "web/scale.h"

#include <stdlib.h>

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

/* Below a second and above a day it goes on by tens; no step is more than 2.5
 * times the one before, or there would be axes with two ticks. */
static const int64_t clock_steps[] = { 1 * SECOND, 2 * SECOND, 5 * SECOND,
	10 * SECOND, 15 * SECOND, 30 * SECOND, 1 * MINUTE, 2 * MINUTE,
	5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, 1 * HOUR, 2 * HOUR,
	3 * HOUR, 6 * HOUR, 12 * HOUR, 1 * DAY };

/* The least of 1, 2, 5, 10, 20, ... times unit that is not below value. */
static int64_t round_by_tens(int64_t value, int64_t unit)
{
	static const int64_t leading[] = { 1, 2, 5 };

	for (int64_t ten = 1; ten < INT64_MAX / 10 / unit; ten *= 10) {
		for (int i = 0; i < 3; i++) {
			if (leading[i] * ten * unit >= value)
				return leading[i] * ten * unit;
		}
	}
	return value;
}

int64_t scale_round_up(int64_t ms)
{
	size_t n = sizeof(clock_steps) / sizeof(clock_steps[0]);

	if (ms < clock_steps[0])
		return round_by_tens(ms, 1);
	for (size_t i = 0; i < n; i++) {
		if (clock_steps[i] >= ms)
			return clock_steps[i];
	}
	return round_by_tens(ms, DAY);
}

/* Ticks at 0, s, 2s, 3s and 4s: five, if the axis ends before 5s. */
int64_t scale_step(int64_t axis_ms)
{
	return scale_round_up(axis_ms / 5 + 1);
}

static void add_unit(struct buf *b, int64_t n, const char *unit, int *some)
{
	if (!n)
		return;
	if (*some)
		buf_addc(b, ' ');
	buf_addi(b, n);
	buf_addc(b, ' ');
	buf_adds(b, unit);
	*some = 1;
}

void scale_add_label(struct buf *b, int64_t ms)
{
	int some = 0;

	if (ms <= 0) {
		buf_addc(b, '0');
		return;
	}
	if (ms > SECOND && ms < MINUTE && ms % SECOND) {
		buf_addi(b, ms / SECOND);
		buf_addc(b, '.');
		buf_addi(b, ms % SECOND / 100);
		buf_adds(b, " s");
		return;
	}
	add_unit(b, ms / DAY, "d", &some);
	add_unit(b, ms % DAY / HOUR, "h", &some);
	add_unit(b, ms % HOUR / MINUTE, "m", &some);
	add_unit(b, ms % MINUTE / SECOND, "s", &some);
	add_unit(b, ms % SECOND, "ms", &some);
}

static int by_length(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

int64_t scale_median(int64_t *spans, size_t n)
{
	size_t none = 0;

	if (n)
		qsort(spans, n, sizeof(*spans), by_length);
	while (none < n && spans[none] <= 0)
		none++;
	return none < n ? spans[none + (n - none - 1) / 2] : 0;
}

int64_t scale_top(int64_t *spans, size_t n)
{
	int64_t median = scale_median(spans, n);

	if (!median || spans[n - 1] / 4 < median)
		return n && median ? spans[n - 1] : 0;
	return 4 * median;
}

/* Without overflow, whatever times a database holds. */
int scale_length(int64_t value, int64_t max, int size, int least)
{
	int length;

	if (max <= 0 || value <= 0)
		return least;
	length = value >= max ? size
			      : (int)((double)value / (double)max * size + 0.5);
	return length < least ? least : length;
}

/* By halving, so that no program needs libm for it; of n > 0. Its root is
 * within the two powers of two that have half as many digits. */
static int64_t root(int64_t n)
{
	int digits = 64 - __builtin_clzll((unsigned long long)n);
	int64_t lo = INT64_C(1) << (digits - 1) / 2;
	int64_t hi = INT64_C(1) << (digits + 1) / 2;

	while (lo + 1 < hi) {
		int64_t mid = lo + (hi - lo) / 2;

		if (mid <= n / mid)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

int scale_root(int64_t value, int64_t max, int size, int least)
{
	if (value <= 0 || max <= 0)
		return least;
	return scale_length(root(value), root(max), size, least);
}

int scale_at(int64_t at_ms, int64_t from_ms, int64_t to_ms, int size)
{
	return scale_length(at_ms - from_ms, to_ms - from_ms, size, 0);
}

void scale_bars(struct scale_bar *bars, size_t n, int64_t from_ms,
	int64_t to_ms, int size, int least)
{
	int limit = 0;

	if (n && (size_t)(size / (least > 0 ? least : 1)) < n)
		least = (int)((size_t)size / n);
	/* from the left: each behind the one before it */
	for (size_t i = 0; i < n; i++) {
		int x = scale_at(bars[i].from_ms, from_ms, to_ms, size);
		int end = scale_at(bars[i].to_ms, from_ms, to_ms, size);

		if (x < limit)
			x = limit;
		bars[i].x = x;
		bars[i].width = end - x < least ? least : end - x;
		limit = x + bars[i].width;
	}
	/* from the right: what was pushed out comes in again */
	limit = size;
	for (size_t i = n; i-- > 0;) {
		struct scale_bar *bar = &bars[i];

		if (bar->x + bar->width > limit)
			bar->width = limit - bar->x;
		if (bar->width < least) {
			bar->width = least;
			bar->x = limit - least;
		}
		limit = bar->x;
	}
}
