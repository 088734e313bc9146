#include "store/audience.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/units.h"
#include "store/setting.h"

int audience_load(struct db *db, struct audience_list *l, struct err *e)
{
	sqlite3_stmt *s = db_prep(db,
		"SELECT repo, key, value FROM settings"
		" WHERE key IN ('private', 'publicRuns', 'readers')"
		" ORDER BY repo, key",
		e);
	int got;

	if (!s)
		return -1;
	while ((got = db_step(db, s, e)) > 0) {
		if (!(l->n & (l->n + 1)))
			l->rows = mem_resize(
				l->rows, 2 * (l->n + 1), sizeof(*l->rows));
		l->rows[l->n++] = (struct audience_row){
			.repo = db_col_dup(s, 0),
			.key = db_col_dup(s, 1),
			.value = db_col_dup(s, 2),
		};
	}
	sqlite3_finalize(s);
	if (got < 0)
		audience_release(l);
	return got;
}

void audience_release(struct audience_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->rows[i].repo);
		free(l->rows[i].key);
		free(l->rows[i].value);
	}
	free(l->rows);
	*l = (struct audience_list){ 0 };
}

/* The value stored for exactly this repository, or NULL. */
static const char *stored(
	const struct audience_list *l, const char *repo, const char *key)
{
	size_t lo = 0, hi = l->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int cmp = strcmp(repo, l->rows[mid].repo);

		if (!cmp)
			cmp = strcmp(key, l->rows[mid].key);
		if (!cmp)
			return l->rows[mid].value;
		if (cmp < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

static const char *effective(
	const struct audience_list *l, const char *repo, const char *key)
{
	const char *value = stored(l, repo, key);

	if (!value)
		value = stored(l, "", key);
	if (!value)
		value = setting_find(key, NULL)->fallback;
	return value;
}

static int effective_bool(const struct audience_list *l, const char *repo,
	const char *key, int *value, struct err *e)
{
	if (!units_bool(effective(l, repo, key), value, e))
		return 0;
	return err_prefix(e, "setting %s of %s", key, repo);
}

int audience_of(const struct audience_list *l, const char *repo,
	struct audience *a, struct err *e)
{
	a->readers = effective(l, repo, "readers");
	if (effective_bool(l, repo, "private", &a->is_private, e) < 0)
		return -1;
	return effective_bool(l, repo, "publicRuns", &a->public_runs, e);
}
