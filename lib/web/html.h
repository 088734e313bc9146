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
 * escaped, malformed UTF-8 and control bytes but tab and newline shown as
 * U+FFFD, bidi controls (which make text read other than it is) as [U+202E].
 * What comes out is well-formed in XML 1.0 as well.
 */
void html_text(struct buf *b, const char *s);
void html_textn(struct buf *b, const char *s, size_t n);
/* One segment or a whole path of a URL, percent-encoded for an attribute; a
 * query's value and a fragment are segments too. */
void html_url_segment(struct buf *b, const char *s);
void html_url_path(struct buf *b, const char *s);
void html_int(struct buf *b, int64_t n);
/* A size for a reader: "512 B", "3.4 MB" (powers of 1000). */
void html_size(struct buf *b, int64_t bytes);
/* <time> with "3 minutes ago" as its text and the exact time in its title. */
void html_time(struct buf *b, int64_t at_ms, int64_t now_ms);

#endif
