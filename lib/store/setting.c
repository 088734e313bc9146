#include "store/setting.h"

#include <stdlib.h>
#include <string.h>

#include "base/bindword.h"
#include "base/buf.h"
#include "base/envword.h"
#include "base/mem.h"
#include "base/units.h"

/* Whether value is one of the words in choices. */
static int is_choice(const char *choices, const char *value)
{
	size_t len = strlen(value);

	for (const char *p = choices; len && (p = strstr(p, value)); p++) {
		if ((p == choices || p[-1] == ' ') &&
			(p[len] == '\0' || p[len] == ' '))
			return 1;
	}
	return 0;
}

static int check_env(const char *words, struct err *e)
{
	struct buf name = BUF_INIT, value = BUF_INIT;
	int found;

	while ((found = envword_next(&words, &name, &value, e)) == 1)
		;
	buf_release(&name);
	buf_release(&value);
	return found;
}

static int check_binds(const char *words, struct err *e)
{
	struct buf word = BUF_INIT;
	int found;

	while ((found = bindword_next(&words, &word, e)) == 1)
		;
	buf_release(&word);
	return found;
}

/* A job whose PATH has an empty or a relative directory in it would start what
 * the pushed tree holds under the name of a tool. */
static int check_path(const char *path, struct err *e)
{
	for (const char *dir = path;; dir++) {
		if (*dir != '/')
			return err_set(e, EXIT_USAGE,
				"'%s' is no list of absolute directories "
				"split by colons",
				path);
		dir += strcspn(dir, ":");
		if (!*dir)
			return 0;
	}
}

/* What pages link to and pushers are told: no other scheme, and nothing that
 * would end the address. */
static int check_url(const char *url, struct err *e)
{
	size_t scheme = !strncmp(url, "http://", 7)    ? 7
			: !strncmp(url, "https://", 8) ? 8
						       : 0;
	const char *p = url + scheme;

	if (!*url)
		return 0;
	while (*p > ' ' && *p < 0x7f)
		p++;
	if (!scheme || p == url + scheme || *p)
		return err_set(e, EXIT_USAGE,
			"'%s' is no address, as https://ci.example.org", url);
	return 0;
}

/* The value as a number, where the type has one. */
static int parse(const struct setting_key *key, const char *value,
	int64_t *number, struct err *e)
{
	int on = 0, r = 0;

	*number = 0;
	switch (key->type) {
	case SETTING_BOOL:
		r = units_bool(value, &on, e);
		*number = on;
		break;
	case SETTING_INT:
		r = units_int(value, key->min, key->max, number, e);
		break;
	case SETTING_LIMIT:
		r = units_limit(value, key->min, key->max, number, e);
		break;
	case SETTING_SIZE:
		r = units_size(value, number, e);
		break;
	case SETTING_DECIMAL:
		r = units_decimal(value, number, e);
		break;
	case SETTING_DURATION:
		r = units_duration(value, number, e);
		break;
	case SETTING_CHOICE:
		if (!is_choice(key->choices, value))
			r = err_set(e, EXIT_USAGE, "'%s' is none of: %s", value,
				key->choices);
		break;
	case SETTING_TEXT:
		if (strchr(value, '\n'))
			r = err_set(e, EXIT_USAGE, "must be one line");
		break;
	case SETTING_ENV:
		r = check_env(value, e);
		break;
	case SETTING_BIND:
		r = check_binds(value, e);
		break;
	case SETTING_PATH:
		r = check_path(value, e);
		break;
	case SETTING_URL:
		r = check_url(value, e);
		break;
	}
	return r;
}

/* The stored value that counts, and whose it is; 1 found, 0 none, -1. */
static int read_stored(struct db *db, const char *repo, const char *key,
	char **value, int *of_repo, struct err *e)
{
	sqlite3_stmt *s = db_stmt(db,
		"SELECT value, repo <> '' FROM settings"
		" WHERE key = ?2 AND repo IN ('', ?1)"
		" ORDER BY repo DESC LIMIT 1",
		e);
	int r;

	if (!s)
		return -1;
	db_bind_text(s, 1, repo ? repo : "");
	db_bind_text(s, 2, key);
	r = db_step(db, s, e);
	if (r == 1) {
		*value = db_col_dup(s, 0);
		*of_repo = sqlite3_column_int(s, 1);
	}
	db_done(s);
	return r;
}

int setting_is_stored(struct db *db, const char *key, struct err *e)
{
	char *value = NULL;
	int of_repo;
	int found = read_stored(db, NULL, key, &value, &of_repo, e);

	free(value);
	return found;
}

/* The effective value and its origin: "default", "global" or repo. */
static int effective(struct db *db, const char *repo,
	const struct setting_key *key, char **value, const char **origin,
	struct err *e)
{
	int of_repo = 0;
	int r;

	*value = NULL;
	r = read_stored(
		db, key->per_repo ? repo : NULL, key->name, value, &of_repo, e);
	if (r < 0)
		return -1;
	if (!*value)
		*value = mem_strdup(key->fallback);
	*origin = r == 0 ? "default" : of_repo ? repo : "global";
	return 0;
}

/* A stored value, read; text is what it is. */
static int parse_stored(const struct setting_key *key, const char *value,
	int64_t *number, struct err *e)
{
	if (key->type == SETTING_TEXT || parse(key, value, number, e) == 0)
		return 0;
	err_prefix(e, "setting %s", key->name);
	e->status = EXIT_INTERNAL;
	return -1;
}

int setting_check_stored(
	const struct setting_key *key, const char *value, struct err *e)
{
	int64_t number;

	return parse_stored(key, value, &number, e);
}

static char *get(struct db *db, const char *repo, const struct setting_key *key,
	int64_t *number, struct err *e)
{
	const char *origin;
	char *value = NULL;

	if (effective(db, repo, key, &value, &origin, e) < 0)
		return NULL;
	if (parse_stored(key, value, number, e) < 0) {
		free(value);
		return NULL;
	}
	return value;
}

char *setting_get(
	struct db *db, const char *repo, const char *name, struct err *e)
{
	const struct setting_key *key = setting_find(name, e);
	int64_t number;

	return key ? get(db, repo, key, &number, e) : NULL;
}

int setting_get_int(struct db *db, const char *repo, const char *name,
	int64_t *value, struct err *e)
{
	const struct setting_key *key = setting_find(name, e);
	char *text = key ? get(db, repo, key, value, e) : NULL;

	free(text);
	return text ? 0 : -1;
}

int setting_check_run(struct db *db, const char *repo, struct err *e)
{
	static const char *const needed[] = { "bind", "env", "maxLog",
		"network", "path", "protectedRefs", "sandbox", "timeout",
		/* of jobs: see quire-config(5) */
		"maxArtifacts", "maxCpus", "maxFileSize", "maxFiles",
		"maxMemory", "maxProcesses", "maxWorkspace", "nice" };

	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++) {
		char *value = setting_get(db, repo, needed[i], e);

		if (!value)
			return -1;
		free(value);
	}
	return 0;
}

/* The key, if it may have a value at this level. */
static const struct setting_key *find_for(
	const char *repo, const char *name, struct err *e)
{
	const struct setting_key *key = setting_find(name, e);

	if (key && repo && *repo && !key->per_repo) {
		err_set(e, EXIT_USAGE,
			"%s: is global, a repository has no value of its own",
			name);
		return NULL;
	}
	return key;
}

int setting_set(struct db *db, const char *repo, const char *name,
	const char *value, struct err *e)
{
	const struct setting_key *key = find_for(repo, name, e);
	int64_t number;

	if (!key)
		return -1;
	if (parse(key, value, &number, e) < 0)
		return err_prefix(e, "%s", name);
	sqlite3_stmt *s = db_stmt(db,
		"INSERT INTO settings (repo, key, value) VALUES (?1, ?2, ?3)"
		" ON CONFLICT (repo, key) DO UPDATE SET value = excluded.value",
		e);
	if (!s)
		return -1;
	db_bind_text(s, 1, repo ? repo : "");
	db_bind_text(s, 2, name);
	db_bind_text(s, 3, value);
	return db_run(db, s, e);
}

int setting_unset(
	struct db *db, const char *repo, const char *name, struct err *e)
{
	const struct setting_key *key = find_for(repo, name, e);
	sqlite3_stmt *s =
		key ? db_stmt(db,
			      "DELETE FROM settings WHERE repo = ?1 AND key = ?2",
			      e)
		    : NULL;

	if (!s)
		return -1;
	db_bind_text(s, 1, repo ? repo : "");
	db_bind_text(s, 2, name);
	return db_run(db, s, e);
}

int setting_each(struct db *db, const char *repo,
	void (*fn)(void *arg, const struct setting_key *key, const char *value,
		const char *origin),
	void *arg, struct err *e)
{
	for (size_t i = 0; i < setting_keys_count; i++) {
		const char *origin;
		char *value;

		if (effective(db, repo, &setting_keys[i], &value, &origin, e) <
			0)
			return -1;
		fn(arg, &setting_keys[i], value, origin);
		free(value);
	}
	return 0;
}
