/*
 * mem.h - allocation that does not fail.
 *
 * The one place where the library ends the process: when memory runs out, it
 * says so and calls _exit(EXIT_INTERNAL). Every program of quire is built to
 * be killed at any instruction, so this is a crash like another, and the code
 * above stays free of branches that no test would reach.
 */
#ifndef QUIRE_BASE_MEM_H
#define QUIRE_BASE_MEM_H

#include <stddef.h>

/* The end, for who learns from elsewhere (json-c) that memory has run out. */
_Noreturn void mem_out(void);

void *mem_alloc(size_t size); /* not initialised */
void *mem_zero(size_t size); /* all bytes zero */
/* An array of n elements of the size; an overflow counts as no memory. */
void *mem_resize(void *old, size_t n, size_t size);
char *mem_strdup(const char *s);
char *mem_strndup(const char *s, size_t n);

#endif
