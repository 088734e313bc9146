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
