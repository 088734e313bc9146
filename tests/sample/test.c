#include <stdio.h>
#include <string.h>

#include "roman.h"

static int failed;

static void writes(int n, const char *want)
{
	char got[32] = "(nothing)";

	roman_write(n, got, sizeof(got));
	if (strcmp(got, want) == 0)
		return;
	fprintf(stderr, "test.c: %d is %s, expected %s\n", n, got, want);
	failed++;
}

int main(void)
{
	char text[32];

	writes(1, "I");
	writes(4, "IV");
	writes(1994, "MCMXCIV");
	writes(2026, "MMXXVI");
	writes(3999, "MMMCMXCIX");
	for (int n = 1; n < 4000; n++) {
		if (roman_write(n, text, sizeof(text)) < 0 ||
			roman_read(text) != n) {
			fprintf(stderr, "test.c: %d does not come back\n", n);
			failed++;
		}
	}
	if (roman_read("IIII") != -1 || roman_read("") != -1) {
		fprintf(stderr, "test.c: what is no numeral was read\n");
		failed++;
	}
	printf("%d failed\n", failed);
	return failed > 0;
}
