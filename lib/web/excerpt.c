#include "web/excerpt.h"

#include <errno.h>

#include "web/logview.h"

/* Read through in a fraction of a millisecond. */
#define COUNTED_BYTES (256 << 10)

/* Where the lines begin that a reader meets, the last ones of them. */
struct starts {
	int64_t at[EXCERPT_LINES];
	int64_t n; /* of all; the newest overwrites the oldest */
};

static void note_start(struct starts *s, int64_t at)
{
	s->at[s->n++ % EXCERPT_LINES] = at;
}

/* The first of the last lines; a line begins where the one before has ended,
 * with the last of its pieces. */
static int find_starts(const struct logfile *f, int64_t from, struct starts *s)
{
	struct logreader r;
	struct crilog_record rec;
	int begun = 0, got;

	logreader_start(&r, f, from, f->size);
	for (;;) {
		int64_t at = r.at;

		got = logreader_next(&r, &rec);
		if (got <= 0)
			break;
		if (!begun)
			note_start(s, at);
		begun = rec.partial;
	}
	int saved = errno;
	logreader_end(&r);
	errno = saved;
	return got;
}

int logview_excerpt(struct buf *b, const struct logfile *f, struct excerpt *x)
{
	int64_t from = f->size > EXCERPT_BYTES ? f->size - EXCERPT_BYTES : 0;
	int64_t first = from, at;
	struct starts s = { .n = 0 };
	struct logsum sum = { 0 };
	const struct logview plain = { 0 };

	*x = (struct excerpt){ 0 };
	if (logfile_record(f, &first) < 0 || find_starts(f, first, &s) < 0)
		return -1;
	if (s.n)
		from = s.n > EXCERPT_LINES ? s.at[s.n % EXCERPT_LINES]
					   : s.at[0];
	x->cut = from > 0;
	if (f->size <= COUNTED_BYTES && logfile_count(f, f->size, &sum) < 0)
		return -1;
	x->last_line = sum.lines;
	return logview_part(b, f, &plain, from, f->size, &at);
}
