/*
 * The hook of a repository: there, for this home, with a quire-push that there
 * is, and such that git and the kernel start it for whoever pushes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/git.h"
#include "base/shword.h"
#include "exec/doctor_check.h"
#include "exec/hookfile.h"
#include "exec/layout.h"

#define CHECK "repository"
#define HOOK_MAX ((size_t)1 << 20)

struct hook {
	struct doctor *d;
	const struct repo *repo;
	const char *name;
	const char *folder, *path; /* where git looks */
};

static void install_mends(const struct hook *k)
{
	struct buf word = BUF_INIT;

	shword_add(&word, k->repo->name);
	doctor_owner_runs(k->d, "%s repo hook %s", k->d->quire, word.ptr);
	buf_release(&word);
}

/* Also through a link. -1 with errno. */
static int read_hook(const struct hook *k, struct buf *text)
{
	int fd = open(k->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int failed = fd < 0 || fs_read_all(fd, text, HOOK_MAX) < 0;
	int why = errno;

	if (fd >= 0)
		close(fd);
	errno = why;
	return failed ? -1 : 0;
}

/* What is fetched into is a mirror, and wants no hook. */
static int is_mirror(const char *git_dir)
{
	static const char *const argv[] = { "git", "config", "--get-regexp",
		"^remote\\..*\\.(fetch|mirror)$", NULL };
	struct err e;

	return git_run(git_dir, argv, NULL, 1 << 16, &e) == 0;
}

/* The folder is shared with other repositories: quire does not write there. */
static void say_shared(const struct hook *k)
{
	struct buf program = BUF_INIT, line = BUF_INIT;
	struct err e;

	doctor_say(k->d, FINDING_WRONG, CHECK,
		"%s: its hooks are in %s (core.hooksPath), and quire-push is "
		"not called there",
		k->name, k->folder);
	if (fs_sibling(&program, "quire-push", &e) == 0) {
		shword_add(&line, program.ptr);
		buf_adds(&line, " --home ");
		shword_add(&line, k->d->home->path);
		doctor_advise(
			k->d, "add to %s the line: %s", k->path, line.ptr);
	}
	buf_release(&program);
	buf_release(&line);
}

/* None, or somebody else's; another's may call quire-push. */
static void check_other(const struct hook *k)
{
	int shared = access(k->folder, F_OK) == 0 &&
		     hookfile_is_inside(k->folder, k->repo->git_dir) == 0;
	struct buf text = BUF_INIT;
	int there = read_hook(k, &text) == 0;

	if (there && strstr(text.ptr, "quire-push")) {
		doctor_say(k->d, FINDING_OK, CHECK,
			"%s: %s, by a hook of its own that names quire-push",
			k->name, k->repo->git_dir);
	} else if (is_mirror(k->repo->git_dir)) {
		doctor_say(k->d, FINDING_NOTE, CHECK,
			"%s: a mirror without a hook: quire-reconcile finds "
			"what has moved",
			k->name);
	} else if (shared) {
		say_shared(k);
	} else {
		doctor_say(k->d, FINDING_WRONG, CHECK,
			"%s: %s: what is pushed waits for quire-reconcile",
			k->name,
			there ? "its hook is not quire's" : "has no hook");
		install_mends(k);
	}
	buf_release(&text);
}

static void check_unreadable(const struct hook *k, const struct err *e)
{
	struct buf word = BUF_INIT;

	if (e->status == EXIT_INTERNAL) { /* ours, and damaged */
		doctor_say(k->d, FINDING_WRONG, CHECK, "%s: its hook: %s",
			k->name, e->text);
		install_mends(k);
	} else if (home_is_owner(k->d->home)) {
		shword_add(&word, k->path);
		doctor_say(k->d, FINDING_WRONG, CHECK,
			"%s: its hook cannot be read: %s", k->name, e->text);
		doctor_owner_runs(k->d, "chmod 755 %s", word.ptr);
	} else {
		doctor_say(k->d, FINDING_UNSEEN, CHECK, "%s: its hook: %s",
			k->name, e->text);
	}
	buf_release(&word);
}

static int is_same_folder(const char *a, const struct home *h)
{
	struct stat st;

	return stat(a, &st) == 0 && st.st_dev == h->dev && st.st_ino == h->ino;
}

/* Word for word what would be installed: so it is valid both by its first line
 * and for sh. */
static int is_intact(const struct hook *k, const struct hookfile *hf)
{
	struct buf text = BUF_INIT, want = BUF_INIT;
	struct err e;
	int same = read_hook(k, &text) == 0 &&
		   hookfile_add_text(&want, hf, hf->program, &e) == 0 &&
		   text.len == want.len &&
		   !memcmp(text.ptr, want.ptr, text.len);

	buf_release(&text);
	buf_release(&want);
	return same;
}

/* Pushers of a shared home run it, too: the kernel wants x, its #! line r. */
static int check_mode(const struct hook *k)
{
	mode_t need = layout_is_shared(k->d->home) ? 0555 : 0500;
	struct buf word = BUF_INIT;
	struct stat st;
	int good = stat(k->path, &st) == 0 && (st.st_mode & need) == need;

	if (!good) {
		shword_add(&word, k->path);
		doctor_say(k->d, FINDING_WRONG, CHECK,
			"%s: its hook has mode %04o: git does not run it%s",
			k->name, (unsigned)(st.st_mode & 07777),
			need == 0555 ? " for everybody" : "");
		doctor_owner_runs(k->d, "chmod 755 %s", word.ptr);
	}
	buf_release(&word);
	return good;
}

static void check_ours(const struct hook *k, const struct hookfile *hf)
{
	struct buf here = BUF_INIT;
	struct err e;

	if (!is_same_folder(hf->home, k->d->home)) {
		doctor_say(k->d, FINDING_WRONG, CHECK,
			"%s: its hook is for another home, %s", k->name,
			hf->home);
		install_mends(k);
	} else if (!hf->program || !is_intact(k, hf)) {
		doctor_say(k->d, FINDING_WRONG, CHECK,
			"%s: its hook is not as quire writes it", k->name);
		install_mends(k);
	} else if (access(hf->program, X_OK) < 0) {
		doctor_say(k->d, FINDING_WRONG, CHECK,
			"%s: its hook cannot start %s: %s", k->name,
			hf->program, strerror(errno));
		install_mends(k);
	} else if (!check_mode(k)) {
		;
	} else if (fs_sibling(&here, "quire-push", &e) == 0 &&
		   strcmp(here.ptr, hf->program) != 0) {
		doctor_say(k->d, FINDING_NOTE, CHECK,
			"%s: its hook starts %s, not the one beside this "
			"program",
			k->name, hf->program);
		install_mends(k);
	} else {
		doctor_say(k->d, FINDING_OK, CHECK, "%s: %s, hook installed",
			k->name, k->repo->git_dir);
	}
	buf_release(&here);
}

void doctor_hook(struct doctor *d, const struct repo *r, const char *name)
{
	struct hook k = { .d = d, .repo = r, .name = name };
	struct buf folder = BUF_INIT, path = BUF_INIT;
	struct hookfile hf;
	struct err e;
	int ours;

	if (hookfile_folder(r->git_dir, &folder, &e) < 0) {
		doctor_say(d, FINDING_UNSEEN, CHECK, "%s: %s", name, e.text);
		goto out;
	}
	buf_addf(&path, "%s/" HOOKFILE_NAME, folder.ptr);
	k.folder = folder.ptr;
	k.path = path.ptr;
	ours = hookfile_read(&hf, path.ptr, &e);
	if (ours < 0)
		check_unreadable(&k, &e);
	else if (ours)
		check_ours(&k, &hf);
	else
		check_other(&k);
	hookfile_release(&hf);
out:
	buf_release(&folder);
	buf_release(&path);
}
