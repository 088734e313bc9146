/*
 * buf.h - a growing string that knows its length, and a growing list of
 * strings.
 *
 * Invariant of a struct buf: ptr is never NULL and ptr[len] is NUL, so that a
 * buffer can always be used as a C string; bytes before len may be anything,
 * NUL included. Start one with BUF_INIT or buf_init(), end it with
 * buf_release(), after which it is as new.
 *
 * Invariant of a struct strv: v[n] is NULL, so that v can be handed to execv.
 */
#ifndef QUIRE_BASE_BUF_H
#define QUIRE_BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>

struct buf {
	char *ptr;
	size_t len; /* bytes in use */
	size_t size; /* bytes allocated; 0: ptr is not ours to free */
};

extern char buf_empty[1]; /* what a new buffer points to; always "" */
#define BUF_INIT                \
	{                       \
		buf_empty, 0, 0 \
	}

void buf_init(struct buf *b);
void buf_release(struct buf *b);
/* Forgets the content, keeps the memory. */
void buf_reset(struct buf *b);
/* Hands the string over: the caller frees it; b is as new. */
char *buf_detach(struct buf *b);
/* Makes room for at least more bytes and the NUL. */
void buf_grow(struct buf *b, size_t more);
/* Cuts the content down to len, or says that buf_grow()n space was filled. */
void buf_setlen(struct buf *b, size_t len);

void buf_add(struct buf *b, const void *data, size_t len);
void buf_adds(struct buf *b, const char *s);
void buf_addc(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void buf_addv(struct buf *b, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0), nonnull(2)));
/* A decimal number, without the cost of printf. */
void buf_addi(struct buf *b, long long n);
/* Removes the first n bytes. */
void buf_consume(struct buf *b, size_t n);

struct strv {
	char **v;
	size_t n;
	size_t size;
};

#define STRV_INIT          \
	{                  \
		NULL, 0, 0 \
	}

/* Adds a copy of s; strv_pushf formats it first. v is not NULL after either. */
void strv_push(struct strv *s, const char *str);
void strv_pushf(struct strv *s, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void strv_release(struct strv *s);

#endif
