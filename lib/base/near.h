/*
 * near.h - "did you mean": the nearest of some known words.
 */
#ifndef QUIRE_BASE_NEAR_H
#define QUIRE_BASE_NEAR_H

#include <stddef.h>

/*
 * The word of the n candidates that is nearest to what was typed, by edits
 * and swaps of letters (Damerau-Levenshtein, optimal string alignment), or
 * NULL if none is near enough to be meant: at most a third of its letters.
 */
const char *near_word(const char *typed, const char *const *words, size_t n);

/* What other programs call it, and what it is called here. */
struct near_other {
	const char *there, *here;
};
/* The word of ours for that of another program; NULL if none is known. */
const char *near_other(
	const char *typed, const struct near_other *others, size_t n);

#endif
