#include "exec/sandbox.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bindword.h"
#include "base/mem.h"
#include "exec/sandbox_etc.h"

#define RESOLV_CONF "/etc/resolv.conf"
#define LINKS_MAX 8

/* Of what is in memory, which no other limit has in sight. */
#define SHM_BYTES "268435456"
#define FRESH_BYTES "1073741824"

/* What of the host is to be seen, and where. */
struct shown {
	char *real; /* the path without links */
	char *at; /* in the sandbox */
};

struct plan {
	const struct sandbox *s;
	struct strv *argv;
	struct shown *shown;
	size_t n_shown;
	struct strv covers; /* empty folders over what is hidden */
};

static void add(
	struct plan *p, const char *option, const char *a, const char *b)
{
	strv_push(p->argv, option);
	if (a)
		strv_push(p->argv, a);
	if (b)
		strv_push(p->argv, b);
}

/* The part of path behind the folder: "" if it is the folder itself; NULL: it
 * is elsewhere. */
static const char *below(const char *path, const char *folder)
{
	size_t len = strcmp(folder, "/") == 0 ? 0 : strlen(folder);

	if (strncmp(path, folder, len) != 0 || (path[len] && path[len] != '/'))
		return NULL;
	return path + len;
}

static int is_shown(const struct plan *p, const char *path)
{
	for (size_t i = 0; i < p->n_shown; i++)
		if (below(path, p->shown[i].at))
			return 1;
	return 0;
}

/* Takes real. */
static void show(struct plan *p, const char *option, char *real, const char *at)
{
	p->shown = mem_resize(p->shown, p->n_shown + 1, sizeof(*p->shown));
	p->shown[p->n_shown++] = (struct shown){ real, mem_strdup(at) };
	add(p, option, real, at);
}

static void add_namespaces(struct plan *p)
{
	static const char *const options[] = { "--unshare-pid", "--as-pid-1",
		"--unshare-ipc", "--unshare-uts", "--hostname", "quire",
		"--unshare-cgroup-try", "--new-session", "--die-with-parent",
		"--cap-drop", "ALL" };

	strv_push(p->argv, "bwrap");
	if (p->s->nests) {
		strv_push(p->argv, "--unshare-user-try");
	} else {
		strv_push(p->argv, "--unshare-user");
		strv_push(p->argv, "--disable-userns");
	}
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		strv_push(p->argv, options[i]);
	if (p->s->no_network)
		strv_push(p->argv, "--unshare-net");
}

/* Whether something of the run lies below the folder. */
static int has_own_below(const struct sandbox *s, const char *folder)
{
	const char *const own[] = { s->workspace, s->home, s->tmp, s->cache,
		s->changed, s->output, s->inputs };

	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		if (own[i] && below(own[i], folder))
			return 1;
	for (size_t i = 0; i < s->objects.n; i++)
		if (below(s->objects.v[i], folder))
			return 1;
	return 0;
}

static void add_memory(
	struct plan *p, const char *perms, const char *bytes, const char *path)
{
	add(p, "--perms", perms, NULL);
	add(p, "--size", bytes, NULL);
	add(p, "--tmpfs", path, NULL);
}

static void add_tmp(struct plan *p)
{
	const struct sandbox *s = p->s;

	if (s->tmp && !s->fresh && !has_own_below(s, "/tmp")) {
		add(p, "--bind", s->tmp, "/tmp");
		return;
	}
	add_memory(p, "1777", FRESH_BYTES, "/tmp");
}

static void add_fresh(struct plan *p, const char *path)
{
	/* some users' HOME is a folder of the system */
	if (path && strcmp(path, "/") != 0 && strcmp(path, "/tmp") != 0 &&
		!is_shown(p, path))
		add_memory(p, "0755", FRESH_BYTES, path);
}

static void add_system(struct plan *p)
{
	static const char *const folders[] = { "/usr", "/etc", "/bin", "/sbin",
		"/lib", "/lib32", "/lib64", "/libx32" };
	/* the kernel knows root by his number alone, whatever the namespace,
	 * where he writes to these */
	static const char *const kernels[] = { "/proc/sys", "/proc/fs",
		"/proc/irq", "/proc/bus", "/proc/acpi", "/proc/scsi",
		"/proc/driver", "/proc/sysrq-trigger" };
	char target[PATH_MAX];
	struct stat st;

	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		ssize_t n = readlink(folders[i], target, sizeof(target) - 1);

		if (n > 0) {
			target[n] = '\0';
			add(p, "--symlink", target, folders[i]);
		} else if (stat(folders[i], &st) == 0) {
			show(p, "--ro-bind", mem_strdup(folders[i]),
				folders[i]);
		}
	}
	if (geteuid() == 0)
		sandbox_cover_private(p->argv, &p->covers, "/etc");
	add(p, "--dev", "/dev", NULL);
	add_memory(p, "1777", SHM_BYTES, "/dev/shm");
	add(p, "--proc", "/proc", NULL);
	for (size_t i = 0; i < sizeof(kernels) / sizeof(*kernels); i++)
		add(p, "--ro-bind-try", kernels[i], kernels[i]);
	add_tmp(p);
	if (p->s->fresh) {
		add_fresh(p, p->s->home);
		add_fresh(p, p->s->tmp);
	}
}

/* What a link in the folder of path leads to, without `.` and `..`. */
static void resolve(struct buf *to, const char *path, const char *target)
{
	const char *slash = strrchr(path, '/');

	buf_reset(to);
	if (*target != '/')
		buf_add(to, path, (size_t)(slash - path));
	while (*target) {
		size_t len = strcspn(target, "/");

		if (len == 2 && target[0] == '.' && target[1] == '.') {
			const char *last = strrchr(to->ptr, '/');
			buf_setlen(to, last ? (size_t)(last - to->ptr) : 0);
		} else if (len && !(len == 1 && *target == '.')) {
			buf_addc(to, '/');
			buf_add(to, target, len);
		}
		target += len + (target[len] == '/');
	}
}

/* Names are resolved as outside: where resolv.conf is a link to what else is
 * not seen, the file is put where each of the links says. */
static void add_resolver(struct plan *p)
{
	struct buf path = BUF_INIT, next = BUF_INIT;
	char *real = realpath(RESOLV_CONF, NULL);
	char target[PATH_MAX];

	buf_adds(&path, RESOLV_CONF);
	for (int i = 0; real && i < LINKS_MAX; i++) {
		ssize_t n = readlink(path.ptr, target, sizeof(target) - 1);

		if (n <= 0)
			break;
		target[n] = '\0';
		resolve(&next, path.ptr, target);
		buf_reset(&path);
		buf_add(&path, next.ptr, next.len);
		if (!is_shown(p, path.ptr))
			add(p, "--ro-bind", real, path.ptr);
	}
	free(real);
	buf_release(&path);
	buf_release(&next);
}

/* The bind, in three: whether it is writable, its path and that without links;
 * -1. The caller releases both. */
static int read_bind(
	const char *word, int *rw, struct buf *path, char **real, struct err *e)
{
	buf_reset(path);
	*real = NULL;
	if (bindword_next(&word, path, e) <= 0)
		return -1;
	*rw = bindword_take_rw(path);
	*real = realpath(path->ptr, NULL);
	if (*real)
		return 0;
	err_sys(e, "bind: %s", path->ptr);
	return -1;
}

/* The folder of hide that path is in, or that is in path, without links; NULL:
 * there is none. */
static char *find_hidden(const struct strv *hide, const char *path, int in_path)
{
	for (size_t i = 0; i < hide->n; i++) {
		char *real = realpath(hide->v[i], NULL);

		if (real && (in_path ? below(real, path) : below(path, real)))
			return real;
		free(real);
	}
	return NULL;
}

static int check_writable(const struct strv *binds, const struct strv *hide,
	size_t i, const char *path, const char *real, struct err *e)
{
	char *hidden = find_hidden(hide, real, 1);
	struct buf other = BUF_INIT;
	int ret = 0, rw;

	if (hidden)
		ret = err_set(e, EXIT_USAGE,
			"bind: %s: %s lies below it, so jobs may not write to "
			"it",
			path, hidden);
	for (size_t k = 0; ret == 0 && k < binds->n; k++) {
		char *other_real;

		ret = read_bind(binds->v[k], &rw, &other, &other_real, e);
		if (ret == 0 && k != i && below(other_real, real))
			ret = err_set(e, EXIT_USAGE,
				"bind: %s lies below %s, which jobs may write "
				"to",
				other.ptr, path);
		free(other_real);
	}
	free(hidden);
	buf_release(&other);
	return ret;
}

int sandbox_check_binds(
	const struct strv *binds, const struct strv *hide, struct err *e)
{
	struct buf path = BUF_INIT;
	int ret = 0, rw;

	for (size_t i = 0; ret == 0 && i < binds->n; i++) {
		char *real;

		ret = read_bind(binds->v[i], &rw, &path, &real, e);
		if (ret == 0 && rw)
			ret = check_writable(binds, hide, i, path.ptr, real, e);
		free(real);
	}
	buf_release(&path);
	return ret;
}

/* Those that lie in a hidden folder, or the others. */
static int add_binds(struct plan *p, int hidden, struct err *e)
{
	struct buf path = BUF_INIT;
	int ret = 0, rw;

	for (size_t i = 0; ret == 0 && i < p->s->binds.n; i++) {
		char *real, *in;

		ret = read_bind(p->s->binds.v[i], &rw, &path, &real, e);
		if (ret < 0)
			break;
		in = find_hidden(&p->s->hide, real, 0);
		if (!in == !hidden)
			show(p,
				below(path.ptr, "/dev") ? "--dev-bind"
				: rw			? "--bind"
							: "--ro-bind",
				real, path.ptr);
		else
			free(real);
		free(in);
	}
	buf_release(&path);
	return ret;
}

static int add_covers(struct plan *p, struct err *e)
{
	for (size_t i = 0; i < p->s->hide.n; i++) {
		char *real = realpath(p->s->hide.v[i], NULL);

		if (!real)
			return err_sys(e, "%s", p->s->hide.v[i]);
		for (size_t k = 0; k < p->n_shown; k++) {
			const char *rest = below(real, p->shown[k].real);
			struct buf at = BUF_INIT;

			if (!rest)
				continue;
			buf_adds(&at, p->shown[k].at);
			buf_adds(&at, rest);
			add(p, "--tmpfs", at.ptr, NULL);
			strv_push(&p->covers, at.ptr);
			buf_release(&at);
		}
		free(real);
	}
	return 0;
}

/* Something of the run. Where the path leads through links that are seen
 * inside as well, it has to be where these lead. */
static void add_own(struct plan *p, const char *option, const char *path)
{
	char *real = path && is_shown(p, path) ? realpath(path, NULL) : NULL;

	if (path)
		add(p, option, path, real ? real : path);
	free(real);
}

static void add_run(struct plan *p)
{
	const struct sandbox *s = p->s;

	if (!s->fresh) {
		add_own(p, "--bind", s->home);
		add_own(p, "--bind", s->tmp);
	}
	add_own(p, "--bind", s->workspace);
	add_own(p, "--bind", s->cache);
	for (size_t i = 0; i < s->objects.n; i++)
		add_own(p, "--ro-bind", s->objects.v[i]);
	add_own(p, "--ro-bind", s->changed);
	add_own(p, "--ro-bind", s->inputs);
	add_own(p, "--bind", s->output);
}

int sandbox_argv(struct strv *argv, const struct sandbox *s, struct err *e)
{
	struct plan p = { .s = s, .argv = argv, .covers = STRV_INIT };

	add_namespaces(&p);
	add_system(&p);
	if (!s->no_network)
		add_resolver(&p);
	int ret = sandbox_check_binds(&s->binds, &s->hide, e);
	if (ret == 0)
		ret = add_binds(&p, 0, e);
	if (ret == 0)
		ret = add_covers(&p, e);
	if (ret == 0)
		ret = add_binds(&p, 1, e);
	add_run(&p);
	for (size_t i = 0; i < p.covers.n; i++)
		add(&p, "--remount-ro", p.covers.v[i], NULL);
	/* it is in memory, too */
	add(&p, "--remount-ro", "/dev", NULL);
	add(&p, "--remount-ro", "/", NULL);
	add(&p, "--chdir", s->workspace ? s->workspace : "/", NULL);
	strv_push(argv, "--");
	for (size_t i = 0; i < p.n_shown; i++) {
		free(p.shown[i].real);
		free(p.shown[i].at);
	}
	free(p.shown);
	strv_release(&p.covers);
	return ret;
}
