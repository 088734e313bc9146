#include "exec/cronline.h"

#include <string.h>

#include "base/fs.h"
#include "base/shword.h"

int cronline_add(struct buf *b, const struct home *h, struct err *e)
{
	struct buf program = BUF_INIT;
	int failed = fs_sibling(&program, "quire-reconcile", e) < 0;

	if (!failed) {
		buf_adds(b, "* * * * * ");
		if (strcmp(h->path, HOME_DEFAULT) != 0) {
			buf_adds(b, "QUIRE_HOME=");
			shword_add_cron(b, h->path);
			buf_addc(b, ' ');
		}
		shword_add_cron(b, program.ptr);
	}
	buf_release(&program);
	return failed ? -1 : 0;
}
