#include "exec/runurl.h"

#include <inttypes.h>
#include <string.h>

#include "base/name.h"

static void add_encoded(struct buf *b, const char *s, size_t n)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-._~/";

	for (size_t i = 0; i < n; i++) {
		if (s[i] && strchr(plain, s[i]))
			buf_addc(b, s[i]);
		else
			buf_addf(b, "%%%02X", (unsigned char)s[i]);
	}
}

void runurl_add(
	struct buf *b, const char *url, const char *repo, int64_t number)
{
	size_t n = strlen(url);

	while (n && url[n - 1] == '/')
		n--;
	if (!n)
		return;
	buf_add(b, url, n);
	buf_addc(b, '/');
	add_encoded(b, repo, name_short_len(repo));
	buf_addf(b, "/ci/%" PRId64, number);
}
