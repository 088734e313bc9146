#include "base/hash.h"

#include <string.h>

/*
 * Words of eight bytes, each multiplied into the state together with its high
 * half, so that every bit of the input reaches every bit of the result. The
 * constants are the golden ratio's and that of pi, of 64 bits, made odd.
 */
#define GOLDEN 0x9e3779b97f4a7c15u
#define PI 0x243f6a8885a308d3u

static uint64_t mix(uint64_t a, uint64_t b)
{
	unsigned __int128 wide = (unsigned __int128)a * b;

	return (uint64_t)wide ^ (uint64_t)(wide >> 64);
}

uint64_t hash64(const void *data, size_t size)
{
	const unsigned char *p = data;
	uint64_t h = size ^ PI, word;
	size_t left = size;

	for (; left >= sizeof(word); left -= sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		p += sizeof(word);
		h = mix(h ^ word, GOLDEN) + PI;
	}
	word = 0;
	memcpy(&word, p, left);
	return mix(mix(h ^ word, GOLDEN), h ^ PI);
}
