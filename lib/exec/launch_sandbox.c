#include "exec/launch_sandbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bindword.h"
#include "exec/layout.h"
#include "exec/sandbox.h"
#include "store/setting.h"

/* Whether the name is of quire's own files in the home: quire.db and its
 * like, quire-run.log, and the folders. */
static int is_ours(const char *name)
{
	size_t len = strcspn(name, "/");

	if (strncmp(name, "quire", 5) == 0)
		return 1;
	for (size_t i = 0; layout_folders[i]; i++)
		if (strncmp(name, layout_folders[i], len) == 0 &&
			!layout_folders[i][len])
			return 1;
	return 0;
}

static int check_bind(const char *home, const char *word, struct err *e)
{
	size_t len = strlen(home);
	struct buf path = BUF_INIT;
	char *real;
	int ret = 0;

	buf_adds(&path, word);
	bindword_take_rw(&path);
	real = realpath(path.ptr, NULL);
	if (!real) {
		ret = err_sys(e, "bind: %s", path.ptr);
	} else if (strncmp(real, home, len) == 0 &&
		   (!real[len] ||
			   (real[len] == '/' && is_ours(real + len + 1)))) {
		errno = 0;
		ret = err_set(e, EXIT_USAGE,
			"bind: %s: is quire's own, and not for jobs", path.ptr);
	}
	int why = errno;
	free(real);
	buf_release(&path);
	errno = why;
	return ret;
}

/* The words of the setting, each of them for itself. */
static int read_binds(
	struct strv *binds, struct db *db, const struct run *r, struct err *e)
{
	char *words = setting_get(db, r->repo, "bind", e);
	const char *at = words;
	struct buf word = BUF_INIT;
	int found = words ? 1 : -1;

	while (found == 1 && (found = bindword_next(&at, &word, e)) == 1)
		strv_push(binds, word.ptr);
	buf_release(&word);
	free(words);
	errno = 0;
	return found;
}

static int add_binds(struct strv *argv, const struct home *h,
	const struct strv *binds, struct err *e)
{
	struct strv hide = STRV_INIT;
	char *home = realpath(h->path, NULL);
	int ret = 0;

	if (!home)
		return err_sys(e, "%s", h->path);
	for (size_t i = 0; ret == 0 && i < binds->n; i++) {
		ret = check_bind(home, binds->v[i], e);
		strv_push(argv, "--bind");
		strv_push(argv, binds->v[i]);
	}
	strv_push(&hide, h->path);
	if (ret == 0) {
		ret = sandbox_check_binds(binds, &hide, e);
		if (ret < 0 && e->status == EXIT_USAGE)
			errno = 0;
	}
	int why = errno;
	strv_release(&hide);
	free(home);
	errno = why;
	return ret;
}

int launch_sandbox(struct strv *argv, struct db *db, const struct home *h,
	const struct run *r, struct err *e)
{
	struct strv binds = STRV_INIT;
	int64_t network;

	if (!r->sandbox || strcmp(r->sandbox, "bwrap") != 0)
		return 0;
	strv_push(argv, "--sandbox");
	strv_push(argv, r->sandbox);
	strv_push(argv, "--hide");
	strv_push(argv, h->path);
	if (setting_get_int(db, r->repo, "network", &network, e) < 0) {
		errno = 0;
		return -1;
	}
	if (!network)
		strv_push(argv, "--no-network");
	int ret = read_binds(&binds, db, r, e);
	if (ret == 0)
		ret = add_binds(argv, h, &binds, e);
	int why = errno;
	strv_release(&binds);
	errno = why;
	return ret;
}
