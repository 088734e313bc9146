/*
 * What a local run is for, and what its jobs find in their environment.
 */
#include "ci.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/envword.h"
#include "base/fs.h"
#include "base/git.h"
#include "exec/kick.h"

extern char **environ;

#define HEADS "refs/heads/"
#define TAGS "refs/tags/"
#define CHANGED_MAX (256 << 20)

/* A person's environment, without what belongs to a git hook that quire-ci may
 * have been started from. */
static void clean_env(void)
{
	size_t i = 0;

	while (environ && environ[i]) {
		size_t len = strcspn(environ[i], "=");
		char name[256];

		if ((strncmp(environ[i], "GIT_", 4) != 0 &&
			    strncmp(environ[i], "PWD=", 4) != 0 &&
			    strncmp(environ[i], "OLDPWD=", 7) != 0) ||
			len >= sizeof(name)) {
			i++;
			continue;
		}
		memcpy(name, environ[i], len);
		name[len] = '\0';
		if (unsetenv(name) < 0)
			i++;
	}
}

static int set_var(const char *name, const char *value, struct err *e)
{
	if (value ? setenv(name, value, 1) < 0 : unsetenv(name) < 0)
		return err_sys(e, "%s", name);
	return 0;
}

/* What follows the prefix, or NULL. */
static const char *behind(const char *ref, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(ref, prefix, len) == 0 ? ref + len : NULL;
}

/* A ref that is neither is neither. */
static int set_ref(const char *ref, struct err *e)
{
	if (set_var("QUIRE_REF", ref, e) < 0 ||
		set_var("QUIRE_BRANCH", behind(ref, HEADS), e) < 0)
		return -1;
	return set_var("QUIRE_TAG", behind(ref, TAGS), e);
}

static int set_short_ref(const char *prefix, const char *name, struct err *e)
{
	struct buf ref = BUF_INIT;

	buf_addf(&ref, "%s%s", prefix, name);
	int ret = set_ref(ref.ptr, e);
	buf_release(&ref);
	return ret;
}

/* The branch that the working tree is on; none where git says so. */
static int set_current_ref(struct err *e)
{
	static const char *const argv[] = { "git", "symbolic-ref", "-q", "HEAD",
		NULL };
	struct buf ref = BUF_INIT;
	struct err ignored;
	int ret = 0;

	if (git_run(NULL, argv, &ref, 4096, &ignored) != 0)
		buf_reset(&ref);
	while (ref.len && ref.ptr[ref.len - 1] == '\n')
		buf_setlen(&ref, ref.len - 1);
	if (ref.len)
		ret = set_ref(ref.ptr, e);
	buf_release(&ref);
	return ret;
}

static int choose_ref(const struct ci_options *o, struct err *e)
{
	if (!!o->ref + !!o->branch + !!o->tag > 1)
		return err_set(e, EXIT_USAGE,
			"--ref, --branch and --tag exclude each other");
	if (o->ref && (!behind(o->ref, "refs/") || !*behind(o->ref, "refs/")))
		return err_set(e, EXIT_USAGE,
			"--ref: '%s' is no full name, as refs/heads/main",
			o->ref);
	if (o->ref)
		return set_ref(o->ref, e);
	if (o->branch)
		return set_short_ref(HEADS, o->branch, e);
	if (o->tag)
		return set_short_ref(TAGS, o->tag, e);
	if (!getenv("QUIRE_BRANCH") && !getenv("QUIRE_TAG"))
		return set_current_ref(e);
	return 0;
}

/* Not QUIRE_RUN_ID of a run that quire-ci is within: its supervisor finds
 * stray processes by it. */
static int mark_job(struct err *e)
{
	const char *id = getenv("QUIRE_RUN_ID");

	return id && *id ? 0 : set_var("QUIRE_RUN_ID", KICK_LOCAL_RUN, e);
}

static int list_paths(const char *const *argv, struct buf *to, struct err *e)
{
	int status = git_run(NULL, argv, to, CHANGED_MAX, e);

	if (status > 0)
		e->status = EXIT_USAGE;
	return status == 0 ? 0 : err_prefix(e, "--changed-since");
}

/* The working tree against a commit, files that git does not know included. */
static int list_changed(const char *rev, struct buf *changed, struct err *e)
{
	const char *const known[] = { "git", "diff", "--name-only", "-z",
		"--no-renames", "--no-ext-diff", "--relative",
		"--end-of-options", rev, "--", NULL };
	static const char *const others[] = { "git", "ls-files", "-z",
		"--others", "--exclude-standard", NULL };

	if (list_paths(known, changed, e) < 0)
		return -1;
	return list_paths(others, changed, e);
}

/* NAME becomes the path of what is called so in the folder. */
static int set_path(const char *var, const struct scratch *in, const char *name,
	struct err *e)
{
	struct buf path = BUF_INIT;

	buf_addf(&path, "%s/%s", in->path, name);
	int ret = set_var(var, path.ptr, e);
	buf_release(&path);
	return ret;
}

static int set_changed(const char *rev, const struct scratch *in, struct err *e)
{
	struct buf changed = BUF_INIT;
	int ret = list_changed(rev, &changed, e);

	if (ret == 0) {
		int fd = openat(in->fd, "changed",
			O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

		if (fd < 0 || fs_write_all(fd, changed.ptr, changed.len) < 0)
			ret = err_sys(e, "%s/changed", in->path);
		if (fd >= 0 && close(fd) < 0 && ret == 0)
			ret = err_sys(e, "%s/changed", in->path);
	}
	buf_release(&changed);
	return ret == 0 ? set_path("QUIRE_CHANGED", in, "changed", e) : ret;
}

int ci_local_files(
	const struct ci_options *o, const struct scratch *in, struct err *e)
{
	if (o->changed_since && set_changed(o->changed_since, in, e) < 0)
		return -1;
	if (getenv("TMPDIR"))
		return 0;
	if (mkdirat(in->fd, "tmp", 0700) < 0)
		return err_sys(e, "%s/tmp", in->path);
	return set_path("TMPDIR", in, "tmp", e);
}

/* .quire/ci sees them, too; what a pipeline says of them is overridden later. */
static int set_given(const struct strv *words, struct err *e)
{
	struct buf name = BUF_INIT;
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < words->n; i++) {
		const char *equals = strchr(words->v[i], '=');

		if (!equals)
			continue;
		buf_reset(&name);
		buf_add(&name, words->v[i], (size_t)(equals - words->v[i]));
		if (envword_is_name(name.ptr, name.len))
			ret = set_var(name.ptr, equals + 1, e);
	}
	buf_release(&name);
	return ret;
}

int ci_local_env(const struct ci_options *o, struct err *e)
{
	char *top = getcwd(NULL, 0);

	if (!top)
		return err_sys(e, "the working tree");
	clean_env();
	int ret = set_given(&o->env, e);
	if (ret == 0)
		ret = choose_ref(o, e);
	if (ret == 0)
		ret = set_var("QUIRE_WORKSPACE", top, e);
	free(top);
	if (ret == 0)
		ret = set_var("CI", "true", e);
	return ret == 0 ? mark_job(e) : ret;
}
