/*
 * The style sheet. It is in the program, so that a page needs no second file
 * to be installed with it; its name on the pages carries a tag of its content,
 * so that a browser may keep it for good and still gets the new one.
 */
#include <stdio.h>

#include "web/page.h"

/* Read by the assembler, relative to the top of the source. */
__asm__(".section .rodata\n"
	"style_css:\n"
	".incbin \"lib/web/style.css\"\n"
	"style_css_end:\n"
	".balign 8\n"
	"style_css_size:\n"
	".quad style_css_end - style_css\n"
	".global style_css, style_css_size\n"
	".previous\n");

extern const char style_css[];
extern const uint64_t style_css_size;

/* FNV-1a, 64 bits: it need only differ when the content does. */
void style_tag(char out[STYLE_TAG_SIZE])
{
	uint64_t hash = 0xcbf29ce484222325;

	for (uint64_t i = 0; i < style_css_size; i++)
		hash = (hash ^ (unsigned char)style_css[i]) * 0x100000001b3;
	snprintf(out, STYLE_TAG_SIZE, "%016llx", (unsigned long long)hash);
}

int page_style(struct page *p, struct err *e)
{
	char tag[STYLE_TAG_SIZE], etag[STYLE_TAG_SIZE + 2];

	(void)e;
	style_tag(tag);
	snprintf(etag, sizeof(etag), "\"%s\"", tag);
	p->res->type = "text/css; charset=utf-8";
	p->res->cache = "public, max-age=31536000, immutable";
	buf_addf(&p->res->headers, "ETag: %s\r\n", etag);
	if (request_has_etag(p->req, etag))
		p->res->status = 304;
	else
		buf_add(&p->res->body, style_css, style_css_size);
	return 0;
}
