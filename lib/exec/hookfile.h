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
 *	exec '/usr/bin/quire-push' "$0" "$@"
 *
 * An older hook is renamed to post-receive.before-quire beside it; unhook
 * renames it back.
 */
#ifndef QUIRE_EXEC_HOOKFILE_H
#define QUIRE_EXEC_HOOKFILE_H

#include "base/buf.h"
#include "base/err.h"

struct hookfile {
	char *home;
	char *chain; /* file name beside the hook, or NULL */
};
/* Reads the data lines. 1 ours, 0 it is another's hook or there is none, -1. */
int hookfile_read(struct hookfile *hf, const char *path, struct err *e);
void hookfile_release(struct hookfile *hf);

/*
 * Installs or refreshes; the text that is there already is left untouched.
 * Goes where `git rev-parse --git-path hooks` says; a core.hooksPath outside
 * git_dir (shared by several repositories) is refused, with the line to add
 * by hand. Sets receive.advertisePushOptions. *changed says if a file was
 * written. program is quire-push's path.
 */
int hookfile_install(const char *git_dir, const char *home, const char *program,
	int *changed, struct err *e);
/* Restores what was there before; another's hook is left alone. */
int hookfile_remove(const char *git_dir, int *changed, struct err *e);

#endif
