/*
 * What the pages load: the style sheet and the script. Both are in the
 * program, so that a page needs no second file to be installed with it; their
 * names on the pages carry a tag of their content, so that a browser may keep
 * them for good and still gets the new one.
 */
#include <stdio.h>

#include "base/hash.h"
#include "web/page.h"

/* Read by the assembler, relative to the top of the source. */
__asm__(".section .rodata\n"
	"style_css:\n"
	".incbin \"lib/web/style/base.css\"\n"
	".incbin \"lib/web/style/lists.css\"\n"
	".incbin \"lib/web/style/run.css\"\n"
	".incbin \"lib/web/style/log.css\"\n"
	".incbin \"lib/web/style/ansi.css\"\n"
	".incbin \"lib/web/style/picture.css\"\n"
	"style_css_end:\n"
	"live_js:\n"
	".incbin \"lib/web/live.js\"\n"
	"live_js_end:\n"
	".previous\n");

extern const char style_css[], style_css_end[];
extern const char live_js[], live_js_end[];

static const struct {
	const char *type, *begin, *end;
} assets[] = {
	[ASSET_STYLE] = { "text/css; charset=utf-8", style_css, style_css_end },
	[ASSET_SCRIPT] = { "text/javascript; charset=utf-8", live_js,
		live_js_end },
};

void asset_tag(enum asset a, char out[ASSET_TAG_SIZE])
{
	size_t size = (size_t)(assets[a].end - assets[a].begin);

	snprintf(out, ASSET_TAG_SIZE, "%016llx",
		(unsigned long long)hash64(assets[a].begin, size));
}

static int answer(struct page *p, enum asset a)
{
	char tag[ASSET_TAG_SIZE], etag[ASSET_TAG_SIZE + 2];

	asset_tag(a, tag);
	snprintf(etag, sizeof(etag), "\"%s\"", tag);
	p->res->type = assets[a].type;
	p->res->cache = "public, max-age=31536000, immutable";
	buf_addf(&p->res->headers, "ETag: %s\r\n", etag);
	if (request_has_etag(p->req, etag))
		p->res->status = 304;
	else
		buf_add(&p->res->body, assets[a].begin,
			(size_t)(assets[a].end - assets[a].begin));
	return 0;
}

int page_style(struct page *p, struct err *e)
{
	(void)e;
	return answer(p, ASSET_STYLE);
}

int page_script(struct page *p, struct err *e)
{
	(void)e;
	return answer(p, ASSET_SCRIPT);
}
