#include "base/clock.h"

#include <errno.h>

static int64_t read_ms(clockid_t which)
{
	struct timespec t = { 0, 0 };

	/* cannot fail for these two clocks and a valid pointer */
	if (clock_gettime(which, &t) < 0)
		return 0;
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_now_ms(void)
{
	return read_ms(CLOCK_REALTIME);
}

int64_t clock_mono_ms(void)
{
	return read_ms(CLOCK_MONOTONIC);
}

void clock_sleep_ms(int ms)
{
	struct timespec left = { ms / 1000, ms % 1000 * 1000000L };

	while (ms > 0 && nanosleep(&left, &left) < 0 && errno == EINTR)
		;
}

static void add_digits(struct buf *b, int64_t n, int digits)
{
	char text[20];

	for (int i = digits - 1; i >= 0; i--, n /= 10)
		text[i] = (char)('0' + n % 10);
	buf_add(b, text, (size_t)digits);
}

/*
 * The proleptic Gregorian date of a day since 1970, and the time of day.
 * gmtime_r() would do, but its first call in a process reads the zone file,
 * which a page or a hook need not wait for.
 */
static void add_date_time(struct buf *b, int64_t seconds)
{
	int64_t day = seconds / 86400, second = seconds % 86400;

	if (second < 0) {
		second += 86400;
		day--;
	}
	/* Count from 0000-03-01: then the leap day ends its year, and 400
	 * years have 146097 days. */
	day += 719468;
	int64_t era = (day >= 0 ? day : day - 146096) / 146097;
	int64_t in_era = day - era * 146097;
	int64_t year =
		(in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) /
		365;
	int64_t in_year = in_era - (365 * year + year / 4 - year / 100);
	/* from March on, five months have 153 days */
	int64_t month = (5 * in_year + 2) / 153;
	int64_t mday = in_year - (153 * month + 2) / 5 + 1;

	year += era * 400;
	if (month < 10) {
		month += 3;
	} else {
		month -= 9;
		year++;
	}
	if (year < 0 || year > 9999) /* beyond RFC 3339 */
		year = year < 0 ? 0 : 9999;

	add_digits(b, year, 4);
	buf_addc(b, '-');
	add_digits(b, month, 2);
	buf_addc(b, '-');
	add_digits(b, mday, 2);
	buf_addc(b, 'T');
	add_digits(b, second / 3600, 2);
	buf_addc(b, ':');
	add_digits(b, second / 60 % 60, 2);
	buf_addc(b, ':');
	add_digits(b, second % 60, 2);
}

void clock_add_rfc3339(struct buf *b, int64_t at_ms)
{
	/* rounds down, also before 1970 */
	add_date_time(b, at_ms / 1000 - (at_ms % 1000 < 0));
	buf_addc(b, 'Z');
}

void clock_add_rfc3339_ns(struct buf *b, const struct timespec *at)
{
	add_date_time(b, at->tv_sec);
	buf_addc(b, '.');
	add_digits(b, at->tv_nsec, 9);
	buf_addc(b, 'Z');
}

#define MINUTE INT64_C(60)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

void clock_add_ago(struct buf *b, int64_t at_ms, int64_t now_ms)
{
	static const struct {
		int64_t seconds;
		const char *name;
	} units[] = {
		{ 365 * DAY, "year" },
		{ 30 * DAY, "month" },
		{ 7 * DAY, "week" },
		{ DAY, "day" },
		{ HOUR, "hour" },
		{ MINUTE, "minute" },
		{ 1, "second" },
	};
	int64_t seconds = at_ms < now_ms ? (now_ms - at_ms) / 1000 : 0;

	if (seconds < 5) {
		buf_adds(b, "just now");
		return;
	}

	size_t i = 0;
	while (seconds < units[i].seconds)
		i++;
	int64_t n = seconds / units[i].seconds;
	buf_addi(b, n);
	buf_addc(b, ' ');
	buf_adds(b, units[i].name);
	buf_adds(b, n == 1 ? " ago" : "s ago");
}

void clock_add_span(struct buf *b, int64_t span_ms)
{
	int64_t s = span_ms > 0 ? span_ms / 1000 : 0;

	if (s < 10) {
		buf_addi(b, s);
		buf_addc(b, '.');
		buf_addi(b, span_ms > 0 ? span_ms / 100 % 10 : 0);
		buf_addc(b, 's');
	} else if (s < MINUTE) {
		buf_addi(b, s);
		buf_addc(b, 's');
	} else if (s < HOUR) {
		buf_addi(b, s / MINUTE);
		buf_adds(b, "m ");
		add_digits(b, s % MINUTE, 2);
		buf_addc(b, 's');
	} else if (s < DAY) {
		buf_addi(b, s / HOUR);
		buf_adds(b, "h ");
		add_digits(b, s % HOUR / MINUTE, 2);
		buf_addc(b, 'm');
	} else {
		buf_addi(b, s / DAY);
		buf_adds(b, "d ");
		buf_addi(b, s % DAY / HOUR);
		buf_addc(b, 'h');
	}
}
