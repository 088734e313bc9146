/*
 * The database: its three files by what stat(2) says, then, through SQLite,
 * what is in them. Where it stood still when it was opened and was written
 * meanwhile (see db_read_stale()), all that was found in it is forgotten and
 * looked for again.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "exec/doctor_check.h"
#include "exec/layout.h"
#include "store/checkup.h"
#include "store/legacy.h"
#include "store/migrate.h"
#include "store/seeded.h"
#include "store/setting.h"

#define CHECK "database"
/* Larger ones are read as a whole only if that is asked for. */
#define PAGES_MAX_BYTES (256 << 20)
/* Every opener reads the index of the WAL: 2.5 us a page. */
#define WAL_MAX_BYTES (16 << 20)
#define READ_TRIES 20
#define MIN_FREE_DEFAULT ((int64_t)1 << 30)

struct files {
	int there[3];
	struct stat st[3]; /* quire.db, -wal, -shm */
};
static const char *const file_names[3] = { "quire.db", "quire.db-wal",
	"quire.db-shm" };

static void init_mends(struct doctor *d)
{
	doctor_owner_runs(d, "%s init", d->quire);
}

/* 0, or -1 where one of them could not be looked at. */
static int look(struct doctor *d, struct files *f)
{
	for (int i = 0; i < 3; i++) {
		f->there[i] =
			!fstatat(d->home->fd, file_names[i], &f->st[i], 0);
		if (f->there[i] || errno == ENOENT)
			continue;
		doctor_say(d, FINDING_UNSEEN, CHECK, "%s: %s", file_names[i],
			strerror(errno));
		return -1;
	}
	return 0;
}

static int is_usable(const struct doctor *d, const struct stat *st, int shared)
{
	if (st->st_uid == d->home->owner)
		return (st->st_mode & 0600) == 0600;
	/* in a shared home another pusher may have made it */
	return shared && (st->st_mode & 0060) == 0060;
}

/* Who may read and write it. */
static void check_access(struct doctor *d, const struct files *f, int i)
{
	int shared = layout_is_shared(d->home);
	const struct stat *st = &f->st[i];
	const char *name = file_names[i];
	mode_t mode = st->st_mode & 07777;
	struct buf path = BUF_INIT;

	if (!is_usable(d, st, shared)) {
		char *is = doctor_user(st->st_uid);
		char *owner = doctor_user(d->home->owner);

		doctor_add_path(&path, d, name);
		doctor_say(d, FINDING_WRONG, CHECK,
			"%s: belongs to %s and has mode %04o: the home's owner "
			"cannot use it",
			name, is, (unsigned)mode);
		if (st->st_uid == d->home->owner)
			doctor_owner_runs(d, "chmod u+rw %s", path.ptr);
		else
			doctor_root_runs(d, "chown %s %s", owner, path.ptr);
		free(is);
		free(owner);
	} else if (mode & ~layout_mode(name, shared)) {
		doctor_say(d, FINDING_WRONG, CHECK,
			"%s: mode %04o is more open than it should be", name,
			(unsigned)mode);
		init_mends(d);
	} else if (i && (mode != (f->st[0].st_mode & 07777) ||
				st->st_gid != f->st[0].st_gid)) {
		doctor_say(d, FINDING_WRONG, CHECK,
			"%s: has another mode or group than quire.db", name);
		init_mends(d);
	}
	buf_release(&path);
}

/* 1: it can be opened; 0: said why not. */
static int check_files(struct doctor *d, const struct files *f)
{
	if (!f->there[0]) {
		doctor_say(d, FINDING_WRONG, CHECK, "quire.db is missing");
		doctor_advise(d, "restore it from a copy, see quire-db(5), or "
				 "begin anew");
		init_mends(d);
		return 0;
	}
	if (!S_ISREG(f->st[0].st_mode)) {
		doctor_say(d, FINDING_WRONG, CHECK, "quire.db is no file");
		doctor_advise(d, "move it elsewhere and restore the database "
				 "from a copy, see quire-db(5)");
		return 0;
	}
	for (int i = 0; i < 3; i++)
		if (f->there[i])
			check_access(d, f, i);

	int frames = f->there[1] && f->st[1].st_size > 0;
	if (frames && !f->there[2]) {
		doctor_say(d, FINDING_WRONG, CHECK,
			"there is a quire.db-wal but no quire.db-shm: readers "
			"are locked out");
		doctor_owner_runs(d, "%s reconcile", d->quire);
		return 0;
	}
	if (f->st[0].st_size == 0 && !frames) {
		doctor_say(d, FINDING_WRONG, CHECK, "quire.db is empty");
		doctor_advise(d, "restore it from a copy, see quire-db(5), or "
				 "begin anew");
		init_mends(d);
		return 0;
	}
	return 1;
}

/* The last to close it, if that was no program of quire's, has removed them.
 * The next writer makes them, with the modes of quire.db. */
static void check_beside(struct doctor *d, const struct files *f)
{
	if (f->there[1] && f->there[2])
		return;
	doctor_say(d, FINDING_NOTE, CHECK,
		"%s is missing, as when sqlite3 was at work: the next push "
		"makes it",
		file_names[f->there[1] ? 2 : 1]);
	init_mends(d);
}

static void say_error(struct doctor *d, const struct err *e)
{
	int busy = e->status == EXIT_BUSY;

	doctor_say(
		d, busy ? FINDING_UNSEEN : FINDING_WRONG, CHECK, "%s", e->text);
	if (busy)
		doctor_advise(d, "try again, or as the home's owner");
}

/* 1: this program's; 0: said what it is. */
static int check_version(struct doctor *d, struct db *db)
{
	struct err e;
	int version, ours, judged = checkup_version(db, &version, &ours, &e);

	if (judged == 0)
		return 1;
	if (judged < 0) {
		say_error(d, &e);
		/* of a newer one and a damaged one the error says it */
		if (version >= 0 && !ours)
			doctor_advise(d,
				"move it elsewhere, and restore quire's own "
				"from a copy, see quire-db(5)");
		return 0;
	}
	if (version == 0) {
		doctor_say(d, FINDING_WRONG, CHECK,
			"quire.db holds nothing of quire's");
		doctor_advise(d, "restore it from a copy, see quire-db(5)");
		return 0;
	}
	doctor_say(d, FINDING_WRONG, CHECK,
		"version %d is older than this program's %d", version,
		migrate_current());
	doctor_owner_runs(d, "%s %s", d->quire,
		version < MIGRATE_OURS ? "init" : "reconcile");
	return 0;
}

/* Says "whole" or what is broken; 1 if nothing is. */
static int check_pages(struct doctor *d, struct db *db, const struct files *f)
{
	int64_t bytes = f->st[0].st_size, lost = 0;
	struct buf damage = BUF_INIT;
	struct err e;
	int bad;

	if (bytes > PAGES_MAX_BYTES && !d->full) {
		doctor_say(d, FINDING_NOTE, CHECK,
			"%" PRId64 " MB: its pages were not read, that takes "
			"a while: quire doctor --full",
			bytes >> 20);
		return 1;
	}
	bad = checkup_pages(db, d->full, &damage, &e);
	if (bad == 0 && checkup_references(db, &lost, &e) < 0)
		bad = -1;
	if (bad < 0) {
		say_error(d, &e);
	} else if (bad) {
		doctor_say(d, FINDING_WRONG, CHECK, "quire.db is damaged: %s",
			damage.ptr);
		doctor_advise(d, "restore it from a copy, see quire-db(5)");
	} else if (lost) {
		doctor_say(d, FINDING_NOTE, CHECK,
			"%" PRId64 " rows belong to a run or a job that is not "
			"there: they do no harm",
			lost);
	}
	buf_release(&damage);
	return !bad;
}

static void check_triggers(struct doctor *d, struct db *db)
{
	struct buf names = BUF_INIT;
	struct err e;
	int lacking = migrate_check_triggers(db, &names, &e);

	if (lacking < 0) {
		say_error(d, &e);
	} else if (lacking) {
		doctor_say(d, FINDING_WRONG, CHECK,
			"triggers that guard the states are not as they "
			"should be: %s",
			names.ptr);
		init_mends(d);
	}
	buf_release(&names);
}

/* Every row that the other checks need. */
static int read_facts(struct db *db, struct doctor_facts *f, struct err *e)
{
	struct run next, *latest = NULL;
	size_t n_latest = 0;
	int got;

	f->seeded = seed_is_seeded(db, e);
	if (f->seeded < 0 || repo_list(db, &f->repos, &f->n_repos, e) < 0 ||
		run_list_active(db, &f->active, &f->n_active, e) < 0 ||
		run_count(db, RUN_PENDING, &f->pending, e) < 0)
		return -1;
	got = run_next_pending(db, 0, &next, e);
	if (got < 0)
		return -1;
	if (got) {
		f->oldest_queued_ms = next.queued_at_ms;
		run_release(&next);
	}
	if (run_latest_by_repo(db, &latest, &n_latest, e) < 0)
		return -1;
	for (size_t i = 0; i < n_latest; i++) {
		const struct run *r = &latest[i];
		int64_t at = r->finished_at_ms >= 0 ? r->finished_at_ms
						    : r->queued_at_ms;

		if (at > f->newest_ms)
			f->newest_ms = at;
	}
	run_list_release(latest, n_latest);
	return 0;
}

static void facts_reset(struct doctor_facts *f)
{
	doctor_facts_release(f);
	f->oldest_queued_ms = -1;
	f->newest_ms = -1;
	f->min_free_bytes = MIN_FREE_DEFAULT;
}

/* Values that are none were said by doctor_stored(): then as by default. */
static void read_settings(struct db *db, struct doctor_facts *f)
{
	struct err e;

	f->kick = setting_get(db, NULL, "kick", &e);
	f->sandbox = setting_get(db, NULL, "sandbox", &e);
	if (!f->kick)
		f->kick = mem_strdup("");
	if (!f->sandbox)
		f->sandbox = mem_strdup("none");
	if (setting_get_int(db, NULL, "minFree", &f->min_free_bytes, &e) < 0)
		f->min_free_bytes = MIN_FREE_DEFAULT;
	f->limits_ms = mem_zero((f->n_active + 1) * sizeof(*f->limits_ms));
	for (size_t i = 0; i < f->n_active; i++)
		if (setting_get_int(db, f->active[i].repo, "timeout",
			    &f->limits_ms[i], &e) < 0)
			f->limits_ms[i] = 0;
}

static void check_wal(struct doctor *d, const struct doctor_facts *f,
	const struct files *files)
{
	int64_t wal = files->there[1] ? files->st[1].st_size : 0;

	if (wal <= WAL_MAX_BYTES)
		return;
	if (f->pending || f->n_active) {
		doctor_say(d, FINDING_NOTE, CHECK,
			"quire.db-wal has %" PRId64 " MB, which slows every "
			"program down; it is emptied when the queue is",
			wal >> 20);
		return;
	}
	doctor_say(d, FINDING_WRONG, CHECK,
		"quire.db-wal has %" PRId64 " MB, which slows every program "
		"down, and nobody is at work who would empty it",
		wal >> 20);
	doctor_owner_runs(d, "%s reconcile", d->quire);
}

static void check_journal(struct doctor *d, struct db *db)
{
	struct err e;
	int is_wal = checkup_is_wal(db, &e);

	if (is_wal < 0) {
		say_error(d, &e);
	} else if (!is_wal) {
		doctor_say(d, FINDING_WRONG, CHECK,
			"quire.db is not in WAL mode: readers and writers "
			"wait for each other");
		init_mends(d);
	}
}

static void check_takeover(struct doctor *d, struct db *db)
{
	int64_t count = 0;
	struct err e;
	int marked = legacy_marked(db, &count, &e);

	if (marked < 0)
		say_error(d, &e);
	if (marked <= 0)
		return;
	doctor_say(d, FINDING_WRONG, CHECK,
		"the older system's repositories are not registered yet");
	init_mends(d);
}

/* Whether a finding of ours from the nth on is bad. */
static int is_wrong(const struct doctor *d, size_t n)
{
	for (; n < d->n; n++)
		if (d->findings[n].kind > FINDING_NOTE &&
			!strcmp(d->findings[n].check, CHECK))
			return 1;
	return 0;
}

/* All that is asked of an open database of this version. */
static void read_all(struct doctor *d, struct db *db, struct doctor_facts *f,
	const struct files *files)
{
	size_t before = d->n;
	struct err e;

	if (!check_pages(d, db, files))
		return;
	check_journal(d, db);
	check_triggers(d, db);
	check_takeover(d, db);
	if (read_facts(db, f, &e) < 0) {
		say_error(d, &e);
		return;
	}
	check_wal(d, f, files);
	if (!is_wrong(d, before))
		doctor_say(d, FINDING_OK, CHECK,
			"quire.db: version %d, %" PRId64 " KB, WAL %" PRId64
			" KB",
			migrate_current(), (int64_t)files->st[0].st_size >> 10,
			files->there[1] ? (int64_t)files->st[1].st_size >> 10
					: 0);
	if (f->seeded)
		doctor_say(d, FINDING_NOTE, CHECK,
			"made up by quire seed: nothing in it is ever run");
	if (doctor_stored(d, db, &e) < 0) {
		say_error(d, &e);
		return;
	}
	read_settings(db, f);
	f->read = 1;
}

/* 1: it was written meanwhile, once more; 0: done. */
static int try_once(
	struct doctor *d, struct doctor_facts *f, const struct files *files)
{
	struct db db;
	struct err e;
	int stale;

	if (db_open(&db, d->home, DB_LOOK, &e) < 0) {
		say_error(d, &e);
		return 0;
	}
	if (db_begin_read(&db, &e) < 0)
		say_error(d, &e);
	else if (check_version(d, &db))
		read_all(d, &db, f, files);
	db_rollback(&db);
	stale = db_read_stale(&db);
	db_close(&db);
	return stale;
}

void doctor_database(struct doctor *d, struct doctor_facts *f)
{
	struct files files;
	int openable, tries = 0;

	facts_reset(f);
	if (look(d, &files) < 0)
		return;
	openable = check_files(d, &files);
	size_t before = d->n;
	while (openable && try_once(d, f, &files)) {
		doctor_forget(d, before);
		facts_reset(f);
		if (++tries == READ_TRIES) {
			doctor_say(d, FINDING_UNSEEN, CHECK,
				"quire.db is written to all the time");
			break;
		}
		if (look(d, &files) < 0)
			return;
	}
	if (f->read)
		check_beside(d, &files);
}
