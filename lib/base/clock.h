/*
 * clock.h - the time, and times as text.
 *
 * Wall-clock times are milliseconds since 1970 (_ms), as the database holds
 * them. They may step; what must not go backwards is clamped where it is
 * stored, and what is measured uses clock_mono_ms().
 */
#ifndef QUIRE_BASE_CLOCK_H
#define QUIRE_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#include "base/buf.h"

int64_t clock_now_ms(void);
int64_t clock_mono_ms(void);
void clock_sleep_ms(int ms);

/* "2026-11-24T05:46:58Z", and the same with nine digits of nanoseconds. */
void clock_add_rfc3339(struct buf *b, int64_t at_ms);
void clock_add_rfc3339_ns(struct buf *b, const struct timespec *at);
/* "3 minutes ago", "just now"; in the future counts as now. */
void clock_add_ago(struct buf *b, int64_t at_ms, int64_t now_ms);
/* A duration for a reader: "0.4s", "12s", "1m 03s", "2h 05m", "3d 4h". */
void clock_add_span(struct buf *b, int64_t span_ms);

#endif
