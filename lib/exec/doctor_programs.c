/*
 * The programs, which find each other beside their executable: all there, all
 * of one version. Each is asked, so one whose libraries are missing shows.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "exec/doctor_check.h"

#define CHECK "programs"

static const char *const names[] = { "quire-push", "quire-run", "quire-ci",
	"quire-reconcile", "quire-cgi" };
#define N_NAMES (sizeof(names) / sizeof(*names))

static void first_line(struct buf *b)
{
	buf_setlen(b, strcspn(b->ptr, "\n"));
}

/* 1 if it is as it should be. */
static int check(struct doctor *d, const char *name, const char *path)
{
	const char *const argv[] = { path, "--version", NULL };
	struct buf said = BUF_INIT, want = BUF_INIT;
	int status, good = 0;

	buf_addf(&want, "%s %s", name, d->version);
	status = access(path, X_OK) ? -1 : doctor_try(argv, &said);
	first_line(&said);
	if (status < 0)
		doctor_say(d, FINDING_WRONG, CHECK, "%s: %s", path,
			strerror(errno));
	else if (status)
		doctor_say(d, FINDING_WRONG, CHECK,
			"%s: does not run (status %d): %s", path, status,
			said.ptr);
	else if (strcmp(said.ptr, want.ptr) != 0)
		doctor_say(d, FINDING_WRONG, CHECK,
			"%s: is '%s', and this is quire %s", path, said.ptr,
			d->version);
	else
		good = 1;
	if (!good)
		doctor_advise(d, "install all programs anew, of one version");
	buf_release(&said);
	buf_release(&want);
	return good;
}

void doctor_programs(struct doctor *d)
{
	struct buf dir = BUF_INIT, path = BUF_INIT;
	int all = 1;
	struct err e;

	if (fs_self_dir(&dir, &e) < 0) {
		doctor_say(d, FINDING_UNSEEN, CHECK, "%s", e.text);
		return;
	}
	for (size_t i = 0; i < N_NAMES; i++) {
		buf_reset(&path);
		buf_addf(&path, "%s/%s", dir.ptr, names[i]);
		all = check(d, names[i], path.ptr) && all;
	}
	if (all)
		doctor_say(d, FINDING_OK, CHECK, "%s: all of version %s",
			dir.ptr, d->version);
	buf_release(&dir);
	buf_release(&path);
}
