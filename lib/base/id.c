#include "base/id.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

/* Bits of a UUID that hold the counter: all 12 of rand_a and the first 14 of
 * rand_b; the other 48 are random. */
#define COUNTER_BITS 26

static void random_bytes(unsigned char *out, size_t n)
{
	size_t got = 0;

	while (got < n) {
		ssize_t r = getrandom(out + got, n - got, 0);

		if (r > 0)
			got += (size_t)r;
		else if (errno != EINTR)
			break;
	}
	/* A kernel without it (or a filter in front): ids have to differ, not
	 * to be secret, and the nanosecond and the process tell them apart. */
	while (got < n) {
		struct timespec t = { 0, 0 };

		if (clock_gettime(CLOCK_MONOTONIC, &t) < 0)
			t.tv_nsec = (long)got;
		uint64_t mix = ((uint64_t)t.tv_sec << 32 ^ (uint64_t)t.tv_nsec ^
				       (uint64_t)getpid() << 40 ^ got) *
			       UINT64_C(0x9e3779b97f4a7c15);
		out[got++] = (unsigned char)(mix >> 56);
	}
}

static char *add_hex(char *out, const unsigned char *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		*out++ = digits[bytes[i] >> 4];
		*out++ = digits[bytes[i] & 15];
	}
	return out;
}

void id_new(char out[ID_SIZE], long long now_ms, unsigned *counter)
{
	static const size_t groups[] = { 4, 2, 2, 2, 6 };
	unsigned char id[16];
	unsigned count = (*counter)++ & ((1U << COUNTER_BITS) - 1);

	for (int i = 0; i < 6; i++)
		id[i] = (unsigned char)(now_ms >> (40 - 8 * i));
	id[6] = (unsigned char)(0x70 | count >> 22);
	id[7] = (unsigned char)(count >> 14);
	id[8] = (unsigned char)(0x80 | (count >> 8 & 0x3f));
	id[9] = (unsigned char)count;
	random_bytes(id + 10, 6);

	const unsigned char *p = id;
	for (size_t i = 0; i < 5; i++) {
		if (i)
			*out++ = '-';
		out = add_hex(out, p, groups[i]);
		p += groups[i];
	}
	*out = '\0';
}

void id_traceparent(char out[TRACE_SIZE])
{
	unsigned char bytes[24];

	random_bytes(bytes, sizeof(bytes));
	/* neither the trace-id nor the parent-id may be all zero */
	bytes[0] |= 1;
	bytes[16] |= 1;

	memcpy(out, "00-", 3);
	out = add_hex(out + 3, bytes, 16);
	*out++ = '-';
	out = add_hex(out, bytes + 16, 8);
	memcpy(out, "-01", 4);
}

int id_is_prefix(const char *s)
{
	size_t n = strspn(s, "0123456789abcdef-");

	return !s[n] && n >= 4 && n < ID_SIZE;
}
