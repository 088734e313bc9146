/*
 * hookfile.h - the post-receive hook in a repository.
 *
 * The file is run by quire-push itself, and its lines are data: "# home DIR",
 * "# chain NAME" where a hook was there before. It is valid under both
 * readings, by its #! line and by sh:
 *
 *	#!/usr/bin/quire-push          (#!/bin/sh: white space, over 250 bytes)
 *	# quire hook 1
 *	# home /var/quire
 *	# chain post-receive.before-quire
 *	# set receive.advertisePushOptions
 *	exec '/usr/bin/quire-push' "$0" "$@"
 *
 * An older hook is renamed to post-receive.before-quire beside it; unhook
 * renames it back. "# set" is there if installing turned push options on, so
 * that unhook turns them off.
 */
#ifndef QUIRE_EXEC_HOOKFILE_H
#define QUIRE_EXEC_HOOKFILE_H

#include "base/buf.h"
#include "base/err.h"

#define HOOKFILE_NAME "post-receive"
#define HOOKFILE_CHAIN "post-receive.before-quire"
#define HOOKFILE_CONFIG "receive.advertisePushOptions"

struct hookfile {
	char *home;
	char *chain; /* file name beside the hook, or NULL */
	int config_set; /* installing it set HOOKFILE_CONFIG */
	char *program; /* as read: the path of quire-push; NULL: none there */
};
/*
 * Reads the data lines. 1 ours, 0 it is another's hook or there is none, -1:
 * it could not be read, or (EXIT_INTERNAL) it is ours and damaged.
 */
int hookfile_read(struct hookfile *hf, const char *path, struct err *e);
void hookfile_release(struct hookfile *hf);
/*
 * Appends the file's text. -1, EXIT_USAGE: a line break in the home's or the
 * program's path, which no line of data can hold.
 */
int hookfile_add_text(struct buf *b, const struct hookfile *hf,
	const char *program, struct err *e);

/* Appends the folder where git looks for the hooks of the repository, which
 * may not exist, or be elsewhere (core.hooksPath): 0 or -1. */
int hookfile_folder(const char *git_dir, struct buf *path, struct err *e);
/* Whether that folder, links resolved, is git_dir or below it: 1, 0, or -1 with
 * errno where it can't be told. A path that leads nowhere is not. */
int hookfile_is_inside(const char *path, const char *git_dir);

/*
 * Installs or refreshes; the text that is there already is left untouched.
 * Goes where `git rev-parse --git-path hooks` says; a core.hooksPath outside
 * git_dir (shared by several repositories) is refused, EXIT_USAGE, with the
 * line to add by hand. Turns receive.advertisePushOptions on where it is not
 * configured. *changed says if a file was written. program is quire-push's
 * path.
 *
 * Safe to be killed at any instruction and run again: at no time is there no
 * hook where one was. An old hook without execute bits, which git did not
 * run, is kept and does not run.
 */
int hookfile_install(const char *git_dir, const char *home, const char *program,
	int *changed, struct err *e);
/* Restores what was there before; another's hook is left alone. */
int hookfile_remove(const char *git_dir, int *changed, struct err *e);

#endif
