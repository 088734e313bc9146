#include "exec/objects.h"

#include <errno.h>
#include <git2/sys/repository.h>
#include <string.h>

#include "exec/fault.h"
#include "exec/workspace.h"

/*
 * A libgit2 built with mbed TLS reads and parses all certificates of the
 * system in git_libgit2_init(), 4 of the 7 ms that this process lasts. quire
 * speaks to nobody over TLS, so this takes the place of the library's function
 * and leaves the list of trusted authorities empty. Other builds of libgit2
 * don't call it.
 */
int mbedtls_x509_crt_parse_file(void *chain, const char *path);
int mbedtls_x509_crt_parse_file(void *chain, const char *path)
{
	(void)chain;
	(void)path;
	return 0;
}

int objects_error(struct err *e, const char *what)
{
	const git_error *last = git_error_last();
	const char *why =
		last && last->message ? last->message : "unknown error";
	int error = fault_in_text(why);

	if (!error && last && last->klass == GIT_ERROR_NOMEMORY)
		error = ENOMEM;
	err_set(e, error ? EXIT_BUSY : EXIT_INTERNAL, "%s: %s", what, why);
	errno = error;
	return -1;
}

int workspace_init(struct err *e)
{
	static const int levels[] = { GIT_CONFIG_LEVEL_SYSTEM,
		GIT_CONFIG_LEVEL_GLOBAL, GIT_CONFIG_LEVEL_XDG,
		GIT_CONFIG_LEVEL_PROGRAMDATA };

	if (git_libgit2_init() < 0)
		return objects_error(e, "libgit2");
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		if (git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, levels[i], "") <
			0)
			return objects_error(e, "libgit2");
	/* receive-pack has checked every object that it let in */
	if (git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 0) < 0)
		return objects_error(e, "libgit2");
	return 0;
}

void workspace_shutdown(void)
{
	git_libgit2_shutdown();
}

int objects_open(struct objects *o, const char *git_dir, struct err *e)
{
	git_config *config = NULL;
	int failed;

	*o = (struct objects){ NULL, NULL };
	/* unlike git_repository_open it takes another user's repository */
	failed = git_repository_open_bare(&o->repo, git_dir);
	if (!failed)
		failed = git_config_new(&config);
	if (!failed)
		failed = git_repository_set_config(o->repo, config);
	if (!failed)
		failed = git_repository_odb(&o->odb, o->repo);
	if (failed)
		objects_error(e, git_dir);
	int why = errno;
	git_config_free(config);
	if (failed)
		objects_close(o);
	errno = why;
	return failed ? -1 : 0;
}

void objects_close(struct objects *o)
{
	git_odb_free(o->odb);
	git_repository_free(o->repo);
	*o = (struct objects){ NULL, NULL };
}

git_odb_object *objects_read(struct objects *o, const git_oid *oid,
	git_object_t type, const char *what, struct err *e)
{
	git_odb_object *obj;

	errno = 0;
	if (git_odb_read(&obj, o->odb, oid)) {
		objects_error(e, what);
		return NULL;
	}
	if (git_odb_object_type(obj) != type) {
		err_set(e, EXIT_INTERNAL, "%s: is a %s and should be a %s",
			what, git_object_type2string(git_odb_object_type(obj)),
			git_object_type2string(type));
		git_odb_object_free(obj);
		errno = 0;
		return NULL;
	}
	return obj;
}

int objects_commit(struct objects *o, const char *hex, git_oid *commit,
	git_oid *tree, struct err *e)
{
	git_odb_object *obj;
	const char *data;

	if (strlen(hex) != GIT_OID_HEXSZ || git_oid_fromstr(commit, hex)) {
		errno = 0;
		return err_set(
			e, EXIT_INTERNAL, "'%s' is not a commit's id", hex);
	}
	obj = objects_read(o, commit, GIT_OBJECT_COMMIT, hex, e);
	if (!obj)
		return -1;
	data = git_odb_object_data(obj);
	int bad = git_odb_object_size(obj) < 5 + GIT_OID_HEXSZ + 1 ||
		  memcmp(data, "tree ", 5) != 0 ||
		  data[5 + GIT_OID_HEXSZ] != '\n' ||
		  git_oid_fromstrn(tree, data + 5, GIT_OID_HEXSZ) != 0;
	git_odb_object_free(obj);
	errno = 0;
	return bad ? err_set(e, EXIT_INTERNAL, "%s: a commit without a tree",
			     hex)
		   : 0;
}
