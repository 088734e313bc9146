/*
 * The sandbox that quire-ci's options ask for.
 */
#include "ci.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bindword.h"
#include "base/mem.h"

static int check_words(const struct ci_options *o, struct err *e)
{
	struct buf word = BUF_INIT;
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < o->binds.n; i++) {
		const char *at = o->binds.v[i];

		if (bindword_next(&at, &word, e) < 0)
			ret = -1;
		else if (*at || word.len != strlen(o->binds.v[i]))
			ret = err_set(e, EXIT_USAGE,
				"'%s': one path at a time, without blanks",
				o->binds.v[i]);
	}
	buf_release(&word);
	return ret < 0 ? err_prefix(e, "--bind") : 0;
}

static int check(const struct ci_options *o, struct err *e)
{
	if (o->sandbox && strcmp(o->sandbox, "bwrap") == 0)
		return check_words(o, e);
	if (o->sandbox && strcmp(o->sandbox, "none") != 0)
		return err_set(e, EXIT_USAGE,
			"--sandbox: '%s' is none of: bwrap none", o->sandbox);
	if (o->binds.n || o->hides.n || o->no_network)
		return err_set(e, EXIT_USAGE,
			"--bind, --hide and --no-network say what a sandbox "
			"is like: they need --sandbox bwrap");
	return 0;
}

static void copy(struct strv *to, const struct strv *from)
{
	for (size_t i = 0; i < from->n; i++)
		strv_push(to, from->v[i]);
}

/* A folder of the run, if it has it. */
static char *run_folder(const char *run_dir, const char *name)
{
	struct buf path = BUF_INIT;
	struct stat st;

	buf_addf(&path, "%s/%s", run_dir, name);
	if (lstat(path.ptr, &st) == 0 && S_ISDIR(st.st_mode))
		return buf_detach(&path);
	buf_release(&path);
	return NULL;
}

static char *absolute(const char *path, struct err *e)
{
	char *real = *path == '/' ? mem_strdup(path) : realpath(path, NULL);

	if (!real)
		err_sys(e, "%s", path);
	return real;
}

static char *from_env(const char *name)
{
	const char *value = getenv(name);

	return value && *value == '/' ? mem_strdup(value) : NULL;
}

/* A person's HOME and TMPDIR are not for jobs: they get empty ones. */
static int fill(struct sandbox *s, const struct ci_options *o, struct err *e)
{
	s->init = "/proc/self/exe";
	s->workspace = absolute(o->workspace ? o->workspace : ".", e);
	if (!s->workspace)
		return -1;
	if (o->run_dir) {
		char *run_dir = absolute(o->run_dir, e);

		if (!run_dir)
			return -1;
		s->home = run_folder(run_dir, "home");
		s->tmp = run_folder(run_dir, "tmp");
		free(run_dir);
	} else {
		s->fresh = 1;
		s->home = from_env("HOME");
		s->tmp = from_env("TMPDIR");
	}
	s->cache = from_env("QUIRE_CACHE");
	s->changed = from_env("QUIRE_CHANGED");
	s->no_network = o->no_network;
	copy(&s->binds, &o->binds);
	copy(&s->hide, &o->hides);
	return sandbox_check_binds(&s->binds, &s->hide, e);
}

int ci_sandbox(struct sandbox *s, const struct ci_options *o,
	const struct sandbox **used, struct err *e)
{
	*s = (struct sandbox){ 0 };
	*used = NULL;
	if (check(o, e) < 0)
		return -1;
	if (!o->sandbox || strcmp(o->sandbox, "none") == 0)
		return 0;
	*used = s;
	return fill(s, o, e);
}

void ci_sandbox_release(struct sandbox *s)
{
	free((char *)(uintptr_t)s->workspace);
	free((char *)(uintptr_t)s->home);
	free((char *)(uintptr_t)s->tmp);
	free((char *)(uintptr_t)s->cache);
	free((char *)(uintptr_t)s->changed);
	strv_release(&s->objects);
	strv_release(&s->binds);
	strv_release(&s->hide);
}
