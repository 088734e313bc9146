#include "exec/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "exec/jobspawn.h"

int secret_take(int fd, const char *name, struct buf *value, struct err *e)
{
	/* a newline at the end does not count */
	int failed = fs_read_all(fd, value, SECRET_MAX_BYTES + 1) < 0;

	if (failed && errno != EFBIG)
		return err_sys(e, "secret '%s'", name);
	if (value->len && value->ptr[value->len - 1] == '\n')
		buf_setlen(value, value->len - 1);
	if (failed || value->len > SECRET_MAX_BYTES)
		return err_set(e, EXIT_RED,
			"secret '%s': larger than %d bytes, the limit", name,
			SECRET_MAX_BYTES);
	if (memchr(value->ptr, '\0', value->len))
		return err_set(e, EXIT_RED,
			"secret '%s': holds a NUL, which no variable can",
			name);
	return 0;
}

static int check_file(int fd, const char *name, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "secret '%s'", name);
	if (!S_ISREG(st.st_mode))
		return err_set(e, EXIT_RED,
			"secret '%s': secrets/%s in the home is no regular "
			"file",
			name, name);
	if (st.st_mode & 077)
		return err_set(e, EXIT_RED,
			"secret '%s': others may read it (chmod 600 secrets/%s "
			"in the home)",
			name, name);
	return 0;
}

static int say_unopened(const char *name, struct err *e)
{
	if (errno == ENOENT)
		return err_set(e, EXIT_RED,
			"secret '%s': there is none (quire secret set %s)",
			name, name);
	if (errno == ELOOP)
		return err_set(e, EXIT_RED,
			"secret '%s': secrets/%s in the home is a symbolic "
			"link, which is not followed",
			name, name);
	err_sys(e, "secret '%s': secrets/%s in the home", name, name);
	e->status = EXIT_RED;
	return -1;
}

int secret_read(int dirfd, const char *name, struct buf *value, struct err *e)
{
	/* a FIFO must not hold up the job */
	int fd = openat(dirfd, name,
		O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return say_unopened(name, e);
	int ret = check_file(fd, name, e);
	if (ret == 0)
		ret = secret_take(fd, name, value, e);
	close(fd);
	return ret;
}

static int find(const struct secret_source *from, const char *name,
	struct buf *value, struct err *e)
{
	for (size_t i = 0; from && i < from->n_given; i++)
		if (strcmp(from->given[i].name, name) == 0) {
			buf_add(value, from->given[i].value.ptr,
				from->given[i].value.len);
			return 0;
		}
	if (!from || !from->dir)
		return err_set(e, EXIT_RED, "secret '%s': %s", name,
			from && from->without ? from->without
					      : "there are none here");
	int dir = open(from->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return say_unopened(name, e);
	int ret = secret_read(dir, name, value, e);
	close(dir);
	return ret;
}

int secret_load(const struct secret_source *from, const struct job *job,
	struct strv *env, struct redactor **r, struct buf *note, struct err *e)
{
	int ret = 0;

	if (!job->n_secrets)
		return 0;
	*r = redactor_new();
	for (size_t i = 0; ret == 0 && i < job->n_secrets; i++) {
		const char *name = job->secrets[i].value;
		struct buf value = BUF_INIT;

		ret = find(from, name, &value, e);
		if (ret == 0) {
			jobspawn_set(env, job->secrets[i].name, value.ptr);
			redactor_add(*r, name, value.ptr, value.len);
			if (value.len < REDACT_MIN)
				buf_addf(note,
					"quire: secret '%s' has fewer than %d "
					"bytes: it is not redacted\n",
					name, REDACT_MIN);
		}
		buf_release(&value);
	}
	redactor_prepare(*r);
	return ret;
}
