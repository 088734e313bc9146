#include "exec/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "exec/cgroup_own.h"

#define WORK "quire.work"
#define FOLDER (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define TEXT_MAX 65536
#define RECORD "cgroup" /* in a run's directory */

static const struct {
	const char *name;
	int bit;
} known[] = { { "memory", CGROUP_MEMORY }, { "pids", CGROUP_PIDS },
	{ "cpu", CGROUP_CPU } };

#define N_KNOWN (sizeof(known) / sizeof(*known))

/* These files have no size. -1 with errno. */
static int read_text(int dirfd, const char *name, struct buf *b)
{
	int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);

	buf_reset(b);
	if (fd < 0)
		return -1;
	int rc = fs_read_all(fd, b, TEXT_MAX);
	close(fd);
	return rc;
}

static int write_text(int dirfd, const char *name, const char *text)
{
	int fd = openat(dirfd, name, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	ssize_t n = write(fd, text, strlen(text));
	int why = errno;
	close(fd);
	errno = why;
	return n < 0 ? -1 : 0;
}

static int write_number(int dirfd, const char *name, int64_t n)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", (long long)n);
	return write_text(dirfd, name, text);
}

static int has_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = text; (p = strstr(p, word)); p += len)
		if ((p == text || p[-1] == ' ') &&
			(!p[len] || p[len] == ' ' || p[len] == '\n'))
			return 1;
	return 0;
}

/* Of a list of controllers, those that we use. */
static int read_controllers(int group, const char *file)
{
	struct buf text = BUF_INIT;
	int bits = 0;

	if (read_text(group, file, &text) == 0)
		for (size_t i = 0; i < N_KNOWN; i++)
			if (has_word(text.ptr, known[i].name))
				bits |= known[i].bit;
	buf_release(&text);
	return bits;
}

static int is_work(const struct buf *path)
{
	size_t len = strlen("/" WORK);

	return path->len > len &&
	       !strcmp(path->ptr + path->len - len, "/" WORK);
}

/* The group that the processes of quire's are in, without quire.work. */
static int base_path(struct buf *path, int *settled)
{
	if (cgroup_own_path(path) < 0)
		return -1;
	*settled = is_work(path);
	if (*settled)
		buf_setlen(path, path->len - strlen("/" WORK));
	return 0;
}

/* What is in one group goes into another. */
static int move_all(int group, const char *from, const char *to)
{
	struct buf text = BUF_INIT;
	char *p, *pid;
	int left = 0;

	if (read_text(group, from, &text) < 0)
		left = 1;
	p = text.ptr;
	while ((pid = strsep(&p, "\n")) && *pid)
		/* one that has ended is not there any more */
		if (write_text(group, to, pid) < 0 && errno != ESRCH)
			left = 1;
	buf_release(&text);
	return left ? -1 : 0;
}

static int enable(int group)
{
	char word[16];
	int some = 0;

	for (size_t i = 0; i < N_KNOWN; i++) {
		snprintf(word, sizeof(word), "+%s", known[i].name);
		some |= write_text(group, "cgroup.subtree_control", word) == 0;
	}
	return some ? 0 : -1;
}

static void settle(int group)
{
	if (mkdirat(group, WORK, 0755) < 0 && errno != EEXIST)
		return;
	/* what is forked meanwhile comes with the second round */
	for (int i = 0; i < 3; i++)
		if (move_all(group, "cgroup.procs", WORK "/cgroup.procs") < 0)
			break;
	if (enable(group) == 0)
		return;
	move_all(group, WORK "/cgroup.procs", "cgroup.procs");
	unlinkat(group, WORK, AT_REMOVEDIR);
}

void cgroup_settle(void)
{
	struct buf path = BUF_INIT;
	int settled, group = -1;

	if (base_path(&path, &settled) == 0 && !settled)
		group = open(path.ptr, FOLDER);
	if (group >= 0) {
		if (cgroup_is_delegated(path.ptr, group) &&
			read_controllers(group, "cgroup.controllers"))
			settle(group);
		close(group);
	}
	buf_release(&path);
}

int cgroup_probe(const char **why)
{
	struct buf path = BUF_INIT;
	int settled, bits = 0, group = -1;

	if (base_path(&path, &settled) == 0)
		group = open(path.ptr, FOLDER);
	if (group < 0)
		*why = "there is no cgroup v2 here";
	else if (!(bits = read_controllers(group, "cgroup.controllers")))
		*why = "its controllers memory, pids and cpu are not in this "
		       "control group";
	else if (!settled && !cgroup_is_delegated(path.ptr, group))
		bits = 0, *why = "this control group is not delegated";
	if (group >= 0)
		close(group);
	buf_release(&path);
	return bits;
}

int cgroup_open_base(struct cgroup_base *b, int run_dir_fd, const char *run_id)
{
	struct buf path = BUF_INIT;
	int settled;

	*b = (struct cgroup_base){ -1, 0, run_id };
	if (base_path(&path, &settled) == 0 && settled)
		b->fd = open(path.ptr, FOLDER);
	if (b->fd >= 0)
		b->controllers =
			read_controllers(b->fd, "cgroup.subtree_control");
	/* who has no record of a group can't clean it up */
	if (b->fd >= 0 &&
		(!b->controllers || fs_replace_file(run_dir_fd, RECORD,
					    path.ptr, path.len, 0640) < 0))
		cgroup_close_base(b);
	buf_release(&path);
	return b->fd >= 0;
}

void cgroup_close_base(struct cgroup_base *b)
{
	if (b->fd >= 0)
		close(b->fd);
	b->fd = -1;
}

static void add_name(struct buf *b, const char *run_id, const char *job_id)
{
	size_t len = b->len;

	buf_addf(b, "quire.%s.%s", run_id, job_id);
	for (char *p = b->ptr + len; *p; p++)
		if (*p == '/') /* of .quire/ci */
			*p = '_';
}

static int set_memory(int group, int64_t bytes)
{
	if (write_number(group, "memory.max", bytes) < 0)
		return -1;
	/* all of the job or nothing; neither is there in every kernel */
	write_text(group, "memory.oom.group", "1");
	write_text(group, "memory.swap.max", "0");
	return 0;
}

static int set_cpu(int group, int64_t milli)
{
	char text[48];
	int64_t us = milli * 100;

	snprintf(text, sizeof(text), "%lld 100000",
		(long long)(us < 1000 ? 1000 : us));
	return write_text(group, "cpu.max", text);
}

static int set_limits(int group, int controllers, const struct limits *l)
{
	if ((controllers & CGROUP_MEMORY) && l->memory_bytes &&
		set_memory(group, l->memory_bytes) < 0)
		return -1;
	if ((controllers & CGROUP_PIDS) && l->processes &&
		write_number(group, "pids.max", l->processes) < 0)
		return -1;
	if ((controllers & CGROUP_CPU) && l->cpus_milli &&
		set_cpu(group, l->cpus_milli) < 0)
		return -1;
	return 0;
}

int cgroup_make(struct cgroup *c, const struct cgroup_base *base,
	const char *job_id, const struct limits *l, struct err *e)
{
	int group = -1;

	*c = (struct cgroup){ .base_fd = -1, .procs_fd = -1, .name = BUF_INIT };
	if (!base)
		return 0;
	c->base_fd = base->fd;
	add_name(&c->name, base->run_id, job_id);
	if (mkdirat(base->fd, c->name.ptr, 0755) == 0 || errno == EEXIST)
		group = openat(base->fd, c->name.ptr, FOLDER);
	if (group >= 0 && set_limits(group, base->controllers, l) == 0)
		c->procs_fd =
			openat(group, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	int why = errno;
	if (group >= 0)
		close(group);
	errno = why;
	if (c->procs_fd >= 0)
		return 0;
	err_sys(e, "the job's control group can't be made");
	cgroup_close(c);
	return -1;
}

/* The number behind a word in one of the files of events. */
static int64_t read_event(
	const struct cgroup *c, const char *file, const char *word)
{
	struct buf path = BUF_INIT, text = BUF_INIT;
	size_t len = strlen(word);
	int64_t n = 0;

	if (c->base_fd < 0)
		return 0;
	buf_addf(&path, "%s/%s", c->name.ptr, file);
	if (read_text(c->base_fd, path.ptr, &text) == 0) {
		char *p = text.ptr, *line;

		while ((line = strsep(&p, "\n")))
			if (!strncmp(line, word, len) && line[len] == ' ')
				n = strtoll(line + len, NULL, 10);
	}
	buf_release(&path);
	buf_release(&text);
	return n;
}

static int64_t count_oom_kills(const struct cgroup *c)
{
	return read_event(c, "memory.events", "oom_kill");
}

static int64_t count_refused_forks(const struct cgroup *c)
{
	return read_event(c, "pids.events", "max");
}

void cgroup_mark(struct cgroup *c)
{

	c->oom_kills = count_oom_kills(c);
	c->refused_forks = count_refused_forks(c);
}

int64_t cgroup_oom_kills(const struct cgroup *c)
{
	return count_oom_kills(c) - c->oom_kills;
}

int64_t cgroup_refused_forks(const struct cgroup *c)
{
	return count_refused_forks(c) - c->refused_forks;
}

static void remove_group(int above, const char *name);

/* Those that a job has made in its own, where it could. */
static void remove_below(int group, const char *prefix)
{
	DIR *d = fs_opendir(group, ".", O_NOFOLLOW);
	struct dirent *entry;

	while (d && (entry = readdir(d)))
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.' &&
			!strncmp(entry->d_name, prefix, strlen(prefix)))
			remove_group(group, entry->d_name);
	if (d)
		closedir(d);
}

/* It is empty when what was killed has been reaped: soon.
 * NOLINTNEXTLINE(misc-no-recursion): the kernel limits how deep groups are */
static void remove_group(int above, const char *name)
{
	int group = openat(above, name, FOLDER);

	for (int i = 0; group >= 0 && i < 100; i++) {
		if (unlinkat(above, name, AT_REMOVEDIR) == 0 || errno != EBUSY)
			break;
		write_text(group, "cgroup.kill", "1");
		remove_below(group, "");
		if (unlinkat(above, name, AT_REMOVEDIR) == 0)
			break;
		clock_sleep_ms(10);
	}
	if (group >= 0)
		close(group);
}

void cgroup_close(struct cgroup *c)
{
	if (c->procs_fd >= 0)
		close(c->procs_fd);
	if (c->base_fd >= 0)
		remove_group(c->base_fd, c->name.ptr);
	buf_release(&c->name);
	c->procs_fd = c->base_fd = -1;
}

void cgroup_clear(int run_dir_fd, const char *run_id)
{
	struct buf path = BUF_INIT, prefix = BUF_INIT;

	if (fs_read_file(run_dir_fd, RECORD, &path, TEXT_MAX) == 0) {
		int base = open(path.ptr, FOLDER);

		add_name(&prefix, run_id, "");
		if (base >= 0) {
			remove_below(base, prefix.ptr);
			close(base);
		}
	}
	buf_release(&path);
	buf_release(&prefix);
}
