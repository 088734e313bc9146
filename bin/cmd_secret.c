/*
 * quire secret - the secrets that jobs may name.
 *
 * A value comes in by standard input and never goes out again: it is no
 * argument, which every user of the machine could read, and no listing has it.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/name.h"
#include "cmd.h"
#include "exec/secret.h"

static const char help[] =
	"usage: quire secret set NAME\n"
	"       quire secret list [--json]\n"
	"       quire secret rm NAME\n"
	"\n"
	"set   makes or replaces a secret: its value is standard input, without\n"
	"      one newline at its end; at a terminal it is asked for, unseen\n"
	"list  their names, sizes and dates\n"
	"rm    removes one\n"
	"\n"
	"A job gets the secrets that it names: see quire help pipeline.\n";

static int open_folder(const struct home *h, struct err *e)
{
	int dir = openat(h->fd, "secrets", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0 && errno == ENOENT)
		return err_set(e, EXIT_BUSY,
			"%s/secrets is missing (quire init makes it)", h->path);
	return dir < 0 ? err_sys(e, "%s/secrets", h->path) : dir;
}

/* Only the owner's files are read by the owner's jobs. */
static int open_owned(struct err *e)
{
	struct home h;
	int dir = -1;

	if (home_open(&h, NULL, e) < 0)
		return -1;
	if (home_need_owner(&h, e) == 0)
		dir = open_folder(&h, e);
	home_close(&h);
	return dir;
}

static volatile sig_atomic_t caught;

static void catch_signal(int sig)
{
	caught = sig;
}

/* With the terminal's echo off; it is on again however this ends. */
static int read_unseen(const char *name, struct termios *seen,
	struct buf *value, struct err *e)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT,
		SIGTSTP };
	const struct sigaction act = { .sa_handler = catch_signal };
	struct termios unseen = *seen;
	ssize_t n = 0;
	char byte;

	/* a read that is interrupted returns: no SA_RESTART */
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		if (sigaction(signals[i], &act, NULL) < 0)
			return err_sys(e, "signals");
	fprintf(stderr, "value of %s: ", name);
	unseen.c_lflag &= ~(tcflag_t)ECHO;
	if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &unseen) < 0)
		return err_sys(e, "the terminal");
	while (!caught && (n = read(STDIN_FILENO, &byte, 1)) == 1 &&
		byte != '\n' && value->len <= SECRET_MAX_BYTES)
		buf_addc(value, byte);
	int why = errno;
	if (tcsetattr(STDIN_FILENO, TCSAFLUSH, seen) < 0)
		return err_sys(e, "the terminal");
	fputc('\n', stderr);
	if (caught)
		return err_set(e, 128 + caught, "interrupted");
	errno = why;
	return n < 0 ? err_sys(e, "the terminal") : 0;
}

static int read_value(const char *name, struct buf *value, struct err *e)
{
	struct termios seen;
	int ret = tcgetattr(STDIN_FILENO, &seen) == 0
			  ? read_unseen(name, &seen, value, e)
			  : secret_take(STDIN_FILENO, name, value, e);

	if (ret == 0 && !value->len)
		return err_set(e, EXIT_USAGE,
			"the value is empty: it is read from standard input");
	if (ret < 0 && e->status == EXIT_RED)
		e->status = EXIT_USAGE;
	return ret;
}

static int set(const char *name, struct err *e)
{
	struct buf value = BUF_INIT;

	if (name_check_secret(name, e) < 0)
		return -1;
	int dir = open_owned(e);
	if (dir < 0)
		return -1;
	int ret = read_value(name, &value, e);
	size_t len = value.len;
	/* the one that is taken off when it is read */
	buf_addc(&value, '\n');
	if (ret == 0 &&
		(fs_replace_file(dir, name, value.ptr, value.len, 0600) < 0 ||
			fs_sync(dir, ".") < 0))
		ret = err_sys(e, "secrets/%s", name);
	if (ret == 0 && len < REDACT_MIN)
		fprintf(stderr,
			"quire secret: %s has fewer than %d bytes: logs will "
			"show it where it is printed\n",
			name, REDACT_MIN);
	buf_release(&value);
	close(dir);
	return ret;
}

static int rm(const char *name, struct err *e)
{
	if (name_check_secret(name, e) < 0)
		return -1;
	int dir = open_owned(e);
	if (dir < 0)
		return -1;
	int ret = 0;
	if (unlinkat(dir, name, 0) < 0)
		ret = errno == ENOENT
			      ? err_set(e, EXIT_USAGE, "no secret '%s'", name)
			      : err_sys(e, "secrets/%s", name);
	else if (fs_sync(dir, ".") < 0)
		ret = err_sys(e, "secrets");
	close(dir);
	return ret;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* In their order; what no job can name is none. */
static int read_names(int dir, struct strv *names, struct err *e)
{
	DIR *d = fs_opendir(dir, ".", O_NOFOLLOW);
	struct dirent *entry;

	if (!d)
		return err_sys(e, "secrets");
	while (errno = 0, (entry = readdir(d)))
		if (name_check_secret(entry->d_name, NULL) == 0)
			strv_push(names, entry->d_name);
	int failed = errno != 0 ? err_sys(e, "secrets") : 0;
	closedir(d);
	if (names->n)
		qsort(names->v, names->n, sizeof(*names->v), by_name);
	return failed;
}

static void add_row(struct table *t, struct json_object *array,
	const char *name, const struct stat *st)
{
	struct json_object *o = json_object_new_object();
	int64_t changed_ms = (int64_t)st->st_mtim.tv_sec * 1000 +
			     st->st_mtim.tv_nsec / 1000000;
	struct buf date = BUF_INIT;

	json_add_str(o, "name", name);
	json_add_int(o, "bytes", st->st_size);
	json_add_ms(o, "changed_at_ms", changed_ms);
	json_object_array_add(array, o);
	clock_add_rfc3339(&date, changed_ms);
	table_add(t, name);
	table_addf(t, "%lld", (long long)st->st_size);
	table_add(t, date.ptr);
	buf_release(&date);
}

static int list(int json, struct err *e)
{
	struct json_object *array = json_object_new_array();
	struct strv names = STRV_INIT;
	struct table t;
	struct stat st;
	struct home h;
	int dir = -1, ret = home_open(&h, NULL, e);

	table_init(&t, "SECRET BYTES CHANGED");
	if (ret == 0) {
		dir = open_folder(&h, e);
		ret = dir < 0 ? -1 : read_names(dir, &names, e);
		home_close(&h);
	}
	for (size_t i = 0; ret == 0 && i < names.n; i++)
		if (fstatat(dir, names.v[i], &st, AT_SYMLINK_NOFOLLOW) == 0)
			add_row(&t, array, names.v[i], &st);
		else if (errno != ENOENT) /* removed meanwhile */
			ret = err_sys(e, "secrets/%s", names.v[i]);
	if (ret == 0 && json) {
		cmd_print_json(array);
		array = NULL;
	} else if (ret == 0) {
		table_print(&t);
	}
	json_object_put(array);
	table_release(&t);
	strv_release(&names);
	if (dir >= 0)
		close(dir);
	return ret;
}

int cmd_secret(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int opt, json = 0, is_list;
	struct err e;

	while ((opt = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (opt == 'h')
			return cmd_help(help);
		if (opt != 'j')
			return cmd_bad_option(argv[0]);
		json = 1;
	}
	char **args = argv + optind;
	int n = argc - optind;
	if (!n)
		return program_usage(argv[0], "what? set, list or rm");
	is_list = !strcmp(args[0], "list");
	if (!is_list && strcmp(args[0], "set") != 0 &&
		strcmp(args[0], "rm") != 0)
		return program_usage(
			argv[0], "no action '%s' (set, list or rm)", args[0]);
	if (json && !is_list)
		return program_usage(argv[0], "--json goes with list");
	/* what is too much may be the value: it is not repeated */
	if (n != (is_list ? 1 : 2))
		return program_usage(argv[0],
			is_list ? "list takes no operand"
				: "one name; a value is read from standard "
				  "input");
	int ret = is_list		    ? list(json, &e)
		  : !strcmp(args[0], "set") ? set(args[1], &e)
					    : rm(args[1], &e);
	return ret < 0 ? program_fail(argv[0], &e) : EXIT_DONE;
}
