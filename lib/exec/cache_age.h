/*
 * cache_age.h - bytes by age, in so many steps that they are to be had for a
 * cache of any size: seconds to begin with, further on a sixteenth of what
 * doubles, so that two ages of one step differ by 6 %.
 */
#ifndef QUIRE_EXEC_CACHE_AGE_H
#define QUIRE_EXEC_CACHE_AGE_H

#include <stdint.h>

#define CACHE_AGES 640

struct cache_ages {
	int64_t bytes[CACHE_AGES];
	int64_t total;
};

/* The step of an age: 0 is now, and the future. */
int cache_age(int64_t seconds);
void cache_ages_add(struct cache_ages *a, int64_t seconds, int64_t bytes);
/* So that no more than max_bytes stay: what is older than the step that this
 * returns has to go, and of what has that age so many bytes. 0: no limit. */
int cache_ages_cut(
	const struct cache_ages *a, int64_t max_bytes, int64_t *excess_bytes);

#endif
