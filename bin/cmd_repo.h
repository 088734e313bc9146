/*
 * cmd_repo.h - the parts of quire repo.
 */
#ifndef QUIRE_CMD_REPO_H
#define QUIRE_CMD_REPO_H

#include "cmd.h"

/*
 * Adopts every bare repository below dir under its path there, those that are
 * registered excepted, and prints a line for each. One that fails keeps no
 * other from being adopted: -1, EXIT_RED, with the last of them; the others
 * are printed.
 */
int repo_scan(struct cmd_ctx *c, const char *dir, int no_hook, struct err *e);

#endif
