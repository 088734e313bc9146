/* Numbers from 1 to 3999 as Roman numerals, and back. */
#ifndef ROMAN_H
#define ROMAN_H

#include <stddef.h>

/* Writes n into out; -1 if n has no numeral or it does not fit. */
int roman_write(int n, char *out, size_t size);
/* The number that a numeral stands for; -1 if it is none, or not the shortest
 * form ("IIII"). */
int roman_read(const char *text);

#endif
