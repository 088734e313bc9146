/*
 * What is not a page: errors, what is not there, and what is elsewhere.
 */
#include <stdio.h>

#include "web/html.h"
#include "web/page.h"

void page_error(struct page *p, int status, const char *line)
{
	struct buf *b = &p->res->body;
	char title[64];

	snprintf(title, sizeof(title), "%s - quire", http_reason(status));
	response_reset(p->res);
	p->res->status = status;
	frame_begin(p, &(struct frame){ .title = title });
	html_raw(b, "<div class=\"error\">\n<h1>");
	html_text(b, http_reason(status));
	html_raw(b, "</h1>\n<p>");
	html_text(b, line);
	html_raw(b, "</p>\n<p><a href=\"");
	url_index(b, p);
	html_raw(b, "\">All repositories</a></p>\n</div>\n");
	frame_end(p);
}

int page_not_found(struct page *p)
{
	if (p->req->user)
		page_error(p, 404,
			"There is nothing here, or nothing that you may see.");
	else
		page_error(p, 404,
			"There is nothing here, or nothing that may be seen "
			"without logging in.");
	return 0;
}

int page_redirect(struct page *p, int status, const struct buf *to)
{
	struct buf *b = &p->res->body;

	p->res->status = status;
	buf_adds(&p->res->headers, "Location: ");
	buf_add(&p->res->headers, to->ptr, to->len);
	buf_adds(&p->res->headers, "\r\n");
	frame_begin(p, &(struct frame){ .title = "quire" });
	html_raw(b, "<p><a href=\"");
	html_textn(b, to->ptr, to->len);
	html_raw(b, "\">It is here.</a></p>\n");
	frame_end(p);
	return 0;
}
