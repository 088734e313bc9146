#include <stdio.h>
#include <stdlib.h>

#include "roman.h"

int main(int argc, char **argv)
{
	char text[32];

	if (argc != 2) {
		fprintf(stderr, "usage: roman NUMBER|NUMERAL\n");
		return 2;
	}
	int n = roman_read(argv[1]);
	if (n > 0) {
		printf("%d\n", n);
		return 0;
	}
	if (roman_write(atoi(argv[1]), text, sizeof(text)) < 0) {
		fprintf(stderr, "roman: '%s' is neither\n", argv[1]);
		return 1;
	}
	printf("%s\n", text);
	return 0;
}
