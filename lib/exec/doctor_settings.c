/*
 * Settings: stored values that the program would not have stored, and what
 * the good ones lead to. The sandbox.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/shword.h"
#include "exec/doctor_check.h"
#include "exec/layout.h"
#include "exec/sandbox.h"
#include "store/checkup.h"
#include "store/setting.h"

#define CHECK "settings"

struct stored {
	struct doctor *d;
	int n, bad;
};

static void check_stored(void *arg, const char *repo, int registered,
	const char *name, const char *value)
{
	struct stored *s = arg;
	const struct setting_key *key = setting_find(name, NULL);
	struct buf word = BUF_INIT;
	struct err e;

	s->n++;
	if (!key || !registered || (*repo && !key->per_repo)) {
		doctor_say(s->d, FINDING_NOTE, CHECK,
			"%s%s%s is stored and has no effect: %s", repo,
			*repo ? " " : "", name,
			!key	      ? "this program knows no such setting"
			: !registered ? "there is no such repository"
				      : "it is a global one");
		return;
	}
	if (value && setting_check_stored(key, value, &e) == 0)
		return;
	s->bad++;
	doctor_say(s->d, FINDING_WRONG, CHECK, "%s%s%s", repo,
		*repo ? ": " : "", value ? e.text : name);
	if (*repo)
		shword_add(&word, repo);
	doctor_owner_runs(s->d, "%s config --unset %s%s%s", s->d->quire,
		word.ptr, *repo ? " " : "", name);
	buf_release(&word);
}

int doctor_stored(struct doctor *d, struct db *db, struct err *e)
{
	struct stored s = { .d = d };

	if (checkup_settings(db, check_stored, &s, e) < 0)
		return -1;
	if (!s.bad)
		doctor_say(d, FINDING_OK, CHECK, "%d stored", s.n);
	return 0;
}

/* Whether sh would find the command: 1, 0, or -1 where only sh can tell. */
static int is_command(const char *word)
{
	const char *dir = getenv("PATH");
	struct buf path = BUF_INIT;
	int found = 0;

	if (strpbrk(word, "\"'\\$`|&;<>()*?[=~{#%!"))
		return -1;
	if (strchr(word, '/'))
		return access(word, X_OK) == 0;
	while (dir && *dir && !found) {
		size_t n = strcspn(dir, ":");

		buf_reset(&path);
		buf_add(&path, dir, n);
		buf_addf(&path, "/%s", word);
		found = access(path.ptr, X_OK) == 0;
		dir += n + (dir[n] == ':');
	}
	buf_release(&path);
	return found;
}

static void check_kick(struct doctor *d, const char *kick)
{
	struct buf word = BUF_INIT;

	kick += strspn(kick, " \t");
	buf_add(&word, kick, strcspn(kick, " \t"));
	if (!word.len && layout_is_shared(d->home)) {
		doctor_say(d, FINDING_NOTE, CHECK,
			"kick is not set: what others push waits for "
			"quire-reconcile, see quire(7)");
	} else if (word.len && is_command(word.ptr) == 0) {
		doctor_say(d, FINDING_WRONG, CHECK,
			"kick: there is no command '%s': what others push "
			"waits for quire-reconcile",
			word.ptr);
		doctor_advise(d, "set it to one that there is, or to none");
		doctor_owner_runs(d, "%s config --unset kick", d->quire);
	}
	buf_release(&word);
}

/* A slot that its owner cannot lock stops every run. */
static void check_slots(struct doctor *d)
{
	DIR *dir = fs_opendir(d->home->fd, "slots", 0);
	struct dirent *entry;

	if (!dir)
		return; /* the check of the folders has said so */
	while ((entry = readdir(dir))) {
		struct buf rel = BUF_INIT, path = BUF_INIT;
		struct buf home = BUF_INIT;
		struct stat st;

		if (*entry->d_name == '.' ||
			fstatat(dirfd(dir), entry->d_name, &st,
				AT_SYMLINK_NOFOLLOW) ||
			(S_ISREG(st.st_mode) && st.st_uid == d->home->owner &&
				(st.st_mode & 0600) == 0600))
			continue;
		buf_addf(&rel, "slots/%s", entry->d_name);
		doctor_add_path(&path, d, rel.ptr);
		shword_add(&home, d->home->path);
		doctor_say(d, FINDING_WRONG, "queue",
			"%s: the home's owner cannot lock it", rel.ptr);
		if (S_ISREG(st.st_mode))
			doctor_root_runs(d,
				"chown --reference=%s %s && chmod "
				"u+rw %s",
				home.ptr, path.ptr, path.ptr);
		else
			doctor_advise(d, "move it elsewhere");
		buf_release(&rel);
		buf_release(&path);
		buf_release(&home);
	}
	closedir(dir);
}

/* What has to be done, by what it says. */
static void advise_sandbox(struct doctor *d, const char *why)
{
	struct buf bwrap = BUF_INIT;
	struct err ignored;

	if (sandbox_find(&bwrap, &ignored) < 0)
		doctor_advise(d, "install the package bubblewrap");
	else if (strstr(why, "quire-ci"))
		doctor_advise(d, "install quire's programs side by side");
	else
		doctor_advise(d,
			"let users make namespaces: of the sysctls "
			"kernel.unprivileged_userns_clone=1, "
			"user.max_user_namespaces=10000 and "
			"kernel.apparmor_restrict_unprivileged_userns=0 the "
			"ones that this kernel has; in a container, it is to "
			"be allowed where that is started");
	buf_release(&bwrap);
}

static void check_sandbox(struct doctor *d, const char *sandbox)
{
	struct err e;
	int nests = 0;
	int works = sandbox_try(&nests, &e) == 0;

	if (strcmp(sandbox, "none") == 0) {
		doctor_say(d, FINDING_NOTE, "sandbox",
			"none: jobs are not confined, they may do what the "
			"home's owner may; bubblewrap %s%s",
			works ? "works here" : "does not work here: ",
			works ? "" : e.text);
		if (works)
			doctor_owner_runs(
				d, "%s config sandbox bwrap", d->quire);
		else
			advise_sandbox(d, e.text);
	} else if (works && nests) {
		doctor_say(d, FINDING_NOTE, "sandbox",
			"%s works, but does not keep jobs from making user "
			"namespaces, in which they can mount",
			sandbox);
		doctor_advise(d,
			"bubblewrap needs to be 0.8.0 or later and not "
			"set-user-ID");
	} else if (works) {
		doctor_say(d, FINDING_OK, "sandbox", "%s works", sandbox);
	} else {
		doctor_say(d, FINDING_WRONG, "sandbox",
			"%s does not work, so no run starts: %s", sandbox,
			e.text);
		advise_sandbox(d, e.text);
	}
}

void doctor_settings(struct doctor *d, const struct doctor_facts *f)
{
	check_slots(d);
	if (!f->read)
		return;
	check_kick(d, f->kick);
	check_sandbox(d, f->sandbox);
}
