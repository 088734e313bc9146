#include "exec/checkout.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/fs.h"
#include "exec/convert.h"

/* How long the walker, with nothing else to do, waits for the second thread
 * before it asks again. */
#define ASK_MS 50

void checkout_init(struct checkout *c, const char *git_dir, int root,
	int (*is_over)(void *arg), void *arg)
{
	memset(c, 0, sizeof(*c));
	c->git_dir = git_dir;
	c->root = root;
	c->is_over = is_over;
	c->arg = arg;
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->changed, NULL);
}

void checkout_destroy(struct checkout *c)
{
	pthread_cond_destroy(&c->changed);
	pthread_mutex_destroy(&c->lock);
}

void checkout_fail(struct checkout *c, const struct err *e)
{
	int why = errno;

	pthread_mutex_lock(&c->lock);
	if (!c->failed) {
		c->failed = 1;
		c->e = *e;
		c->error_number = why;
	}
	pthread_cond_broadcast(&c->changed);
	pthread_mutex_unlock(&c->lock);
}

int checkout_has_failed(struct checkout *c)
{
	pthread_mutex_lock(&c->lock);
	int failed = c->failed;
	pthread_mutex_unlock(&c->lock);
	return failed;
}

int checkout_result(const struct checkout *c, struct err *e)
{
	if (!c->failed)
		return 0;
	*e = c->e;
	errno = c->error_number;
	return -1;
}

int checkout_is_over(struct checkout *c)
{
	struct err e;

	if (c->is_over && c->is_over(c->arg)) {
		err_set(&e, EXIT_BUSY, "the workspace is not wanted any more");
		errno = ECANCELED;
		checkout_fail(c, &e);
	}
	return checkout_has_failed(c);
}

void checkout_add_path(
	struct buf *b, const struct checkout_folder *folder, const char *name)
{
	buf_adds(b, folder->path);
	if (b->len)
		buf_addc(b, '/');
	buf_adds(b, name);
}

/* The same one folder at a time, where openat2(2) is missing or forbidden. */
static int open_stepwise(int root, const char *path)
{
	struct buf part = BUF_INIT;
	int fd = fcntl(root, F_DUPFD_CLOEXEC, 0);

	while (fd >= 0 && *path) {
		size_t len = strcspn(path, "/");

		buf_reset(&part);
		buf_add(&part, path, len);
		int next = openat(fd, part.ptr,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		int why = errno;
		close(fd);
		errno = why;
		fd = next;
		path += len + (path[len] == '/');
	}
	buf_release(&part);
	return fd;
}

int checkout_open_folder(int root, const char *path)
{
	struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
			   RESOLVE_NO_MAGICLINKS,
	};

	if (!*path)
		return fcntl(root, F_DUPFD_CLOEXEC, 0);
	long fd = syscall(SYS_openat2, root, path, &how, sizeof(how));
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		return open_stepwise(root, path);
	return (int)fd;
}

/* What the system refuses is its fault, but for what the tree brought up. */
static int write_failed(const struct checkout_file *f, struct err *e)
{
	struct buf path = BUF_INIT;
	int why = errno;

	checkout_add_path(&path, f->folder, f->entry.name);
	if (why == EEXIST) {
		err_set(e, EXIT_INTERNAL, "%s: the commit holds it twice",
			path.ptr);
	} else {
		errno = why;
		err_sys(e, "%s", path.ptr);
		if (why == ENAMETOOLONG || why == EINVAL || why == EILSEQ)
			e->status = EXIT_INTERNAL;
	}
	buf_release(&path);
	errno = why;
	return -1;
}

static int write_file(int dirfd, const struct checkout_file *f,
	const void *data, size_t len, struct err *e)
{
	int fd = openat(dirfd, f->entry.name,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		f->entry.kind == TREE_EXECUTABLE ? 0777 : 0666);

	if (fd < 0)
		return write_failed(f, e);
	if (fs_write_all(fd, data, len)) {
		write_failed(f, e);
		int why = errno;
		close(fd);
		errno = why;
		return -1;
	}
	if (close(fd))
		return write_failed(f, e);
	return 0;
}

static int write_converted(struct checkout *c, struct objects *o, int dirfd,
	const struct checkout_file *f, git_odb_object *blob, struct err *e)
{
	struct conversion conversion;
	struct buf path = BUF_INIT, text = BUF_INIT;
	char hex[GIT_OID_HEXSZ + 1];

	checkout_add_path(&path, f->folder, f->entry.name);
	int failed = convert_lookup(o, &c->commit, path.ptr, &conversion, e);
	buf_release(&path);
	if (failed)
		return -1;
	buf_add(&text, git_odb_object_data(blob), git_odb_object_size(blob));
	git_oid_tostr(hex, sizeof(hex), git_odb_object_id(blob));
	convert_apply(&conversion, hex, &text);
	failed = write_file(dirfd, f, text.ptr, text.len, e);
	int why = errno;
	buf_release(&text);
	errno = why;
	return failed;
}

static int write_entry(struct checkout *c, struct objects *o, int dirfd,
	const struct checkout_file *f, struct err *e)
{
	git_odb_object *blob;
	git_oid oid;
	int failed;

	git_oid_fromraw(&oid, f->entry.oid);
	blob = objects_read(o, &oid, GIT_OBJECT_BLOB, f->entry.name, e);
	if (!blob)
		return -1;
	if (attributes_may_convert(f->folder->scope, f->entry.name))
		failed = write_converted(c, o, dirfd, f, blob, e);
	else
		failed = write_file(dirfd, f, git_odb_object_data(blob),
			git_odb_object_size(blob), e);
	int why = errno;
	git_odb_object_free(blob);
	errno = why;
	return failed;
}

/* is_over is the thread's own: checkout_is_over() or checkout_has_failed(). */
static void write_chunk(struct checkout *c, struct objects *o,
	const struct checkout_chunk *chunk, int (*is_over)(struct checkout *))
{
	const struct checkout_folder *folder = chunk->files[0].folder;
	int dirfd = checkout_open_folder(c->root, folder->path);
	struct err e;

	if (dirfd < 0) {
		err_sys(&e, "%s", folder->path);
		checkout_fail(c, &e);
		return;
	}
	for (size_t i = 0; i < chunk->n && !is_over(c); i++)
		if (write_entry(c, o, dirfd, &chunk->files[i], &e)) {
			checkout_fail(c, &e);
			break;
		}
	close(dirfd);
}

/* Takes a chunk off the list; 0 if there is none. The lock is held. */
static int take(struct checkout *c, struct checkout_chunk *chunk)
{
	if (!c->waiting || c->failed)
		return 0;
	*chunk = c->list[c->first];
	c->first = (c->first + 1) % CHECKOUT_LIST;
	c->waiting--;
	return 1;
}

static void *second_thread(void *arg)
{
	struct checkout *c = arg;
	struct checkout_chunk chunk;
	struct objects o;
	struct err e;

	if (objects_open(&o, c->git_dir, &e)) {
		checkout_fail(c, &e);
		return NULL;
	}
	pthread_mutex_lock(&c->lock);
	while (!c->failed) {
		if (take(c, &chunk)) {
			pthread_mutex_unlock(&c->lock);
			write_chunk(c, &o, &chunk, checkout_has_failed);
			pthread_mutex_lock(&c->lock);
		} else if (c->walked) {
			break;
		} else {
			pthread_cond_wait(&c->changed, &c->lock);
		}
	}
	pthread_mutex_unlock(&c->lock);
	objects_close(&o);
	return NULL;
}

void checkout_put(struct checkout *c, struct objects *o,
	const struct checkout_chunk *chunk)
{
	pthread_mutex_lock(&c->lock);
	int full = c->waiting == CHECKOUT_LIST;
	if (!full) {
		c->list[(c->first + c->waiting) % CHECKOUT_LIST] = *chunk;
		c->waiting++;
		pthread_cond_signal(&c->changed);
	}
	pthread_mutex_unlock(&c->lock);
	if (full)
		write_chunk(c, o, chunk, checkout_is_over);
	/* no thread to be had: the walker does it all */
	else if (!c->started && c->waiting >= CHECKOUT_ALONE)
		c->started =
			pthread_create(&c->thread, NULL, second_thread, c) == 0;
}

/* Its last chunk may take long, and what ends the run is seen here alone. */
static void join_second(struct checkout *c)
{
	struct timespec until;

	do {
		(void)checkout_is_over(c);
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += ASK_MS * 1000000L;
		if (until.tv_nsec >= 1000000000L) {
			until.tv_nsec -= 1000000000L;
			until.tv_sec++;
		}
	} while (pthread_clockjoin_np(c->thread, NULL, CLOCK_MONOTONIC,
			 &until) == ETIMEDOUT);
}

void checkout_finish(struct checkout *c, struct objects *o)
{
	struct checkout_chunk chunk;
	int more;

	do {
		pthread_mutex_lock(&c->lock);
		c->walked = 1;
		pthread_cond_broadcast(&c->changed);
		more = take(c, &chunk);
		pthread_mutex_unlock(&c->lock);
		if (more)
			write_chunk(c, o, &chunk, checkout_is_over);
	} while (more);
	if (c->started)
		join_second(c);
}
