/*
 * setting.h - settings: one table of keys, and their values in the database.
 *
 * A key is global, or global with a value per repository on top. The table
 * here is the only place that knows keys, types, defaults and scopes; `quire
 * config --list`, quire-config(5)'s test and the error messages use it.
 */
#ifndef QUIRE_STORE_SETTING_H
#define QUIRE_STORE_SETTING_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/db.h"

enum setting_type {
	SETTING_BOOL,
	SETTING_INT,
	SETTING_LIMIT, /* as that, or 0 */
	SETTING_SIZE, /* bytes, as 64M */
	SETTING_DECIMAL, /* thousandths, as 0.5 */
	SETTING_DURATION, /* ms, as 1h */
	SETTING_TEXT,
	SETTING_CHOICE, /* one word of choices */
	SETTING_ENV, /* NAME=VALUE words, see base/envword.h */
	SETTING_BIND, /* paths, see base/bindword.h */
	SETTING_PATH, /* directories split by colons, not empty */
	SETTING_URL, /* http:// or https://, or empty */
};

struct setting_key {
	const char *name;
	enum setting_type type;
	int per_repo; /* a repository may have its own value */
	const char *fallback; /* as text; "" where there is none */
	const char *choices; /* SETTING_CHOICE: words split by blanks */
	int64_t min, max; /* SETTING_INT, SETTING_LIMIT */
	const char *help; /* one line */
};

extern const struct setting_key setting_keys[];
extern const size_t setting_keys_count;

/* NULL, and e (if not NULL) with the near miss, EXIT_USAGE. */
const struct setting_key *setting_find(const char *name, struct err *e);

/*
 * The effective value, for the caller to free: the repository's, else the
 * global one, else the default. repo NULL or "" asks for the global one. NULL
 * on error. A stored value that is none of its type (from an older program, or
 * the sqlite3 shell) is an error that names the key, EXIT_INTERNAL; only text
 * may be any.
 */
char *setting_get(
	struct db *db, const char *repo, const char *key, struct err *e);
int setting_get_int(struct db *db, const char *repo, const char *key,
	int64_t *value, struct err *e); /* bool, int, size, duration */
/* Whether a stored value is one of its key's type: 0, or -1 as setting_get()
 * has it. */
int setting_check_stored(
	const struct setting_key *key, const char *value, struct err *e);
/* Whether what a run of the repository needs can be read: 0 or -1. */
int setting_check_run(struct db *db, const char *repo, struct err *e);

/* Whether a global value is stored: 1, 0, -1. */
int setting_is_stored(struct db *db, const char *key, struct err *e);

/* Checks the value against the key's type, then stores it; repo "" is the
 * global one. setting_unset goes back to what is below. EXIT_USAGE. */
int setting_set(struct db *db, const char *repo, const char *key,
	const char *value, struct err *e);
int setting_unset(
	struct db *db, const char *repo, const char *key, struct err *e);

/* Calls fn for every key with its effective value and where it comes from:
 * "default", "global" or the repository. */
int setting_each(struct db *db, const char *repo,
	void (*fn)(void *arg, const struct setting_key *key, const char *value,
		const char *origin),
	void *arg, struct err *e);

#endif
