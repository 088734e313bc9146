/*
 * unitconf.h - what a configuration of systemd's comes to: a main file, and
 * drop-ins in a folder beside it, from several folders of which the first in
 * the order /etc, /run, /usr/local/lib, /usr/lib counts (systemd.unit(5),
 * systemd-system.conf(5)).
 *
 * It is read from the files, not asked for: so it is the same for services
 * that do not run yet, needs no bus, and can be tried below another root.
 */
#ifndef QUIRE_EXEC_UNITCONF_H
#define QUIRE_EXEC_UNITCONF_H

#include "base/buf.h"

/* Files in the order they are read: later assignments win. */
struct unitconf {
	struct strv files;
	int there; /* the main file is, and is not masked */
};

/*
 * folders: of the system, without the root, in order of precedence, ended by
 * NULL. name: of the main file in one of them; its drop-ins are NAME.d/<x>.conf
 * in all of them, and, where not NULL, those of type, which come before. A file
 * or drop-in that is empty or leads to /dev/null masks those of the same name.
 */
void unitconf_find(struct unitconf *c, const char *root,
	const char *const *folders, const char *name, const char *type);
void unitconf_release(struct unitconf *c);

/*
 * The value of key in [section], in b. 1, or 0 if it is assigned nowhere. With
 * list, assignments add words to those before, and an empty one takes all away;
 * else the last one counts.
 */
int unitconf_get(const struct unitconf *c, const char *section, const char *key,
	int list, struct buf *b);
/* The same of a line of the main file that is a comment, "#Key=value": by a
 * custom of systemd's own files that is the default it was built with. */
int unitconf_default(const struct unitconf *c, const char *section,
	const char *key, struct buf *b);

/* 1, 0, or -1: what systemd takes for a boolean. */
int unitconf_bool(const char *value);
/* Whether word is one of the words in list. */
int unitconf_has(const char *list, const char *word);

#endif
