#include "exec/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/shword.h"
#include "exec/doctor_check.h"

const char *finding_kind_name(enum finding_kind kind)
{
	static const char *const names[] = {
		[FINDING_OK] = "ok",
		[FINDING_NOTE] = "note",
		[FINDING_UNSEEN] = "unseen",
		[FINDING_WRONG] = "wrong",
	};

	return names[kind];
}

__attribute__((format(printf, 1, 0))) static char *format(
	const char *fmt, va_list ap)
{
	struct buf b = BUF_INIT;

	buf_addv(&b, fmt, ap);
	return buf_detach(&b);
}

void doctor_say(struct doctor *d, enum finding_kind kind, const char *check,
	const char *fmt, ...)
{
	struct finding *f;
	va_list ap;

	if (d->n % 32 == 0)
		d->findings = mem_resize(
			d->findings, d->n + 32, sizeof(*d->findings));
	f = &d->findings[d->n++];
	*f = (struct finding){ .kind = kind, .check = check };
	va_start(ap, fmt);
	f->text = format(fmt, ap);
	va_end(ap);
}

__attribute__((format(printf, 3, 0))) static void set_command(
	struct doctor *d, uid_t who, const char *fmt, va_list ap)
{
	struct finding *f = &d->findings[d->n - 1];

	free(f->command);
	free(f->as);
	f->command = format(fmt, ap);
	f->as = geteuid() == who ? NULL : doctor_user(who);
}

void doctor_owner_runs(struct doctor *d, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set_command(d, d->home->owner, fmt, ap);
	va_end(ap);
}

void doctor_root_runs(struct doctor *d, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set_command(d, 0, fmt, ap);
	va_end(ap);
}

void doctor_advise(struct doctor *d, const char *fmt, ...)
{
	struct finding *f = &d->findings[d->n - 1];
	va_list ap;

	free(f->advice);
	va_start(ap, fmt);
	f->advice = format(fmt, ap);
	va_end(ap);
}

void doctor_forget(struct doctor *d, size_t n)
{
	while (d->n > n) {
		struct finding *f = &d->findings[--d->n];

		free(f->text);
		free(f->command);
		free(f->as);
		free(f->advice);
	}
	if (!n) {
		free(d->findings);
		d->findings = NULL;
	}
}

char *doctor_user(uid_t uid)
{
	const struct passwd *pw = getpwuid(uid);
	struct buf b = BUF_INIT;

	if (pw)
		return mem_strdup(pw->pw_name);
	buf_addf(&b, "uid %ld", (long)uid);
	return buf_detach(&b);
}

void doctor_add_path(struct buf *b, const struct doctor *d, const char *rel)
{
	struct buf path = BUF_INIT;

	home_add(&path, d->home, rel);
	shword_add(b, path.ptr);
	buf_release(&path);
}

/* Whether the first `quire` in the PATH is the one that runs here. */
static int is_in_path(const char *self)
{
	const char *dir = getenv("PATH");
	struct buf path = BUF_INIT;
	struct stat st, here;
	int found = 0;

	while (dir && *dir && !found) {
		size_t n = strcspn(dir, ":");

		buf_reset(&path);
		buf_add(&path, dir, n);
		buf_adds(&path, "/quire");
		found = access(path.ptr, X_OK) == 0;
		dir += n + (dir[n] == ':');
	}
	found = found && stat(path.ptr, &st) == 0 && stat(self, &here) == 0 &&
		st.st_dev == here.st_dev && st.st_ino == here.st_ino;
	buf_release(&path);
	return found;
}

static char *quire_command(const struct home *h)
{
	struct buf self = BUF_INIT, b = BUF_INIT;
	struct err e;

	if (fs_sibling(&self, "quire", &e) < 0 || is_in_path(self.ptr))
		buf_adds(&b, "quire");
	else
		shword_add(&b, self.ptr);
	if (strcmp(h->path, HOME_DEFAULT) != 0) {
		buf_adds(&b, " --home ");
		shword_add(&b, h->path);
	}
	buf_release(&self);
	return buf_detach(&b);
}

void doctor_facts_release(struct doctor_facts *f)
{
	repo_list_release(f->repos, f->n_repos);
	run_list_release(f->active, f->n_active);
	free(f->limits_ms);
	free(f->kick);
	free(f->sandbox);
	memset(f, 0, sizeof(*f));
}

void doctor_examine(struct doctor *d)
{
	struct doctor_facts f = { 0 };
	char *owner = doctor_user(d->home->owner);

	d->quire = quire_command(d->home);
	doctor_home(d);
	doctor_disk(d);
	doctor_programs(d);
	doctor_database(d, &f);
	if (!f.read) {
		doctor_say(d, FINDING_UNSEEN, "database",
			"repositories, settings and the queue were not looked "
			"at");
		doctor_advise(d, "mend the database, then once more");
	}
	doctor_settings(d, &f);
	doctor_cgroup(d);
	doctor_space(d, &f);
	doctor_repos(d, &f);
	doctor_finished(d, &f);
	doctor_queue(d, &f);
	doctor_cron(d);
	doctor_clock(d, &f);
	doctor_systemd(d, "", owner);
	doctor_facts_release(&f);
	free(owner);
}

void doctor_release(struct doctor *d)
{
	doctor_forget(d, 0);
	free(d->quire);
	d->quire = NULL;
}

int doctor_has(const struct doctor *d, enum finding_kind kind)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->findings[i].kind == kind)
			return 1;
	return 0;
}
