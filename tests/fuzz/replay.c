/*
 * replay TARGET-FILES...: the inputs that fuzzing has kept, each as it is and
 * in some hundred variations that are the same every time. Where a compiler
 * with a fuzzer is missing this still runs, also under the sanitizers.
 */
#include "fuzz.h"

#include <string.h>

#define VARIATIONS 400
#define MAX_BYTES (1 << 16)

static uint32_t state = 1;

static uint32_t next(uint32_t below)
{
	state = state * 1664525U + 1013904223U;
	return (state >> 8) % below;
}

/* A few bytes changed, cut, doubled. */
static size_t vary(uint8_t *data, size_t len)
{
	for (uint32_t changes = 1 + next(4); changes && len; changes--) {
		size_t at = next((uint32_t)len);
		size_t n = 1 + next((uint32_t)(len - at));

		switch (next(4)) {
		case 0:
			data[at] = (uint8_t)next(256);
			break;
		case 1:
			data[at] = (uint8_t) "\"{}[],:0-9eE.\\u\n /*"[next(20)];
			break;
		case 2:
			memmove(data + at, data + at + n, len - at - n);
			len -= n;
			break;
		default:
			if (len + n > MAX_BYTES)
				break;
			memmove(data + at + n, data + at, len - at);
			len += n;
		}
	}
	return len;
}

/* From memory of just that size, so that a sanitizer sees a byte too many. */
static void run(const uint8_t *data, size_t len)
{
	uint8_t *exact = malloc(len ? len : 1);

	MUST(exact);
	memcpy(exact, data, len);
	LLVMFuzzerTestOneInput(exact, len);
	free(exact);
}

int main(int argc, char **argv)
{
	static uint8_t kept[MAX_BYTES], varied[MAX_BYTES];
	unsigned long runs = 0;

	for (int i = 1; i < argc; i++) {
		FILE *f = fopen(argv[i], "rb");

		if (!f) {
			perror(argv[i]);
			return 1;
		}
		size_t len = fread(kept, 1, sizeof(kept), f);
		MUST(!ferror(f) && fclose(f) == 0);
		run(kept, len);
		for (int k = 0; k < VARIATIONS; k++, runs++) {
			memcpy(varied, kept, len);
			run(varied, vary(varied, len));
		}
	}
	printf("%d inputs, %lu variations\n", argc - 1, runs);
	return argc < 2;
}
