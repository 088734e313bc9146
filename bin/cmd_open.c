/*
 * What the subcommands share: the home with its database, JSON output.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd.h"
#include "exec/layout.h"

int cmd_help(const char *text)
{
	fputs(text, stdout);
	fputs("\nSee quire(1).\n", stdout);
	return EXIT_DONE;
}

int cmd_bad_option(const char *name)
{
	fprintf(stderr, "%s: try '%s --help'\n", name, name);
	return EXIT_USAGE;
}

int cmd_open(struct cmd_ctx *c, enum db_mode mode, struct err *e)
{
	memset(c, 0, sizeof(*c));
	if (home_open(&c->home, NULL, e) < 0)
		return -1;
	if (db_open(&c->db, &c->home, mode, e) == 0)
		return 0;
	if (mode == DB_READ && e->status == EXIT_BUSY &&
		home_is_owner(&c->home) &&
		db_open(&c->db, &c->home, DB_WRITE, e) == 0)
		return 0;
	home_close(&c->home);
	return -1;
}

int cmd_open_owned(struct cmd_ctx *c, struct err *e)
{
	struct home h;
	int owner;

	/* before the database says no more than that it cannot be written */
	if (home_open(&h, NULL, e) < 0)
		return -1;
	owner = home_need_owner(&h, e);
	umask(layout_is_shared(&h) ? 007 : 027);
	home_close(&h);
	return owner < 0 ? -1 : cmd_open(c, DB_WRITE, e);
}

void cmd_close(struct cmd_ctx *c)
{
	db_close(&c->db);
	home_close(&c->home);
}

/* How often torn reads are tried again: each means that another wrote. */
#define READ_TRIES 100

int cmd_read(int (*fn)(struct cmd_ctx *c, void *arg, struct err *e), void *arg,
	struct err *e)
{
	for (int i = 0; i < READ_TRIES; i++) {
		struct cmd_ctx c;
		int failed, stale;

		if (cmd_open(&c, DB_READ, e) < 0)
			return -1;
		failed = db_begin_read(&c.db, e);
		if (!failed)
			failed = fn(&c, arg, e);
		db_rollback(&c.db);
		stale = db_read_stale(&c.db);
		cmd_close(&c);
		if (!stale)
			return failed;
	}
	return err_set(e, EXIT_BUSY, "quire.db: written to all the time");
}

int cmd_print_json(struct json_object *o)
{
	struct buf b = BUF_INIT;

	json_write(&b, o, 1);
	json_object_put(o);
	fwrite(b.ptr, 1, b.len, stdout);
	if (!b.len || b.ptr[b.len - 1] != '\n')
		putchar('\n');
	buf_release(&b);
	return EXIT_DONE;
}
