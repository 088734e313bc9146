/*
 * html.h - the only ways into a page.
 *
 * Everything that reaches a page goes through one of these, named for the
 * context it escapes for. html_raw takes a literal of ours: it is a macro that
 * does not compile with anything else.
 */
#ifndef QUIRE_WEB_HTML_H
#define QUIRE_WEB_HTML_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define html_raw(b, literal) buf_add((b), "" literal, sizeof(literal) - 1)

/* Text between tags, and inside a double-quoted attribute: < > & " ' are
 * escaped, malformed UTF-8 and control bytes shown as U+FFFD, bidi controls
 * as visible marks. */
void html_text(struct buf *b, const char *s);
void html_textn(struct buf *b, const char *s, size_t n);
/* One segment or a whole path of a URL, percent-encoded for an attribute. */
void html_url_segment(struct buf *b, const char *s);
void html_url_path(struct buf *b, const char *s);
void html_int(struct buf *b, int64_t n);

#endif
