/*
 * pipeline_env.h - the variables of a pipeline or a job, as its document has
 * them.
 */
#ifndef QUIRE_BASE_PIPELINE_ENV_H
#define QUIRE_BASE_PIPELINE_ENV_H

#include "base/jsonwalk.h"
#include "base/pipeline.h"

/* An object of strings under names of variables, none of them one that quire
 * sets itself. To be released after an error, too. */
int pipeline_parse_env(struct jsonwalk *at, struct json_object *o,
	struct env_var **env, size_t *n);
/* The same; the values are names of secrets. */
int pipeline_parse_secrets(struct jsonwalk *at, struct json_object *o,
	struct env_var **secrets, size_t *n);
void pipeline_release_env(struct env_var *env, size_t n);

/*
 * "NAME=VALUE", for every job and over all that the pipeline and its jobs say.
 * -1 with EXIT_USAGE: it is not that, or a variable that quire sets itself.
 */
int pipeline_set_env(struct pipeline *p, const char *word, struct err *e);

#endif
