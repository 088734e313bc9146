/*
 * pipeline.h - a pipeline: its jobs, what they need, and whether it is right.
 *
 * The format is quire-pipeline(5). Parsing is strict; an error of JSON syntax
 * names line and column, any other the path in the document
 * ("jobs[2].needs[0]: no job 'biuld' (did you mean 'build'?)").
 */
#ifndef QUIRE_BASE_PIPELINE_H
#define QUIRE_BASE_PIPELINE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define PIPELINE_MAX_BYTES (1 << 20) /* a larger document is refused */
#define PIPELINE_MAX_PARALLEL 64

struct command {
	int shell; /* a string: argv is { "sh", "-c", "--", text } */
	struct strv argv;
	char *text; /* for people: as written, argv joined and quoted */
};

struct env_var {
	char *name, *value;
};

/* Lists are NULL-free; given tells an absent key apart. */
struct when {
	int has_branch, has_tag, has_paths;
	struct strv branch, tag, paths; /* globs */
};

/* What a job asks to be kept to; 0: no more than the operator does, whose
 * limits hold in any case. */
struct resources {
	int64_t memory_bytes;
	int64_t cpus_milli; /* 500: half of one */
	int64_t processes;
};

struct job {
	char *id;
	struct command *run;
	size_t n_run;
	size_t *needs; /* indexes into pipeline.jobs */
	size_t n_needs;
	struct when when;
	struct env_var *env;
	size_t n_env;
	struct env_var *secrets; /* the value is the name of a secret */
	size_t n_secrets;
	struct strv artifacts; /* globs below the workspace */
	struct resources resources;
	int64_t timeout_ms; /* 0: none of its own */
	int allow_failure;
};

struct pipeline {
	int64_t timeout_ms; /* 0: none of its own */
	int parallel; /* jobs at a time, from 1 */
	int history; /* the workspace is to have a .git */
	struct env_var *env;
	size_t n_env;
	struct job *jobs; /* in file order */
	size_t n_jobs;
};

/* Zero the struct before. 0, or -1 with the one-line reason in e and nothing
 * to release. Checks everything, the graph included. */
int pipeline_parse(
	struct pipeline *p, const char *text, size_t len, struct err *e);
void pipeline_release(struct pipeline *p);
/* Appends a time limit as a pipeline has it: "10m", "1h30m", "1s500ms". */
void pipeline_add_timeout(struct buf *b, int64_t ms);

/*
 * Where the tree whose top is the open folder dirfd has its pipeline: 0, in
 * .quire/ci.json; 1, it is printed by .quire/ci, an executable regular file;
 * -1, it has none (EXIT_USAGE), both, or .quire is no folder. No symbolic link
 * is followed.
 */
int pipeline_is_program(int dirfd, struct err *e);
/* Reads and parses .quire/ci.json, a regular file, not a link. -1: e begins
 * with its name. */
int pipeline_load(struct pipeline *p, int dirfd, struct err *e);

/*
 * Whether `when` lets the job run. branch and tag: the one that the run is
 * for, or NULL; changed: paths ended by NUL, changed_len bytes in all, or NULL
 * where there is nothing to compare with: then every `paths` matches. If not,
 * the reason ("branch is 'dev', not main") is appended to why.
 */
int when_matches(const struct when *w, const char *branch, const char *tag,
	const char *changed, size_t changed_len, struct buf *why);

#endif
