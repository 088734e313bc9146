/*
 * quire artifacts - the files of a run that were kept.
 *
 * What was kept is in the run's events: path, size and job; the files are in
 * its directory. A path is somebody else's: it is opened, and made where it is
 * copied to, one folder at a time without following links, and made fit for a
 * terminal where it is shown.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/event.h"
#include "base/fs.h"
#include "base/glob.h"
#include "base/mem.h"
#include "cmd.h"
#include "exec/artifact.h"
#include "exec/rundir.h"
#include "store/run.h"

static const char usage[] =
	"usage: quire artifacts RUN [GLOB...] [--json]\n"
	"       quire artifacts RUN [GLOB...] -o DIR\n"
	"       quire artifacts RUN PATH -p\n"
	"\n"
	"Lists the files of a run that its jobs kept, or copies them. A GLOB is\n"
	"as in the pipeline: '*' does not match '/', '**' does. A RUN is foo#42,\n"
	"an id, or the start of an id that no other run has.\n"
	"\n"
	"  -o, --output DIR  copy them into DIR, which is made if it is missing;\n"
	"                    a file that is there already is not replaced\n"
	"  -p, --print       write the one file to standard output\n"
	"      --json        list them as JSON\n";

struct wanted {
	const char *typed;
	char **globs;
	size_t n_globs;
	const char *output;
	int print, json;

	int loaded;
	struct run run;
	struct rundir dir;
	struct artifact_list list;
};

static int load(struct cmd_ctx *c, void *arg, struct err *e)
{
	struct wanted *w = arg;

	if (w->loaded)
		run_release(&w->run);
	w->loaded = run_resolve(&c->db, w->typed, &w->run, e) > 0;
	return w->loaded ? 0 : -1;
}

/* Whether a glob stands for the file; marks it as used. */
static int is_wanted(const struct wanted *w, const char *path, char *used)
{
	int is = !w->n_globs;

	for (size_t i = 0; i < w->n_globs; i++) {
		/* a name with a [ in it can be typed as it is */
		if (strcmp(w->globs[i], path) != 0 &&
			!glob_path(w->globs[i], path))
			continue;
		is = 1;
		used[i] = 1;
	}
	return is;
}

/* Takes what is not wanted out of the list. */
static int choose(struct wanted *w, struct err *e)
{
	char *used = mem_zero(w->n_globs + 1);
	struct artifact_list *l = &w->list;
	size_t n = 0;
	int rc = 0;

	for (size_t i = 0; i < l->n; i++) {
		if (is_wanted(w, l->files[i].path, used))
			l->files[n++] = l->files[i];
		else
			artifact_release(&l->files[i]);
	}
	l->n = n;
	for (size_t i = 0; i < w->n_globs && rc == 0; i++)
		if (!used[i])
			rc = err_set(e, EXIT_USAGE, "%s: no artifact '%s'",
				w->typed, w->globs[i]);
	free(used);
	return rc;
}

static int list_json(const struct wanted *w)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < w->list.n; i++) {
		const struct artifact *a = &w->list.files[i];
		struct json_object *o = json_object_new_object();

		json_add_str(o, "path", a->path);
		json_add_int(o, "size", a->size);
		json_add_str(o, "job", a->job);
		json_object_array_add(list, o);
	}
	return cmd_print_json(list);
}

static int list_table(const struct wanted *w)
{
	struct table t;

	table_init(&t, "PATH SIZE JOB");
	for (size_t i = 0; i < w->list.n; i++) {
		const struct artifact *a = &w->list.files[i];

		table_add(&t, a->path);
		table_addf(&t, "%lld", (long long)a->size);
		table_add(&t, a->job);
	}
	table_print(&t);
	table_release(&t);
	return EXIT_DONE;
}

static int copy(int from, int to)
{
	char bytes[65536];
	ssize_t n;

	while ((n = read(from, bytes, sizeof(bytes))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || fs_write_all(to, bytes, (size_t)n) < 0)
			return -1;
	}
	return 0;
}

/* The kept file, opened. */
static int open_kept(
	const struct wanted *w, const struct artifact *a, struct err *e)
{
	int from = artifact_open(w->dir.fd, a->path);

	if (from < 0)
		err_sys(e, "%s: %s", w->typed, a->path);
	return from;
}

static int print_one(const struct wanted *w, struct err *e)
{
	if (w->list.n != 1)
		return err_set(e, EXIT_USAGE,
			"%s: --print is for one file, and these are %zu",
			w->typed, w->list.n);
	int from = open_kept(w, &w->list.files[0], e);
	if (from < 0)
		return -1;
	int rc = copy(from, STDOUT_FILENO) < 0
			 ? err_sys(e, "%s", w->list.files[0].path)
			 : 0;
	close(from);
	return rc;
}

static int extract(const struct wanted *w, int dir, const struct artifact *a,
	struct err *e)
{
	int from = open_kept(w, a, e), folder, to = -1, rc = -1;
	struct stat st;
	const char *name;

	if (from < 0)
		return -1;
	folder = artifact_make_folder(dir, a->path, 0777, &name);
	if (folder >= 0 && fstat(from, &st) == 0)
		to = openat(folder, name,
			O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
			st.st_mode & 0100 ? 0777 : 0666);
	if (to >= 0)
		rc = copy(from, to);
	if (to >= 0 && close(to) < 0)
		rc = -1;
	if (rc < 0)
		err_sys(e, "%s/%s", w->output, a->path);
	if (folder >= 0)
		close(folder);
	close(from);
	return rc;
}

static int extract_all(const struct wanted *w, struct err *e)
{
	int dir = -1, rc = 0;

	if (fs_mkdirs(AT_FDCWD, w->output, 0777) == 0)
		dir = open(w->output, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_sys(e, "%s", w->output);
	for (size_t i = 0; i < w->list.n && rc == 0; i++)
		rc = extract(w, dir, &w->list.files[i], e);
	close(dir);
	return rc;
}

static int do_it(struct wanted *w, struct err *e)
{
	if (artifact_list_read(&w->list, w->dir.fd, e) < 0 || choose(w, e) < 0)
		return -1;
	if (w->print)
		return print_one(w, e);
	if (w->output)
		return extract_all(w, e);
	return w->json ? list_json(w) : list_table(w);
}

static int run(struct wanted *w, const char *name)
{
	struct home home = { 0 };
	struct err e;
	int rc = -1;

	if (cmd_read(load, w, &e) == 0 && home_open(&home, NULL, &e) == 0) {
		if (rundir_open(&w->dir, &home, &w->run, &e) == 0) {
			rc = do_it(w, &e);
			rundir_close(&w->dir);
		} else if (errno == ENOENT && !w->n_globs && !w->output) {
			/* one that was never begun has none */
			rc = w->json ? list_json(w) : 0;
		}
		home_close(&home);
	}
	if (w->loaded)
		run_release(&w->run);
	artifact_list_release(&w->list);
	return rc < 0 ? program_fail(name, &e) : EXIT_DONE;
}

int cmd_artifacts(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "output", required_argument, NULL, 'o' },
		{ "print", no_argument, NULL, 'p' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct wanted w = { 0 };
	int c;

	while ((c = getopt_long(argc, argv, "ho:p", options, NULL)) != -1) {
		switch (c) {
		case 'j':
			w.json = 1;
			break;
		case 'o':
			w.output = optarg;
			break;
		case 'p':
			w.print = 1;
			break;
		case 'h':
			return cmd_help(usage);
		default:
			return cmd_bad_option(argv[0]);
		}
	}
	if (optind == argc)
		return program_usage(
			argv[0], "of which run? as foo#42, or an id");
	if (w.json + w.print + !!w.output > 1)
		return program_usage(
			argv[0], "one of --json, --output and --print");
	w.typed = argv[optind];
	w.globs = argv + optind + 1;
	w.n_globs = (size_t)(argc - optind - 1);
	return run(&w, argv[0]);
}
