#include "exec/jobenv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/envword.h"
#include "base/fs.h"
#include "exec/runlog.h"
#include "exec/workspace.h"
#include "store/setting.h"

void jobenv_set(struct strv *env, const char *name, const char *value)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < env->n; i++)
		if (strncmp(env->v[i], name, len) == 0 &&
			env->v[i][len] == '=') {
			free(env->v[i]);
			memmove(&env->v[i], &env->v[i + 1],
				(env->n - i) * sizeof(*env->v));
			env->n--;
			break;
		}
	if (value)
		strv_pushf(env, "%s=%s", name, value);
}

int jobenv_add_words(struct strv *env, const char *words, struct err *e)
{
	struct buf name = BUF_INIT, value = BUF_INIT;
	int found;

	while ((found = envword_next(&words, &name, &value, e)) == 1)
		jobenv_set(env, name.ptr, value.ptr);
	buf_release(&name);
	buf_release(&value);
	return found;
}

static void set_path(struct strv *env, const char *name, const struct rundir *d,
	const char *rel)
{
	struct buf path = BUF_INIT;

	buf_addf(&path, "%s/%s", d->path, rel);
	jobenv_set(env, name, path.ptr);
	buf_release(&path);
}

static int write_file(struct rundir *d, const char *name, const struct buf *b)
{
	int fd = openat(d->fd, name,
		O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
	int failed, why;

	if (fd < 0)
		return -1;
	failed = fs_write_all(fd, b->ptr, b->len);
	why = errno;
	if (close(fd) && !failed)
		return -1;
	errno = why;
	return failed;
}

/*
 * If the older commit is gone (forced away and pruned), there is nothing to
 * compare with, as for a first run, and every `paths` matches.
 */
static int set_changed(struct strv *env, struct db *db, const struct home *h,
	const struct run *r, struct rundir *d, struct err *e)
{
	struct buf changed = BUF_INIT;
	struct run last;
	struct err why;
	int found, failed = 0;

	found = run_last_complete(db, r->repo, r->ref, r->push_seq, &last, e);
	if (found < 0) {
		errno = 0;
		return -1;
	}
	if (!found)
		return 0;
	if (strcmp(last.sha, r->sha) != 0 &&
		workspace_changed(
			r->git_dir, last.sha, r->sha, &changed, &why)) {
		runlog_add(h, "%s#%lld: no list of changed files: %s", r->repo,
			(long long)r->number, why.text);
	} else if (write_file(d, "changed", &changed)) {
		failed = err_sys(e, "%s/changed", d->path);
	} else {
		set_path(env, "QUIRE_CHANGED", d, "changed");
	}
	int saved = errno;
	run_release(&last);
	buf_release(&changed);
	errno = saved;
	return failed;
}

static int set_cache(struct strv *env, const struct home *h,
	const struct run *r, struct err *e)
{
	struct buf rel = BUF_INIT, path = BUF_INIT;
	int failed;

	buf_addf(&rel, "cache/%s", r->repo);
	home_add(&path, h, rel.ptr);
	failed = fs_mkdirs(h->fd, rel.ptr, 0750);
	if (failed)
		err_sys(e, "%s", path.ptr);
	else
		jobenv_set(env, "QUIRE_CACHE", path.ptr);
	int why = errno;
	buf_release(&rel);
	buf_release(&path);
	errno = why;
	return failed;
}

/* NAME from the key of a setting. */
static int set_from_setting(struct strv *env, const char *name, struct db *db,
	const struct run *r, const char *key, struct err *e)
{
	char *value = setting_get(db, r->repo, key, e);

	if (!value) {
		errno = 0;
		return -1;
	}
	jobenv_set(env, name, value);
	free(value);
	return 0;
}

static int add_setting_env(
	struct strv *env, struct db *db, const struct run *r, struct err *e)
{
	char *words = setting_get(db, r->repo, "env", e);
	int failed = words ? jobenv_add_words(env, words, e) : -1;

	free(words);
	errno = 0;
	return failed;
}

static void set_ref(struct strv *env, const struct run *r)
{
	jobenv_set(env, "QUIRE_REF", r->ref);
	jobenv_set(env, "QUIRE_BRANCH",
		strncmp(r->ref, "refs/heads/", 11) == 0 ? r->ref + 11 : NULL);
	jobenv_set(env, "QUIRE_TAG",
		strncmp(r->ref, "refs/tags/", 10) == 0 ? r->ref + 10 : NULL);
}

/* Whatever `env` has said of these, the run knows better. */
static void drop_quire(struct strv *env)
{
	size_t kept = 0;

	for (size_t i = 0; i < env->n; i++)
		if (strncmp(env->v[i], "QUIRE_", 6) == 0)
			free(env->v[i]);
		else
			env->v[kept++] = env->v[i];
	env->n = kept;
	if (env->v)
		env->v[kept] = NULL;
}

int jobenv_make(struct strv *env, struct db *db, const struct home *h,
	const struct run *r, struct rundir *d, struct err *e)
{
	struct buf number = BUF_INIT;

	if (set_from_setting(env, "PATH", db, r, "path", e))
		return -1;
	set_path(env, "HOME", d, "home");
	set_path(env, "TMPDIR", d, "tmp");
	jobenv_set(env, "LANG", "C.UTF-8");
	jobenv_set(env, "CI", "true");
	jobenv_set(env, "TRACEPARENT", r->traceparent);
	if (add_setting_env(env, db, r, e))
		return -1;
	drop_quire(env);

	buf_addi(&number, r->number);
	jobenv_set(env, "QUIRE_RUN_ID", r->id);
	jobenv_set(env, "QUIRE_RUN_NUMBER", number.ptr);
	buf_release(&number);
	jobenv_set(env, "QUIRE_REPO", r->repo);
	set_ref(env, r);
	jobenv_set(env, "QUIRE_SHA", r->sha);
	jobenv_set(env, "QUIRE_PREVIOUS_SHA", r->previous_sha);
	jobenv_set(env, "QUIRE_PUSHER", r->pusher);
	jobenv_set(env, "QUIRE_SUBJECT", r->subject);
	set_path(env, "QUIRE_WORKSPACE", d, "workspace");
	if (set_cache(env, h, r, e))
		return -1;
	return set_changed(env, db, h, r, d, e);
}
