#include "exec/limit.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/units.h"

#define COUNT_MAX 1000000000
#define NICE_MAX 19

/* No program starts with less, bubblewrap among them. */
#define FILES_MIN 64

enum kind { SIZE, COUNT, FILES, DECIMAL, NICE };

static const struct limit {
	const char *name;
	enum kind kind;
	size_t to;
} table[] = {
	{ "maxArtifacts", SIZE, offsetof(struct limits, artifact_bytes) },
	{ "maxCpus", DECIMAL, offsetof(struct limits, cpus_milli) },
	{ "maxFileSize", SIZE, offsetof(struct limits, file_bytes) },
	{ "maxFiles", FILES, offsetof(struct limits, files) },
	{ "maxMemory", SIZE, offsetof(struct limits, memory_bytes) },
	{ "maxProcesses", COUNT, offsetof(struct limits, processes) },
	{ "maxWorkspace", SIZE, offsetof(struct limits, workspace_bytes) },
	{ "nice", NICE, offsetof(struct limits, nice) },
};

#define N_LIMITS (sizeof(table) / sizeof(*table))

const char *limit_name(size_t i)
{
	return i < N_LIMITS ? table[i].name : NULL;
}

static int parse_value(
	enum kind kind, const char *text, int64_t *to, struct err *e)
{
	switch (kind) {
	case SIZE:
		return units_size(text, to, e);
	case DECIMAL:
		return units_decimal(text, to, e);
	case COUNT:
		return units_int(text, 0, COUNT_MAX, to, e);
	case FILES:
		return units_limit(text, FILES_MIN, COUNT_MAX, to, e);
	case NICE:
		break;
	}
	return units_int(text, 0, NICE_MAX, to, e);
}

int limit_parse(struct limits *l, const char *text, struct err *e)
{
	size_t len = strcspn(text, "=");

	for (size_t i = 0; text[len] && i < N_LIMITS; i++) {
		int64_t *to = (int64_t *)(void *)((char *)l + table[i].to);

		if (strlen(table[i].name) != len ||
			strncmp(table[i].name, text, len) != 0)
			continue;
		if (parse_value(table[i].kind, text + len + 1, to, e) < 0)
			return err_prefix(e, "%s", table[i].name);
		return 0;
	}
	return err_set(
		e, EXIT_USAGE, "'%s' is no limit, as maxFiles=1024", text);
}

struct limits limit_for_job(const struct limits *l, const struct resources *r)
{
	struct limits job = *l;

	job.memory_bytes = units_lower(l->memory_bytes, r->memory_bytes);
	job.cpus_milli = units_lower(l->cpus_milli, r->cpus_milli);
	job.processes = units_lower(l->processes, r->processes);
	return job;
}

/* Hard too, so that nobody raises it again. */
static int set(int which, int64_t value)
{
	struct rlimit r;

	if (getrlimit(which, &r) < 0)
		return -1;
	if (r.rlim_max > (rlim_t)value)
		r.rlim_max = (rlim_t)value;
	if (r.rlim_cur > r.rlim_max)
		r.rlim_cur = r.rlim_max;
	return setrlimit(which, &r);
}

static int forgo_core(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_CORE, &r) < 0)
		return -1;
	r.rlim_cur = 0;
	return setrlimit(RLIMIT_CORE, &r);
}

static int add_nice(int by)
{
	errno = 0;
	int was = getpriority(PRIO_PROCESS, 0);
	if (was == -1 && errno)
		return -1;
	return setpriority(
		PRIO_PROCESS, 0, was + by < NICE_MAX ? was + by : NICE_MAX);
}

static int set_rlimits(const struct limits *l)
{
	if (l->file_bytes && set(RLIMIT_FSIZE, l->file_bytes) < 0)
		return -1;
	if (l->files && set(RLIMIT_NOFILE, l->files) < 0)
		return -1;
	return forgo_core();
}

int limit_enter(const struct confine *c)
{
	if (!c)
		return 0;
	/* 0 is whoever writes it */
	if (c->procs_fd >= 0 && write(c->procs_fd, "0", 1) != 1)
		return -1;
	if (c->limits->nice && add_nice((int)c->limits->nice) < 0)
		return -1;
	return set_rlimits(c->limits);
}

void limit_nice_session(void)
{
	int level = getpriority(PRIO_PROCESS, 0);

	if (level <= 0)
		return;
	/* the file is root's while the process is not dumpable, which it is
	 * as the copy of one that has secrets, or of a sandbox's init; if this
	 * fails the file is not opened, and what it execs is dumpable again */
	int dumpable = prctl(PR_GET_DUMPABLE) != 0;
	if (!dumpable)
		(void)prctl(PR_SET_DUMPABLE, 1);
	int fd = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC);
	if (!dumpable)
		(void)prctl(PR_SET_DUMPABLE, 0);
	if (fd < 0)
		return;
	/* the kernel takes one in 100 ms; without it the level still counts
	 * within the session */
	for (int i = 0; i < 6 && dprintf(fd, "%d", level) < 0; i++) {
		if (errno != EAGAIN)
			break;
		clock_sleep_ms(30);
	}
	close(fd);
}
