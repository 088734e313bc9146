/*
 * pipeline_command.h - a command of a job, as its document has it.
 */
#ifndef QUIRE_BASE_PIPELINE_COMMAND_H
#define QUIRE_BASE_PIPELINE_COMMAND_H

#include "base/jsonwalk.h"
#include "base/pipeline.h"

/* A string is for the shell, a list of strings is a program and its arguments.
 * To be released after an error, too. */
int pipeline_parse_command(
	struct jsonwalk *at, struct json_object *o, struct command *to);
void pipeline_release_command(struct command *c);

#endif
