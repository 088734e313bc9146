/*
 * The hooks for the end of a run: whether those that are there will be called.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exec/doctor_check.h"
#include "exec/runhook.h"

#define CHECK "hooks"

/* rel is the hook, or a folder above it. */
static void mend(struct doctor *d, const char *rel)
{
	struct buf path = BUF_INIT;
	struct stat st;

	doctor_add_path(&path, d, rel);
	if (fstatat(d->home->fd, rel, &st, 0) < 0) {
		doctor_advise(d, "remove it, or mend what it leads to");
	} else if (st.st_uid != d->home->owner && st.st_uid != 0) {
		char *owner = doctor_user(d->home->owner);

		doctor_root_runs(d, "chown %s %s", owner, path.ptr);
		free(owner);
	} else if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode)) {
		doctor_advise(d, "move it elsewhere");
	} else {
		doctor_owner_runs(d, "chmod %s %s",
			S_ISREG(st.st_mode) ? "u+x,go-w" : "go-w", path.ptr);
	}
	buf_release(&path);
}

static void check(struct doctor *d, const char *repo)
{
	struct buf path = BUF_INIT, of = BUF_INIT;
	struct err e;
	int got;

	runhook_add_path(&path, repo);
	got = runhook_check(d->home, path.ptr, &of, &e);
	if (got > 0) {
		doctor_say(d, FINDING_OK, CHECK,
			"%s is called at the end of %s", path.ptr,
			repo ? "its runs" : "every run");
	} else if (got < 0) {
		doctor_say(d, FINDING_WRONG, CHECK, "%s", e.text);
		mend(d, of.ptr);
	}
	buf_release(&path);
	buf_release(&of);
}

void doctor_finished(struct doctor *d, const struct doctor_facts *f)
{
	/* for another user it is another question */
	if (!home_is_owner(d->home) && geteuid() != 0)
		return;
	check(d, NULL);
	for (size_t i = 0; i < f->n_repos; i++)
		check(d, f->repos[i].name);
}
