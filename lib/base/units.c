#include "base/units.h"

#include <string.h>

/* Longer than any run, and a time in ms with it added still fits. */
#define LONGEST_MS (INT64_C(36500) * 86400 * 1000)

/* The number at *p, which is moved behind it; -1 if none or too large. */
static int take_number(const char **p, int64_t *n)
{
	const char *start = *p;

	*n = 0;
	for (; **p >= '0' && **p <= '9'; (*p)++) {
		if (__builtin_mul_overflow(*n, 10, n) ||
			__builtin_add_overflow(*n, **p - '0', n))
			return -1;
	}
	return *p == start ? -1 : 0;
}

struct duration_unit {
	const char *name;
	int64_t ms;
};

/* The unit that text begins with; "m" is not the start of "ms". */
static const struct duration_unit *unit_at(const char *text)
{
	static const struct duration_unit units[] = {
		{ "d", 86400000 },
		{ "h", 3600000 },
		{ "ms", 1 },
		{ "m", 60000 },
		{ "s", 1000 },
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!strncmp(text, units[i].name, strlen(units[i].name)))
			return &units[i];
	}
	return NULL;
}

int units_duration(const char *text, int64_t *ms, struct err *e)
{
	const char *p = text;
	int64_t sum = 0, last = INT64_MAX;

	do {
		const struct duration_unit *unit;
		int64_t n;

		if (take_number(&p, &n) < 0)
			goto bad;
		if (!*p && last == INT64_MAX) {
			static const struct duration_unit second = { "", 1000 };

			unit = &second;
		} else {
			unit = unit_at(p);
		}
		/* largest first, each once: "30m1h" is a slip */
		if (!unit || unit->ms >= last)
			goto bad;
		p += strlen(unit->name);
		last = unit->ms;
		if (__builtin_mul_overflow(n, unit->ms, &n) ||
			__builtin_add_overflow(sum, n, &sum) ||
			sum > LONGEST_MS)
			goto bad;
	} while (*p);

	*ms = sum;
	return 0;
bad:
	return err_set(e, EXIT_USAGE,
		"'%.60s' is not a duration, as 90s, 30m or 2h", text);
}

int units_size(const char *text, int64_t *bytes, struct err *e)
{
	static const char suffixes[] = "KMGT";
	const char *p = text;
	int64_t n;

	if (take_number(&p, &n) < 0)
		goto bad;
	if (*p) {
		char upper = (char)(*p >= 'a' ? *p - 'a' + 'A' : *p);
		const char *suffix = strchr(suffixes, upper);

		if (!suffix || p[1])
			goto bad;
		int shift = (int)(suffix - suffixes + 1) * 10;
		if (__builtin_mul_overflow(n, INT64_C(1) << shift, &n))
			goto bad;
	}
	*bytes = n;
	return 0;
bad:
	return err_set(e, EXIT_USAGE,
		"'%.60s' is not a size, as 512K, 64M or 1G", text);
}

void units_add_size(struct buf *b, int64_t bytes)
{
	static const char suffixes[] = "KMGT";
	size_t n = 0;

	while (n < sizeof(suffixes) - 1 && bytes && bytes % 1024 == 0) {
		bytes /= 1024;
		n++;
	}
	buf_addi(b, bytes);
	if (n)
		buf_addc(b, suffixes[n - 1]);
}

int units_decimal(const char *text, int64_t *milli, struct err *e)
{
	const char *p = text;
	int64_t n, unit = 1000;

	if (take_number(&p, &n) < 0 || __builtin_mul_overflow(n, unit, &n))
		goto bad;
	if (*p == '.') {
		if (!p[1])
			goto bad;
		while (*++p >= '0' && *p <= '9' && unit > 1) {
			unit /= 10;
			n += (*p - '0') * unit;
		}
	}
	if (*p)
		goto bad;
	*milli = n;
	return 0;
bad:
	return err_set(
		e, EXIT_USAGE, "'%.60s' is not a number, as 2 or 0.5", text);
}

int units_bool(const char *text, int *value, struct err *e)
{
	static const char *const words[] = { "off", "on", "false", "true", "no",
		"yes", "0", "1" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!strcmp(text, words[i])) {
			*value = (int)(i % 2);
			return 0;
		}
	}
	return err_set(e, EXIT_USAGE, "'%.60s' is neither on nor off", text);
}

int units_int(const char *text, int64_t min, int64_t max, int64_t *value,
	struct err *e)
{
	const char *p = text;
	int negative = *p == '-';
	int64_t n;

	p += negative;
	if (take_number(&p, &n) < 0 || *p)
		goto bad;
	if (negative)
		n = -n;
	if (n < min || n > max)
		goto bad;
	*value = n;
	return 0;
bad:
	return err_set(e, EXIT_USAGE,
		"'%.60s' is not a whole number from %lld to %lld", text,
		(long long)min, (long long)max);
}

int units_limit(const char *text, int64_t min, int64_t max, int64_t *value,
	struct err *e)
{
	if (units_int(text, 0, max, value, e) == 0 &&
		(!*value || *value >= min))
		return 0;
	return err_set(e, EXIT_USAGE,
		"'%.60s' is not a whole number from %lld to %lld, nor 0", text,
		(long long)min, (long long)max);
}

int64_t units_lower(int64_t a, int64_t b)
{
	if (!a || !b)
		return a ? a : b;
	return a < b ? a : b;
}
