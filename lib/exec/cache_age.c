#include "exec/cache_age.h"

#define STEP_BITS 4
#define STEPS (1 << STEP_BITS) /* of what doubles */

int cache_age(int64_t seconds)
{
	if (seconds < STEPS)
		return seconds < 0 ? 0 : (int)seconds;
	int shift = 63 - __builtin_clzll((uint64_t)seconds) - STEP_BITS;
	int step = (shift + 1) * STEPS + (int)(seconds >> shift) - STEPS;
	return step < CACHE_AGES ? step : CACHE_AGES - 1;
}

void cache_ages_add(struct cache_ages *a, int64_t seconds, int64_t bytes)
{
	a->bytes[cache_age(seconds)] += bytes;
	a->total += bytes;
}

int cache_ages_cut(
	const struct cache_ages *a, int64_t max_bytes, int64_t *excess_bytes)
{
	int64_t over = max_bytes ? a->total - max_bytes : 0;
	int age = CACHE_AGES - 1;

	*excess_bytes = over > 0 ? over : 0;
	if (over <= 0)
		return age;
	while (age > 0 && *excess_bytes >= a->bytes[age])
		*excess_bytes -= a->bytes[age--];
	return age;
}
