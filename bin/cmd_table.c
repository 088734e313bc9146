/*
 * Tables for a terminal.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "cmd.h"

#define GAP 2 /* blanks between columns */

void table_init(struct table *t, const char *heads)
{
	char *copy = mem_strdup(heads);
	char *rest = copy, *word;

	memset(t, 0, sizeof(*t));
	while ((word = strsep(&rest, " "))) {
		strv_push(&t->cells, word);
		t->columns++;
	}
	free(copy);
}

void table_add(struct table *t, const char *text)
{
	struct buf cell = BUF_INIT;

	if (text)
		utf8_add_plain(&cell, text, strlen(text), 0);
	strv_push(&t->cells, cell.len ? cell.ptr : "-");
	buf_release(&cell);
}

void table_addf(struct table *t, const char *fmt, ...)
{
	struct buf text = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_addv(&text, fmt, ap);
	va_end(ap);
	table_add(t, text.ptr);
	buf_release(&text);
}

/* Columns taken on a terminal, one for a code point. */
static size_t width(const char *cell)
{
	size_t n = 0;

	for (; *cell; cell++)
		n += ((unsigned char)*cell & 0xc0) != 0x80;
	return n;
}

static size_t column_width(const struct table *t, size_t column)
{
	size_t widest = 0;

	for (size_t i = column; i < t->cells.n; i += t->columns) {
		size_t w = width(t->cells.v[i]);

		if (w > widest)
			widest = w;
	}
	return widest;
}

static void print_row(const struct table *t, size_t first, const size_t *widths)
{
	for (size_t i = 0; i < t->columns; i++) {
		const char *cell = t->cells.v[first + i];

		if (i + 1 == t->columns)
			printf("%s\n", cell);
		else
			printf("%s%*s", cell,
				(int)(widths[i] - width(cell)) + GAP, "");
	}
}

void table_print(const struct table *t)
{
	size_t *widths = mem_zero(t->columns * sizeof(*widths));

	for (size_t i = 0; i < t->columns; i++)
		widths[i] = column_width(t, i);
	if (t->cells.n > t->columns)
		for (size_t i = 0; i < t->cells.n; i += t->columns)
			print_row(t, i, widths);
	free(widths);
}

void table_release(struct table *t)
{
	strv_release(&t->cells);
}
