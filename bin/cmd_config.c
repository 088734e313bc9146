/*
 * quire config - reads and sets what the settings table knows.
 *
 * The first operand is a repository if it is not a known key.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "exec/kick.h"
#include "store/repo.h"
#include "store/run.h"
#include "store/setting.h"

static const char help[] =
	"usage: quire config [REPO] KEY\n"
	"       quire config [REPO] KEY VALUE\n"
	"       quire config --unset [REPO] KEY\n"
	"       quire config --list [--json] [REPO]\n"
	"\n"
	"Prints the effective value of a setting, or sets it: for all\n"
	"repositories, or for REPO. --unset goes back to what is below.\n"
	"A first operand that is no key is a repository.\n";

struct request {
	const char *typed; /* the repository as typed, or NULL */
	const char *key, *value; /* or NULL */
	int unset, json;
	struct buf text; /* the answer, when reading */
	struct json_object *array;
	struct table table;
};

/* A word that other programs want before a key. */
static int is_verb(const char *word)
{
	return !strcmp(word, "set") || !strcmp(word, "get") ||
	       !strcmp(word, "list") || !strcmp(word, "unset");
}

static int say_verb(const char *word, struct err *e)
{
	return err_set(e, EXIT_USAGE,
		"there is no word '%s' here: quire config KEY [VALUE], --unset "
		"KEY, or --list",
		word);
}

/* The full name into r, whose name is NULL where none was typed. */
static int find_repo(
	struct cmd_ctx *c, const char *typed, struct repo *r, struct err *e)
{
	memset(r, 0, sizeof(*r));
	if (!typed)
		return 0;
	int got = repo_resolve(&c->db, typed, r, e);
	if (got < 0 && e->status == EXIT_USAGE && is_verb(typed))
		return say_verb(typed, e);
	return got;
}

static int read_value(struct cmd_ctx *c, void *arg, struct err *e)
{
	struct request *q = arg;
	struct repo r;
	char *value;

	buf_reset(&q->text);
	if (find_repo(c, q->typed, &r, e) < 0)
		return -1;
	value = setting_get(&c->db, r.name, q->key, e);
	repo_release(&r);
	if (!value)
		return -1;
	buf_adds(&q->text, value);
	free(value);
	return 0;
}

static void list_key(void *arg, const struct setting_key *key,
	const char *value, const char *origin)
{
	static const char *const types[] = {
		[SETTING_BOOL] = "boolean",
		[SETTING_INT] = "number",
		[SETTING_SIZE] = "size",
		[SETTING_DECIMAL] = "decimal",
		[SETTING_DURATION] = "duration",
		[SETTING_TEXT] = "text",
		[SETTING_CHOICE] = "choice",
		[SETTING_ENV] = "variables",
		[SETTING_BIND] = "paths",
		[SETTING_PATH] = "path",
		[SETTING_URL] = "address",
	};
	struct request *q = arg;
	struct json_object *o = json_object_new_object();

	json_add_str(o, "key", key->name);
	json_add_str(o, "value", value);
	json_add_str(o, "origin", origin);
	json_add_str(o, "default", key->fallback);
	json_add_str(o, "type", types[key->type]);
	json_add_bool(o, "per_repo", key->per_repo);
	json_add_str(o, "help", key->help);
	json_object_array_add(q->array, o);

	table_add(&q->table, key->name);
	table_add(&q->table, origin);
	table_add(&q->table, value);
}

static int read_list(struct cmd_ctx *c, void *arg, struct err *e)
{
	struct request *q = arg;
	struct repo r;
	int failed;

	json_object_put(q->array);
	q->array = json_object_new_array();
	table_release(&q->table);
	table_init(&q->table, "KEY FROM VALUE");
	if (find_repo(c, q->typed, &r, e) < 0)
		return -1;
	failed = setting_each(&c->db, r.name, list_key, q, e);
	repo_release(&r);
	return failed;
}

static int list(struct request *q, struct err *e)
{
	int failed = cmd_read(read_list, q, e) < 0;

	if (!failed && q->json) {
		cmd_print_json(q->array);
		q->array = NULL;
	} else if (!failed) {
		table_print(&q->table);
	}
	json_object_put(q->array);
	table_release(&q->table);
	return failed ? -1 : 0;
}

static int get(struct request *q, struct err *e)
{
	int failed = cmd_read(read_value, q, e) < 0;

	if (!failed) {
		fwrite(q->text.ptr, 1, q->text.len, stdout);
		putchar('\n');
	}
	buf_release(&q->text);
	return failed ? -1 : 0;
}

/* A slot that is new stays idle while runs wait, unless somebody kicks. */
static int fill_slots(struct cmd_ctx *c, struct err *e)
{
	int64_t pending;

	if (run_count(&c->db, RUN_PENDING, &pending, e) < 0)
		return -1;
	return pending ? kick_now(&c->home, "", e) : 0;
}

static int change(const struct request *q, struct err *e)
{
	struct cmd_ctx c;
	struct repo r;
	int failed;

	if (cmd_open_owned(&c, e) < 0)
		return -1;
	failed = find_repo(&c, q->typed, &r, e) < 0;
	if (!failed) {
		const char *repo = r.name ? r.name : "";

		failed = q->unset ? setting_unset(&c.db, repo, q->key, e)
				  : setting_set(
					    &c.db, repo, q->key, q->value, e);
		repo_release(&r);
	}
	if (!failed && !strcmp(q->key, "maxRuns"))
		failed = fill_slots(&c, e) < 0;
	cmd_close(&c);
	return failed ? -1 : 0;
}

/* Neither a key first nor one behind it: the one that looks like a key. */
static int no_key(char **args, int n, struct err *e)
{
	struct err second;

	if (is_verb(args[0]))
		return say_verb(args[0], e);
	if (strchr(args[0], '='))
		return err_set(e, EXIT_USAGE,
			"'%s': the key and the value are two operands, without "
			"=",
			args[0]);
	setting_find(args[0], e);
	if (n > 1 && !strstr(e->text, "did you mean")) {
		setting_find(args[1], &second);
		*e = second;
	}
	return -1;
}

static int typed_is_repo(struct cmd_ctx *c, void *arg, struct err *e)
{
	struct request *q = arg;
	struct repo r;

	if (find_repo(c, q->typed, &r, e) < 0)
		return -1;
	repo_release(&r);
	return 0;
}

static int split(struct request *q, char **args, int n, struct err *e)
{
	if (!setting_find(args[0], NULL)) {
		q->typed = args[0];
		if (n == 1 && cmd_read(typed_is_repo, q, e) == 0)
			return err_set(e, EXIT_USAGE,
				"%s is a repository: name a key too, or quire "
				"config --list %s",
				args[0], args[0]);
		if (n == 1 || !setting_find(args[1], NULL))
			return no_key(args, n, e);
		q->typed = *args++;
		n--;
	}
	q->key = args[0];
	if (n > 1)
		q->value = args[1];
	if (n > 2)
		return err_set(e, EXIT_USAGE, "one key and one value at most");
	if (q->unset && q->value)
		return err_set(e, EXIT_USAGE, "--unset takes no value");
	return 0;
}

static int config(
	struct request *q, char **args, int n, int is_list, struct err *e)
{
	if (is_list && q->unset)
		return err_set(
			e, EXIT_USAGE, "--list and --unset: one of the two");
	if (is_list && n > 1)
		return err_set(
			e, EXIT_USAGE, "--list takes one repository at most");
	if (is_list) {
		q->typed = args[0];
		return list(q, e);
	}
	if (q->json)
		return err_set(e, EXIT_USAGE, "--json goes with --list");
	if (!n)
		return err_set(e, EXIT_USAGE, "name a key, or give --list");
	if (split(q, args, n, e) < 0)
		return -1;
	return q->value || q->unset ? change(q, e) : get(q, e);
}

int cmd_config(int argc, char **argv)
{
	static const struct option options[] = {
		{ "list", no_argument, NULL, 'l' },
		{ "json", no_argument, NULL, 'j' },
		{ "unset", no_argument, NULL, 'u' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct request q = { .text = BUF_INIT };
	int opt, is_list = 0;
	struct err e;

	while ((opt = getopt_long(argc, argv, "hl", options, NULL)) != -1) {
		switch (opt) {
		case 'l':
			is_list = 1;
			break;
		case 'j':
			q.json = 1;
			break;
		case 'u':
			q.unset = 1;
			break;
		case 'h':
			return cmd_help(help);
		default:
			if (optopt >= '0' && optopt <= '9')
				fputs("quire config: a value that begins with "
				      "a dash goes behind --\n",
					stderr);
			return cmd_bad_option(argv[0]);
		}
	}
	if (config(&q, argv + optind, argc - optind, is_list, &e) < 0)
		return program_fail(argv[0], &e);
	return EXIT_DONE;
}
