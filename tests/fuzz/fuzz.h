/*
 * fuzz.h - what a fuzz target is: one function, for libFuzzer (make fuzz) and
 * for replay.c alike, which are two mains over it.
 */
#ifndef QUIRE_FUZZ_H
#define QUIRE_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Always 0. What must not be, aborts. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define MUST(what)                                                         \
	do {                                                               \
		if (!(what)) {                                             \
			fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, \
				__LINE__, #what);                          \
			abort();                                           \
		}                                                          \
	} while (0)

#endif
