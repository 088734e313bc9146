/*
 * The folders of a home: there, the owner's, and closed to those they are not
 * for. What quire init would mend is left to it.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "exec/doctor_check.h"
#include "exec/layout.h"

#define CHECK "home"

static void say_open(struct doctor *d, const char *name, mode_t mode)
{
	doctor_say(d, FINDING_WRONG, CHECK,
		"%s: mode %04o is more open than %s", name,
		(unsigned)(mode & 07777),
		mode & 07 ? "to its owner and its group" : "it should be");
	doctor_owner_runs(d, "%s init", d->quire);
}

/* A thing that the home's owner has to own, and to have these rights to: 1 if
 * that is so. */
static int is_owners(
	struct doctor *d, const char *rel, const struct stat *st, mode_t need)
{
	struct buf path = BUF_INIT;
	int good = 0;

	doctor_add_path(&path, d, strcmp(rel, ".") != 0 ? rel : "");
	if (st->st_uid != d->home->owner) {
		char *is = doctor_user(st->st_uid);
		char *want = doctor_user(d->home->owner);

		doctor_say(d, FINDING_WRONG, CHECK,
			"%s: belongs to %s, not to the home's owner", rel, is);
		doctor_root_runs(d, "chown %s %s", want, path.ptr);
		free(is);
		free(want);
	} else if ((st->st_mode & need) != need) {
		doctor_say(d, FINDING_WRONG, CHECK,
			"%s: mode %04o locks its owner out", rel,
			(unsigned)(st->st_mode & 07777));
		doctor_owner_runs(d, "chmod %s %s",
			need == 0700 ? "u+rwx" : "u+r", path.ptr);
	} else {
		good = 1;
	}
	buf_release(&path);
	return good;
}

static void check_top(struct doctor *d, int shared)
{
	const struct home *h = d->home;
	struct buf group = BUF_INIT;
	struct stat st;
	char *owner;

	if (fstat(h->fd, &st) < 0) {
		doctor_say(d, FINDING_UNSEEN, CHECK, "%s: %s", h->path,
			strerror(errno));
		return;
	}
	if (st.st_mode & 07777 & ~layout_mode(".", shared)) {
		say_open(d, h->path, st.st_mode);
		return;
	}
	if (!is_owners(d, ".", &st, 0700))
		return;
	if (shared) {
		const struct group *g = getgrgid(st.st_gid);

		buf_addf(&group, ", shared with the group ");
		if (g)
			buf_adds(&group, g->gr_name);
		else
			buf_addf(&group, "%ld", (long)st.st_gid);
	}
	owner = doctor_user(h->owner);
	doctor_say(d, FINDING_OK, CHECK, "%s: owner %s, mode %04o%s", h->path,
		owner, (unsigned)(st.st_mode & 07777), group.ptr);
	if (h->owner == 0)
		doctor_say(d, FINDING_NOTE, CHECK,
			"it is root's, and so every job runs as root: better "
			"make one as a user of its own");
	free(owner);
	buf_release(&group);
}

/* 1 if all is well with it. */
static int check_folder(struct doctor *d, const char *name, int shared)
{
	struct stat st;

	if (fstatat(d->home->fd, name, &st, 0) < 0) {
		if (errno == ENOENT) {
			doctor_say(d, FINDING_WRONG, CHECK, "%s/ is missing",
				name);
			doctor_owner_runs(d, "%s init", d->quire);
		} else {
			doctor_say(d, FINDING_UNSEEN, CHECK, "%s: %s", name,
				strerror(errno));
		}
		return 0;
	}
	if (!S_ISDIR(st.st_mode)) {
		doctor_say(d, FINDING_WRONG, CHECK,
			"%s is in the way: it is no folder", name);
		doctor_advise(d, "move it elsewhere, then quire init");
		return 0;
	}
	if (!is_owners(d, name, &st, 0700))
		return 0;
	if (st.st_mode & 07777 & ~layout_mode(name, shared)) {
		say_open(d, name, st.st_mode);
		return 0;
	}
	return 1;
}

static void check_folders(struct doctor *d, int shared)
{
	struct buf good = BUF_INIT;

	for (size_t i = 0; layout_folders[i]; i++)
		if (check_folder(d, layout_folders[i], shared))
			buf_addf(&good, " %s", layout_folders[i]);
	if (good.len)
		doctor_say(d, FINDING_OK, CHECK, "folders:%s", good.ptr);
	buf_release(&good);
}

/* A file that is nobody else's to read. */
static void check_secret(struct doctor *d, const char *name)
{
	struct buf rel = BUF_INIT, path = BUF_INIT;
	struct stat st;

	buf_addf(&rel, "secrets/%s", name);
	doctor_add_path(&path, d, rel.ptr);
	if (fstatat(d->home->fd, rel.ptr, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno != ENOENT)
			doctor_say(d, FINDING_UNSEEN, CHECK, "%s: %s", rel.ptr,
				strerror(errno));
	} else if (!S_ISREG(st.st_mode)) {
		doctor_say(d, FINDING_WRONG, CHECK,
			"%s is no regular file: no job gets it", rel.ptr);
		doctor_advise(d, "move it elsewhere, then quire secret set");
	} else if (is_owners(d, rel.ptr, &st, 0400) && (st.st_mode & 077)) {
		doctor_say(d, FINDING_WRONG, CHECK,
			"%s: mode %04o: others may read the secret, so no job "
			"gets it",
			rel.ptr, (unsigned)(st.st_mode & 07777));
		doctor_owner_runs(d, "chmod 600 %s", path.ptr);
	}
	buf_release(&rel);
	buf_release(&path);
}

static void check_secrets(struct doctor *d)
{
	DIR *dir = fs_opendir(d->home->fd, "secrets", 0);
	struct dirent *entry;

	if (!dir) {
		if (errno != ENOENT && errno != ENOTDIR)
			doctor_say(d, FINDING_UNSEEN, CHECK, "secrets/: %s",
				strerror(errno));
		return;
	}
	while ((entry = readdir(dir)))
		if (*entry->d_name != '.')
			check_secret(d, entry->d_name);
	closedir(dir);
}

void doctor_home(struct doctor *d)
{
	int shared = layout_is_shared(d->home);

	check_top(d, shared);
	check_folders(d, shared);
	check_secrets(d);
}
