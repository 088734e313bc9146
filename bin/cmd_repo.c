/*
 * quire repo - the repositories that quire knows.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/git.h"
#include "base/mem.h"
#include "base/near.h"
#include "base/utf8.h"
#include "cmd_repo.h"
#include "exec/adopt.h"
#include "exec/forget.h"
#include "exec/hookfile.h"
#include "store/repo.h"

static const char help[] =
	"usage: quire repo new NAME\n"
	"       quire repo adopt [--no-hook] DIR [NAME]\n"
	"       quire repo adopt [--no-hook] --scan DIR\n"
	"       quire repo move [--no-hook] NAME DIR\n"
	"       quire repo list [--json]\n"
	"       quire repo hook NAME... | --all\n"
	"       quire repo unhook NAME\n"
	"       quire repo rm [--delete] [--purge] NAME\n"
	"\n"
	"new     makes the bare repository repos/NAME in the home and adopts it\n"
	"adopt   takes the bare repository DIR in where it stands: its hook is\n"
	"        installed, its refs count as seen; NAME is its last component\n"
	"move    NAME is at DIR now: its runs, settings and refs seen stay\n"
	"list    all of them, by name\n"
	"hook    installs or refreshes hooks\n"
	"unhook  restores the hook that was there before\n"
	"rm      unhooks and forgets; its runs stay on record\n"
	"\n"
	"  --scan      all bare repositories below DIR, each by its path there\n"
	"  --no-hook   for a mirror: quire-reconcile finds what has moved\n"
	"  --delete    the repository too, if it is below the home's repos/\n"
	"  --purge     its runs and their logs too\n";

struct options {
	int all, json, no_hook, delete, purge, scan;
};

static int fail(const struct err *e)
{
	return program_fail("quire repo", e);
}

static int repo_new(char **args, const struct options *o, struct err *e)
{
	struct buf name = BUF_INIT;
	struct cmd_ctx c;
	int failed;

	(void)o;
	if (cmd_open_owned(&c, e) < 0)
		return -1;
	failed = adopt_new(&c.db, &c.home, args[0], &name, e) < 0;
	if (!failed)
		printf("%s/repos/%s\n", c.home.path, name.ptr);
	buf_release(&name);
	cmd_close(&c);
	return failed ? -1 : 0;
}

static int adopt_below(char **args, const struct options *o, struct err *e)
{
	struct cmd_ctx c;
	int failed;

	if (args[1])
		return err_set(e, EXIT_USAGE,
			"adopt: with --scan each repository has the name of "
			"its path");
	if (cmd_open_owned(&c, e) < 0)
		return -1;
	failed = repo_scan(&c, args[0], o->no_hook, e) < 0;
	cmd_close(&c);
	return failed ? -1 : 0;
}

static int repo_adopt(char **args, const struct options *o, struct err *e)
{
	struct buf name = BUF_INIT, shown = BUF_INIT;
	struct cmd_ctx c;
	int failed;

	if (o->scan)
		return adopt_below(args, o, e);
	if (cmd_open_owned(&c, e) < 0)
		return -1;
	if (o->no_hook)
		failed = adopt_hookless(&c.db, &c.home, args[0], args[1], &name,
				 e) < 0;
	else
		failed = adopt_repo(&c.db, &c.home, args[0], args[1], &name,
				 e) < 0;
	if (!failed) {
		utf8_add_plain(&shown, name.ptr, name.len, 0);
		printf("adopted as %s\n", shown.ptr);
	}
	buf_release(&shown);
	buf_release(&name);
	cmd_close(&c);
	return failed ? -1 : 0;
}

static int repo_moved(char **args, const struct options *o, struct err *e)
{
	struct repo r = { 0 };
	struct cmd_ctx c;
	int failed;

	if (cmd_open_owned(&c, e) < 0)
		return -1;
	failed =
		repo_resolve(&c.db, args[0], &r, e) < 0 ||
		adopt_move(&c.db, &c.home, r.name, args[1], !o->no_hook, e) < 0;
	repo_release(&r);
	cmd_close(&c);
	return failed ? -1 : 0;
}

/* "quire", "other", "none", or "unknown" where git cannot say. */
static const char *hook_state(const char *git_dir)
{
	static const char *const argv[] = { "git", "rev-parse", "--git-path",
		"hooks/post-receive", NULL };
	struct buf out = BUF_INIT, path = BUF_INIT;
	const char *state = "unknown";
	struct hookfile hf = { 0 };
	struct err e;

	if (git_run(git_dir, argv, &out, 65536, &e) == 0 && out.len > 1) {
		int ours;

		buf_setlen(&out, out.len - 1);
		if (*out.ptr != '/')
			buf_addf(&path, "%s/", git_dir);
		buf_adds(&path, out.ptr);
		ours = hookfile_read(&hf, path.ptr, &e);
		if (ours > 0)
			state = "quire";
		else if (ours == 0)
			state = access(path.ptr, F_OK) ? "none" : "other";
	}
	hookfile_release(&hf);
	buf_release(&path);
	buf_release(&out);
	return state;
}

struct listing {
	struct repo *repos;
	size_t n;
};

static int read_list(struct cmd_ctx *c, void *arg, struct err *e)
{
	struct listing *l = arg;

	repo_list_release(l->repos, l->n);
	l->repos = NULL;
	l->n = 0;
	return repo_list(&c->db, &l->repos, &l->n, e);
}

static void print_json(const struct listing *l)
{
	struct json_object *all = json_object_new_array();

	for (size_t i = 0; i < l->n; i++) {
		const struct repo *r = &l->repos[i];
		struct json_object *o = json_object_new_object();

		json_add_str(o, "name", r->name);
		json_add_str(o, "git_dir", r->git_dir);
		json_add_str(o, "hook", hook_state(r->git_dir));
		json_add_bool(o, "baseline", r->baseline);
		json_add_ms(o, "missing_since_ms", r->missing_since_ms);
		json_object_array_add(all, o);
	}
	cmd_print_json(all);
}

static void print_table(const struct listing *l)
{
	struct table t;

	table_init(&t, "REPOSITORY HOOK FOLDER");
	for (size_t i = 0; i < l->n; i++) {
		table_add(&t, l->repos[i].name);
		table_add(&t, hook_state(l->repos[i].git_dir));
		table_add(&t, l->repos[i].git_dir);
	}
	table_print(&t);
	table_release(&t);
}

static int repo_show(char **args, const struct options *o, struct err *e)
{
	struct listing l = { 0 };

	(void)args;
	if (cmd_read(read_list, &l, e) < 0)
		return -1;
	if (o->json)
		print_json(&l);
	else
		print_table(&l);
	repo_list_release(l.repos, l.n);
	return 0;
}

static int hook_one(const struct cmd_ctx *c, const struct repo *r,
	const char *program, struct err *e)
{
	struct buf shown = BUF_INIT;
	int changed;

	if (hookfile_install(r->git_dir, c->home.path, program, &changed, e) <
		0)
		return err_prefix(e, "%s", r->name);
	utf8_add_plain(&shown, r->name, strlen(r->name), 0);
	printf("%s: hook %s\n", shown.ptr,
		changed ? "installed" : "is as it should be");
	buf_release(&shown);
	return 0;
}

/* One that fails does not keep the others from their hook. */
static int hook_all(const struct cmd_ctx *c, const char *program, struct err *e)
{
	struct repo *repos;
	struct err one;
	int failed = 0;
	size_t n;

	if (repo_list((struct db *)&c->db, &repos, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (hook_one(c, &repos[i], program, &one) == 0)
			continue;
		if (failed++)
			fail(e); /* the last one is the caller's to print */
		*e = one;
	}
	repo_list_release(repos, n);
	return failed ? -1 : 0;
}

static int hook_named(
	struct cmd_ctx *c, char **names, const char *program, struct err *e)
{
	for (; *names; names++) {
		struct repo r = { 0 };
		int failed;

		if (repo_resolve(&c->db, *names, &r, e) < 0)
			return -1;
		failed = hook_one(c, &r, program, e) < 0;
		repo_release(&r);
		if (failed)
			return -1;
	}
	return 0;
}

static int repo_hook(char **args, const struct options *o, struct err *e)
{
	struct buf program = BUF_INIT;
	struct cmd_ctx c;
	int failed;

	if (!o->all == !args[0])
		return err_set(e, EXIT_USAGE,
			"hook: name the repositories, or give --all");
	if (cmd_open_owned(&c, e) < 0)
		return -1;
	failed = fs_sibling(&program, "quire-push", e) < 0;
	if (!failed && o->all)
		failed = hook_all(&c, program.ptr, e) < 0;
	else if (!failed)
		failed = hook_named(&c, args, program.ptr, e) < 0;
	buf_release(&program);
	cmd_close(&c);
	return failed ? -1 : 0;
}

static int repo_unhook(char **args, const struct options *o, struct err *e)
{
	struct repo r = { 0 };
	int failed, changed;
	struct cmd_ctx c;

	(void)o;
	if (cmd_open_owned(&c, e) < 0)
		return -1;
	failed = repo_resolve(&c.db, args[0], &r, e) < 0 ||
		 hookfile_remove(r.git_dir, &changed, e) < 0;
	if (!failed)
		puts(changed ? "hook removed" : "there is no hook of quire's");
	repo_release(&r);
	cmd_close(&c);
	return failed ? -1 : 0;
}

static int repo_rm(char **args, const struct options *o, struct err *e)
{
	unsigned what = 0;
	struct buf done = BUF_INIT;
	struct repo r = { 0 };
	struct cmd_ctx c;
	int failed;

	if (o->delete)
		what |= FORGET_DELETE;
	if (o->purge)
		what |= FORGET_PURGE;
	if (cmd_open_owned(&c, e) < 0)
		return -1;
	failed = repo_resolve(&c.db, args[0], &r, e) < 0 ||
		 forget_repo(&c.db, &c.home, &r, what, &done, e) < 0;
	fwrite(done.ptr, 1, done.len, stdout);
	buf_release(&done);
	repo_release(&r);
	cmd_close(&c);
	return failed ? -1 : 0;
}

#define ACTIONS "new, adopt, move, list, rm, hook or unhook"

static const struct action {
	const char *name;
	int (*run)(char **args, const struct options *o, struct err *e);
	const char *operands; /* what they are */
	int min, max; /* how many of them */
	const char *options; /* the letters of long_options that it takes */
} actions[] = {
	{ "new", repo_new, "a NAME", 1, 1, "" },
	{ "adopt", repo_adopt, "a DIR, and a NAME or none", 1, 2, "ns" },
	{ "move", repo_moved, "a NAME and a DIR", 2, 2, "n" },
	{ "list", repo_show, "no operands", 0, 0, "j" },
	{ "rm", repo_rm, "a NAME", 1, 1, "dp" },
	{ "hook", repo_hook, "NAMEs", 0, 1 << 20, "a" },
	{ "unhook", repo_unhook, "a NAME", 1, 1, "" },
};
#define N_ACTIONS (sizeof(actions) / sizeof(*actions))

static const struct near_other others[] = {
	{ "add", "adopt" },
	{ "create", "new" },
	{ "delete", "rm" },
	{ "import", "adopt" },
	{ "init", "new" },
	{ "ls", "list" },
	{ "mv", "move" },
	{ "remove", "rm" },
	{ "rename", "move" },
};

static const struct option long_options[] = {
	{ "all", no_argument, NULL, 'a' },
	{ "json", no_argument, NULL, 'j' },
	{ "no-hook", no_argument, NULL, 'n' },
	{ "delete", no_argument, NULL, 'd' },
	{ "purge", no_argument, NULL, 'p' },
	{ "scan", no_argument, NULL, 's' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static const struct action *action_find(const char *name)
{
	for (size_t i = 0; i < N_ACTIONS; i++)
		if (!strcmp(actions[i].name, name))
			return &actions[i];
	return NULL;
}

static int action_unknown(const char *name)
{
	const char *words[N_ACTIONS], *near;

	for (size_t i = 0; i < N_ACTIONS; i++)
		words[i] = actions[i].name;
	near = near_other(name, others, sizeof(others) / sizeof(*others));
	if (!near)
		near = near_word(name, words, N_ACTIONS);
	return near ? program_usage("quire repo",
			      "no action '%s' (did you mean '%s'?)", name, near)
		    : program_usage("quire repo",
			      "no action '%s' (" ACTIONS ")", name);
}

/* given: the letters of the options there were */
static int run(const struct action *a, char **args, const char *given)
{
	struct options o = { !!strchr(given, 'a'), !!strchr(given, 'j'),
		!!strchr(given, 'n'), !!strchr(given, 'd'),
		!!strchr(given, 'p'), !!strchr(given, 's') };
	struct err e;
	int n = 0;

	for (; *given; given++)
		if (!strchr(a->options, *given))
			for (size_t i = 0; long_options[i].name; i++)
				if (long_options[i].val == *given)
					return program_usage("quire repo",
						"%s takes no --%s", a->name,
						long_options[i].name);
	while (args[n])
		n++;
	if (n < a->min || n > a->max)
		return program_usage(
			"quire repo", "%s takes %s", a->name, a->operands);
	return a->run(args, &o, &e) < 0 ? fail(&e) : EXIT_DONE;
}

int cmd_repo(int argc, char **argv)
{
	struct buf given = BUF_INIT;
	const struct action *a;
	int opt, status;

	while ((opt = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
		if (opt == '?' || opt == 'h') {
			buf_release(&given);
			return opt == 'h' ? cmd_help(help)
					  : cmd_bad_option("quire repo");
		}
		buf_addc(&given, (char)opt);
	}
	a = argv[optind] ? action_find(argv[optind]) : NULL;
	if (!argv[optind])
		status = program_usage("quire repo", "what? " ACTIONS);
	else if (!a)
		status = action_unknown(argv[optind]);
	else
		status = run(a, argv + optind + 1, given.ptr);
	buf_release(&given);
	return status;
}
