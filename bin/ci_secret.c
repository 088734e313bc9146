/*
 * The secrets that a person gives to a local run.
 */
#include "ci.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/name.h"
#include "base/near.h"

/* A file, or standard input: nobody's password need be in a file. */
static int open_value(const char *file, const char *name, struct err *e)
{
	if (strcmp(file, "-") == 0)
		return STDIN_FILENO;
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		err_sys(e, "secret '%s': %s", name, file);
		e->status = EXIT_USAGE;
	}
	return fd;
}

static int take(struct secret *s, const char *word, struct err *e)
{
	const char *equals = strchr(word, '=');

	if (!equals || !equals[1])
		return err_set(e, EXIT_USAGE, "'%s' is not NAME=FILE", word);
	char *name = mem_strndup(word, (size_t)(equals - word));
	s->name = name;
	if (name_check_secret(name, e) < 0) {
		e->status = EXIT_USAGE;
		return -1;
	}
	int fd = open_value(equals + 1, name, e);
	if (fd < 0)
		return -1;
	int ret = secret_take(fd, name, &s->value, e);
	if (fd != STDIN_FILENO)
		close(fd);
	return ret;
}

int ci_secrets(
	struct secret_source *from, const struct ci_options *o, struct err *e)
{
	struct secret *given =
		mem_zero((o->given_secrets.n + 1) * sizeof(*given));

	*from = (struct secret_source){ .given = given,
		.without = "give it with --secret NAME=FILE" };
	for (size_t i = 0; i < o->given_secrets.n; i++) {
		buf_init(&given[i].value);
		from->n_given++;
		if (take(&given[i], o->given_secrets.v[i], e) < 0)
			return err_prefix(e, "--secret");
	}
	return 0;
}

static int is_named(const struct pipeline *p, const char *name)
{
	for (size_t i = 0; i < p->n_jobs; i++)
		for (size_t k = 0; k < p->jobs[i].n_secrets; k++)
			if (strcmp(p->jobs[i].secrets[k].value, name) == 0)
				return 1;
	return 0;
}

static int say_unnamed(
	const struct pipeline *p, const char *name, struct err *e)
{
	const char **names = NULL;
	size_t n = 0;

	for (size_t i = 0; i < p->n_jobs; i++) {
		const struct job *job = &p->jobs[i];

		names = mem_resize(
			names, n + job->n_secrets + 1, sizeof(*names));
		for (size_t k = 0; k < job->n_secrets; k++)
			names[n++] = job->secrets[k].value;
	}
	const char *near = near_word(name, names, n);
	if (near)
		err_set(e, EXIT_USAGE,
			"no job names the secret '%s' (did you mean '%s'?)",
			name, near);
	else
		err_set(e, EXIT_USAGE, "no job names the secret '%s'", name);
	free(names);
	return err_prefix(e, "--secret");
}

int ci_secrets_check(const struct secret_source *from, const struct pipeline *p,
	struct err *e)
{
	for (size_t i = 0; i < from->n_given; i++)
		if (!is_named(p, from->given[i].name))
			return say_unnamed(p, from->given[i].name, e);
	return 0;
}

void ci_secrets_release(struct secret_source *from)
{
	struct secret *given = (struct secret *)(uintptr_t)from->given;

	for (size_t i = 0; i < from->n_given; i++) {
		free((char *)(uintptr_t)given[i].name);
		buf_release(&given[i].value);
	}
	free(given);
	*from = (struct secret_source){ 0 };
}
