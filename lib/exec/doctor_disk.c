/*
 * What the home is on: a file system that SQLite's WAL and flock(2) work on,
 * that can be written, and that has room.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include "exec/doctor_check.h"
#include "exec/space.h"

#define CHECK "disk"

/* Not all of them are in linux/magic.h. */
static const struct {
	unsigned type;
	const char *name;
	int network; /* surely; otherwise it may be */
} remote[] = {
	{ NFS_SUPER_MAGIC, "NFS", 1 },
	{ SMB_SUPER_MAGIC, "SMB", 1 },
	{ 0xff534d42, "CIFS", 1 },
	{ 0xfe534d42, "SMB2", 1 },
	{ AFS_SUPER_MAGIC, "AFS", 1 },
	{ 0x00c36400, "Ceph", 1 },
	{ 0x0bd00bd0, "Lustre", 1 },
	{ 0x7461636f, "OCFS2", 1 },
	{ 0x01161970, "GFS2", 1 },
	{ FUSE_SUPER_MAGIC, "FUSE", 0 },
	{ V9FS_MAGIC, "9P", 0 },
};

static void check_type(struct doctor *d, const struct statfs *fs)
{
	const char *path = d->home->path;

	for (size_t i = 0; i < sizeof(remote) / sizeof(*remote); i++) {
		if ((unsigned)fs->f_type != remote[i].type)
			continue;
		if (remote[i].network) {
			doctor_say(d, FINDING_WRONG, CHECK,
				"%s is on a network file system (%s): the "
				"database would be damaged",
				path, remote[i].name);
			doctor_advise(d, "move the home to a local disk");
		} else {
			doctor_say(d, FINDING_NOTE, CHECK,
				"%s is on %s: that works only if no other "
				"machine uses it",
				path, remote[i].name);
		}
		return;
	}
	doctor_say(d, FINDING_OK, CHECK, "%s is on a local file system", path);
}

static void check_mount(struct doctor *d, const struct statvfs *fs)
{
	const char *path = d->home->path;

	if (fs->f_flag & ST_RDONLY) {
		doctor_say(d, FINDING_WRONG, CHECK,
			"%s is on a file system that is mounted read-only",
			path);
		doctor_advise(d,
			"see what the kernel says of it (dmesg), then mount "
			"it for writing");
	}
	if (fs->f_flag & ST_NOEXEC)
		doctor_say(d, FINDING_NOTE, CHECK,
			"%s is mounted noexec: no job can run what it has "
			"built",
			path);
}

/* Nobody locks the folder itself: this is in no one's way. */
static void check_locks(struct doctor *d)
{
	int failed;

	do
		failed = flock(d->home->fd, LOCK_SH | LOCK_NB);
	while (failed && errno == EINTR);
	if (!failed) {
		flock(d->home->fd, LOCK_UN);
	} else if (errno != EWOULDBLOCK) {
		doctor_say(d, FINDING_WRONG, CHECK,
			"%s: flock does not work: %s", d->home->path,
			strerror(errno));
		doctor_advise(d, "move the home to a file system that has it");
	}
}

void doctor_disk(struct doctor *d)
{
	struct statvfs mount;
	struct statfs fs;

	if (fstatfs(d->home->fd, &fs) < 0 ||
		fstatvfs(d->home->fd, &mount) < 0) {
		doctor_say(d, FINDING_UNSEEN, CHECK, "%s: %s", d->home->path,
			strerror(errno));
		return;
	}
	check_type(d, &fs);
	check_mount(d, &mount);
	check_locks(d);
}

/* As quire-run reckons it. */
void doctor_space(struct doctor *d, const struct doctor_facts *f)
{
	struct statvfs fs;

	if (fstatvfs(d->home->fd, &fs) < 0) {
		doctor_say(d, FINDING_UNSEEN, CHECK, "%s: %s", d->home->path,
			strerror(errno));
		return;
	}
	uint64_t is = (uint64_t)fs.f_bavail * (uint64_t)fs.f_frsize;
	if (is < (uint64_t)f->min_free_bytes) {
		doctor_say(d, FINDING_WRONG, CHECK,
			"%" PRIu64 " MB are free, and the setting minFree "
			"wants %" PRId64 " MB: no run is begun",
			is >> 20, f->min_free_bytes >> 20);
		doctor_advise(d,
			"make room, or let minFree be less: %s config minFree "
			"%" PRIu64 "M",
			d->quire, is >> 21);
	} else if (f->min_free_bytes && space_few_inodes(&fs)) {
		doctor_say(d, FINDING_WRONG, CHECK,
			"%llu of %llu inodes are free, less than 1 %%: no run "
			"is begun",
			(unsigned long long)fs.f_favail,
			(unsigned long long)fs.f_files);
		doctor_advise(d, "remove files");
	} else {
		doctor_say(d, FINDING_OK, CHECK, "%" PRIu64 " MB are free",
			is >> 20);
	}
}
