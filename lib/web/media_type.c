#include "web/media_type.h"

#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "web/html.h"

#define TEXT "text/plain; charset=utf-8"

/* Programs and markup are shown as the text that they are; HTML and SVG only
 * within the policy that page_artifact.c sets, which takes script from them. */
static const struct {
	const char *suffix, *type;
	int saved;
} types[] = {
	{ "html", "text/html; charset=utf-8", 0 },
	{ "htm", "text/html; charset=utf-8", 0 },
	{ "css", "text/css; charset=utf-8", 0 },
	{ "svg", "image/svg+xml", 0 },
	{ "png", "image/png", 0 },
	{ "jpg", "image/jpeg", 0 },
	{ "jpeg", "image/jpeg", 0 },
	{ "gif", "image/gif", 0 },
	{ "webp", "image/webp", 0 },
	{ "avif", "image/avif", 0 },
	{ "ico", "image/x-icon", 0 },
	{ "woff", "font/woff", 0 },
	{ "woff2", "font/woff2", 0 },
	{ "txt", TEXT, 0 },
	{ "log", TEXT, 0 },
	{ "md", TEXT, 0 },
	{ "csv", TEXT, 0 },
	{ "tsv", TEXT, 0 },
	{ "tap", TEXT, 0 },
	{ "diff", TEXT, 0 },
	{ "patch", TEXT, 0 },
	{ "js", TEXT, 0 },
	{ "mjs", TEXT, 0 },
	{ "xml", TEXT, 0 },
	{ "yml", TEXT, 0 },
	{ "yaml", TEXT, 0 },
	{ "toml", TEXT, 0 },
	{ "conf", TEXT, 0 },
	{ "jsonl", TEXT, 0 },
	{ "c", TEXT, 0 },
	{ "h", TEXT, 0 },
	{ "py", TEXT, 0 },
	{ "sh", TEXT, 0 },
	{ "json", "application/json", 0 },
	{ "pdf", "application/pdf", 1 },
	{ "gz", "application/gzip", 1 },
	{ "zip", "application/zip", 1 },
};

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

const char *media_type_of(const char *path, int *shown)
{
	const char *dot = strrchr(last_part(path), '.');

	for (size_t i = 0; dot && i < sizeof(types) / sizeof(types[0]); i++) {
		if (!strcasecmp(types[i].suffix, dot + 1)) {
			*shown = !types[i].saved;
			return types[i].type;
		}
	}
	*shown = 0;
	return "application/octet-stream";
}

/* What a quoted string may hold everywhere, % left out, which some decode. */
static int is_plain(unsigned char c)
{
	return c >= ' ' && c < 0x7f && !strchr("\"\\%", c);
}

void media_add_attachment(struct buf *headers, const char *path)
{
	const char *name = last_part(path);
	struct buf valid = BUF_INIT;
	int all = 1;

	buf_adds(headers, "Content-Disposition: attachment; filename=\"");
	for (const char *s = name; *s; s++) {
		int plain = is_plain((unsigned char)*s);

		buf_addc(headers, plain ? *s : '_');
		all &= plain;
	}
	buf_addc(headers, '"');
	if (!all) {
		utf8_add(&valid, name, strlen(name));
		buf_adds(headers, "; filename*=UTF-8''");
		html_url_segment(headers, valid.ptr);
		buf_release(&valid);
	}
	buf_adds(headers, "\r\n");
}
