#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/reftip.h"
#include "store/ref.h"

#define SHA1_HEX (OID_SIZE - 1)
#define SHA256_HEX 64

static size_t hex_len(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && s[n] && strchr("0123456789abcdef", s[n]))
		n++;
	return n;
}

/* One line without its newline. */
static int parse_line(struct ref_move *m, const char *s, size_t len)
{
	const size_t ref = 2 * (SHA1_HEX + 1);

	if (len <= ref || hex_len(s, len) != SHA1_HEX || s[SHA1_HEX] != ' ' ||
		hex_len(s + SHA1_HEX + 1, len - SHA1_HEX - 1) != SHA1_HEX ||
		s[ref - 1] != ' ' || !reftip_name_is_valid(s + ref, len - ref))
		return -1;
	*m = (struct ref_move){ .result = MOVE_NOT_RECORDED };
	memcpy(m->old_oid, s, SHA1_HEX);
	memcpy(m->new_oid, s + SHA1_HEX + 1, SHA1_HEX);
	m->ref = mem_strndup(s + ref, len - ref);
	return 0;
}

static int malformed(const char *s, size_t len, size_t number, struct err *e)
{
	if (hex_len(s, len) == SHA256_HEX)
		return err_set(e, EXIT_INTERNAL,
			"this is a SHA-256 repository, and quire takes SHA-1 "
			"ones only");
	return err_set(e, EXIT_USAGE,
		"line %zu of the hook's input is not '<old> <new> <ref>': "
		"'%.*s'",
		number, (int)(len < 120 ? len : 120), s);
}

int ref_moves_parse(const char *data, size_t len, struct ref_move **moves,
	size_t *n, struct err *e)
{
	size_t size = 0, number = 0;
	int rc = 0;

	*moves = NULL;
	*n = 0;
	while (len) {
		const char *nl = memchr(data, '\n', len);
		size_t line = nl ? (size_t)(nl - data) : len;

		if (*n == size) {
			size = size ? size * 2 : 4;
			*moves = mem_resize(*moves, size, sizeof(**moves));
		}
		number++;
		if (!parse_line(&(*moves)[*n], data, line))
			++*n;
		else if (!rc)
			rc = malformed(data, line, number, e);
		line += nl != NULL;
		data += line;
		len -= line;
	}
	return rc;
}

void ref_moves_release(struct ref_move *moves, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(moves[i].ref);
	free(moves);
}
