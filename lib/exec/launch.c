#include "exec/launch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/glob.h"
#include "exec/jobenv.h"
#include "exec/limit.h"
#include "exec/launch_sandbox.h"
#include "store/setting.h"

/* A limit that is off has no option. */
static int add_limit(struct strv *argv, const char *option, struct db *db,
	const struct run *r, const char *setting, struct err *e)
{
	int64_t value;

	if (setting_get_int(db, r->repo, setting, &value, e)) {
		errno = 0;
		return -1;
	}
	if (value) {
		strv_push(argv, option);
		strv_pushf(argv, "%lld", (long long)value);
	}
	return 0;
}

/* Where the secrets are is told only for the refs that get them. */
static int add_secrets(struct strv *argv, struct db *db, const struct home *h,
	const struct run *r, struct err *e)
{
	char *refs = setting_get(db, r->repo, "protectedRefs", e);

	if (!refs) {
		errno = 0;
		return -1;
	}
	if (glob_ref_list(refs, r->ref)) {
		struct buf dir = BUF_INIT;

		home_add(&dir, h, "secrets");
		strv_push(argv, "--secrets");
		strv_push(argv, dir.ptr);
		buf_release(&dir);
	}
	free(refs);
	return 0;
}

static int add_job_limits(
	struct strv *argv, struct db *db, const struct run *r, struct err *e)
{
	for (size_t i = 0; limit_name(i); i++) {
		char *value = setting_get(db, r->repo, limit_name(i), e);

		if (!value) {
			errno = 0;
			return -1;
		}
		if (strcmp(value, "0") != 0) {
			strv_push(argv, "--limit");
			strv_pushf(argv, "%s=%s", limit_name(i), value);
		}
		free(value);
	}
	return 0;
}

int launch_make(struct launch *l, struct db *db, const struct home *h,
	const struct run *r, struct rundir *d, struct err *e)
{
	strv_push(&l->argv, "quire-ci");
	strv_push(&l->argv, "exec");
	strv_push(&l->argv, "--workspace");
	strv_pushf(&l->argv, "%s/workspace", d->path);
	strv_push(&l->argv, "--run-dir");
	strv_push(&l->argv, d->path);
	strv_push(&l->argv, "--git-dir");
	strv_push(&l->argv, r->git_dir);
	if (add_limit(&l->argv, "--max-log", db, r, "maxLog", e) ||
		add_secrets(&l->argv, db, h, r, e) ||
		add_job_limits(&l->argv, db, r, e))
		return -1;
	if (launch_sandbox(&l->argv, db, h, r, e))
		return -1;
	return jobenv_make(&l->env, db, h, r, d, e);
}

void launch_release(struct launch *l)
{
	strv_release(&l->argv);
	strv_release(&l->env);
}
