/*
 * cmd.h - the subcommands of quire, and what they share.
 *
 * A subcommand is int cmd_NAME(int argc, char **argv) in bin/cmd_NAME.c, and a
 * row in the table of quire.c. argv[0] is "quire NAME", so that getopt_long's
 * messages and program_fail(argv[0], &e) begin alike. It returns the exit
 * status; what it printed is flushed, and a failure of that noticed, by main.
 * --help prints the text that cmd_help() is given, to standard output.
 */
#ifndef QUIRE_CMD_H
#define QUIRE_CMD_H

#include "base/buf.h"
#include "base/err.h"
#include "base/home.h"
#include "base/json.h"
#include "program.h"
#include "store/db.h"

int cmd_init(int argc, char **argv);
int cmd_repo(int argc, char **argv);
int cmd_config(int argc, char **argv);
int cmd_secret(int argc, char **argv);
int cmd_runs(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_log(int argc, char **argv);
int cmd_wait(int argc, char **argv);
int cmd_artifacts(int argc, char **argv);
int cmd_cancel(int argc, char **argv);
int cmd_rerun(int argc, char **argv);
int cmd_start(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_backup(int argc, char **argv);
int cmd_seed(int argc, char **argv);

/* Prints a usage text, and which page has all; returns EXIT_DONE. */
int cmd_help(const char *text);

/* getopt_long(3) has said what is wrong with an option of "quire NAME": adds
 * "try 'quire NAME --help'"; returns EXIT_USAGE. */
int cmd_bad_option(const char *name);

/* The home ($QUIRE_HOME, which `quire --home DIR` sets) and its database. */
struct cmd_ctx {
	struct home home;
	struct db db;
};

/*
 * Opens both; on -1 neither is open. DB_READ as the owner falls back on
 * opening for writing where the database wants that first (an older version,
 * a WAL without its -shm).
 */
int cmd_open(struct cmd_ctx *c, enum db_mode mode, struct err *e);
/* Opens for writing what only the owner may change: settings, repositories;
 * anyone else is told whose home it is. Sets the umask as the home has it. */
int cmd_open_owned(struct cmd_ctx *c, struct err *e);
void cmd_close(struct cmd_ctx *c);

/*
 * Opens for reading, calls fn inside a read transaction, closes; and all of
 * that again if the database was written meanwhile in a way that may have torn
 * what fn read. So fn prints nothing: it fills arg from empty. fn returns 0,
 * or -1 with e filled; so does this.
 */
int cmd_read(int (*fn)(struct cmd_ctx *c, void *arg, struct err *e), void *arg,
	struct err *e);

/* Prints the object or array, indented, and puts it; returns EXIT_DONE. */
int cmd_print_json(struct json_object *o);

/*
 * A table for a terminal: cells are added row by row, any bytes; columns are
 * as wide as their widest cell. Nothing is printed for a table without rows.
 */
struct table {
	size_t columns;
	struct strv cells; /* made fit for a terminal; heads first */
};
/* heads: the names of the columns, split by blanks ("RUN STATE REF"). */
void table_init(struct table *t, const char *heads);
/* NULL and "" show as "-". */
void table_add(struct table *t, const char *text);
void table_addf(struct table *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void table_print(const struct table *t);
void table_release(struct table *t);

#endif
