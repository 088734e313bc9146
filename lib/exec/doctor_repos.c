/*
 * The repositories: there, of a kind that quire takes, for the home's owner to
 * read; then their hooks.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/git.h"
#include "base/name.h"
#include "base/shword.h"
#include "exec/adopt.h"
#include "exec/doctor_check.h"

#define CHECK "repository"

static int is_owner(const struct doctor *d)
{
	return home_is_owner(d->home);
}

static void say_gone(struct doctor *d, const struct repo *r, const char *name)
{
	struct buf word = BUF_INIT;

	shword_add(&word, r->name);
	doctor_say(d, FINDING_WRONG, CHECK, "%s: %s is not there", name,
		r->git_dir);
	doctor_advise(d,
		"mount its disk; or, if it has moved: %s repo move %s DIR; or "
		"forget it: %s repo rm %s",
		d->quire, word.ptr, d->quire, word.ptr);
	buf_release(&word);
}

/* What another user than the owner may not see says nothing. */
static void say_closed(struct doctor *d, const char *name, const char *path)
{
	char *owner = doctor_user(d->home->owner);

	if (is_owner(d)) {
		doctor_say(d, FINDING_WRONG, CHECK,
			"%s: the home's owner may not read %s", name, path);
		doctor_advise(
			d, "give %s the right to, by a group or an ACL", owner);
	} else {
		doctor_say(d, FINDING_UNSEEN, CHECK, "%s: %s: %s", name, path,
			strerror(EACCES));
	}
	free(owner);
}

static int check_readable(
	struct doctor *d, const struct repo *r, const char *name)
{
	static const char *const parts[] = { "HEAD", "config", "objects",
		"refs" };
	struct buf path = BUF_INIT;
	int good = 1;

	for (size_t i = 0; i < 4 && good; i++) {
		buf_reset(&path);
		buf_addf(&path, "%s/%s", r->git_dir, parts[i]);
		good = access(path.ptr, i < 2 ? R_OK : R_OK | X_OK) == 0 ||
		       errno != EACCES;
	}
	if (!good)
		say_closed(d, name, path.ptr);
	buf_release(&path);
	return good;
}

static int check_bare(struct doctor *d, const struct repo *r, const char *name)
{
	static const char *const argv[] = { "git", "rev-parse",
		"--is-bare-repository", NULL };
	struct buf out = BUF_INIT, word = BUF_INIT;
	struct err e;
	int status = git_run(r->git_dir, argv, &out, 64, &e), good = 0;

	if (status < 0) {
		doctor_say(d, FINDING_WRONG, CHECK, "%s: %s", name, e.text);
		doctor_advise(d, "install git");
	} else if (status > 0) {
		doctor_say(d, FINDING_WRONG, CHECK, "%s: %s", name, e.text);
		doctor_advise(d, "mend it with git, or restore it");
	} else if (strcmp(out.ptr, "true\n") != 0) {
		shword_add(&word, r->git_dir);
		doctor_say(d, FINDING_WRONG, CHECK, "%s: %s is not bare", name,
			r->git_dir);
		doctor_owner_runs(
			d, "git --git-dir=%s config core.bare true", word.ptr);
	} else {
		good = 1;
	}
	buf_release(&out);
	buf_release(&word);
	return good;
}

/* quire itself names the repository by GIT_DIR, and is not asked. */
static void check_ownership(struct doctor *d, const struct repo *r,
	const char *name, const struct stat *st)
{
	const char *argv[] = { "git", "-C", r->git_dir, "rev-parse",
		"--git-dir", NULL };
	struct buf word = BUF_INIT;
	struct err e;

	if (st->st_uid == d->home->owner || !is_owner(d))
		return;
	if (git_run(NULL, argv, NULL, 4096, &e) <= 0 ||
		!strstr(e.text, "dubious ownership"))
		return;
	char *is = doctor_user(st->st_uid);
	shword_add(&word, r->git_dir);
	doctor_say(d, FINDING_NOTE, CHECK,
		"%s: belongs to %s, and git lets no other user push or fetch",
		name, is);
	doctor_owner_runs(
		d, "git config --global --add safe.directory %s", word.ptr);
	free(is);
	buf_release(&word);
}

static void check_repo(struct doctor *d, const struct repo *r, const char *name)
{
	struct stat st;
	struct err e;

	if (stat(r->git_dir, &st) < 0) {
		if (errno == EACCES)
			say_closed(d, name, r->git_dir);
		else
			say_gone(d, r, name);
		return;
	}
	if (!check_readable(d, r, name))
		return;
	if (!adopt_looks_like_git(AT_FDCWD, r->git_dir)) {
		doctor_say(d, FINDING_WRONG, CHECK,
			"%s: %s is no git repository", name, r->git_dir);
		doctor_advise(d, "restore it");
		return;
	}
	if (adopt_check_format(r->git_dir, &e) < 0) {
		doctor_say(d, FINDING_WRONG, CHECK, "%s: %s", name, e.text);
		doctor_advise(
			d, "convert it, or forget it: %s repo rm", d->quire);
		return;
	}
	if (!check_bare(d, r, name))
		return;
	check_ownership(d, r, name, &st);
	doctor_hook(d, r, name);
}

void doctor_repos(struct doctor *d, const struct doctor_facts *f)
{
	struct buf name = BUF_INIT;

	for (size_t i = 0; f->read && !f->seeded && i < f->n_repos; i++) {
		const struct repo *r = &f->repos[i];

		buf_reset(&name);
		buf_add(&name, r->name, name_short_len(r->name));
		check_repo(d, r, name.ptr);
	}
	if (f->read && !f->n_repos) {
		doctor_say(d, FINDING_NOTE, CHECK, "none is registered yet");
		doctor_advise(
			d, "%s repo new NAME, or repo adopt DIR", d->quire);
	}
	buf_release(&name);
}
