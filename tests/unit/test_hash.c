/* Contents that differ a little have digests that differ. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/hash.h"

static void every_bit_counts(void **state)
{
	unsigned char data[37];
	uint64_t first;

	(void)state;
	memset(data, 0x5a, sizeof(data));
	first = hash64(data, sizeof(data));
	for (size_t i = 0; i < sizeof(data) * 8; i++) {
		data[i / 8] ^= (unsigned char)(1u << i % 8);
		assert_true(hash64(data, sizeof(data)) != first);
		data[i / 8] ^= (unsigned char)(1u << i % 8);
	}
	assert_true(hash64(data, sizeof(data)) == first);
}

static void length_counts(void **state)
{
	static const unsigned char zeros[64];

	(void)state;
	for (size_t i = 0; i < sizeof(zeros); i++) {
		for (size_t k = 0; k < i; k++)
			assert_true(hash64(zeros, i) != hash64(zeros, k));
	}
}

static void order_counts(void **state)
{
	(void)state;
	assert_true(hash64("onetwo__three___", 16) !=
		    hash64("three___onetwo__", 16));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_bit_counts),
		cmocka_unit_test(length_counts),
		cmocka_unit_test(order_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
