#include "base/pipeline_command.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* The argument as a shell would need it, for people to read and copy. */
static void add_quoted(struct buf *b, const char *arg)
{
	static const char safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "abcdefghijklmnopqrstuvwxyz"
				   "0123456789_./:=@%+,-";

	if (*arg && arg[strspn(arg, safe)] == '\0') {
		buf_adds(b, arg);
		return;
	}
	buf_addc(b, '\'');
	for (; *arg; arg++)
		if (*arg == '\'')
			buf_adds(b, "'\\''");
		else
			buf_addc(b, *arg);
	buf_addc(b, '\'');
}

int pipeline_parse_command(
	struct jsonwalk *at, struct json_object *o, struct command *to)
{
	struct buf text = BUF_INIT;

	if (json_object_is_type(o, json_type_array)) {
		if (jsonwalk_strings(at, o, &to->argv) < 0)
			return -1;
		if (!*to->argv.v[0])
			return jsonwalk_fail(at, "the program's name is empty");
		for (size_t i = 0; i < to->argv.n; i++) {
			if (i)
				buf_addc(&text, ' ');
			add_quoted(&text, to->argv.v[i]);
		}
		to->text = buf_detach(&text);
		return 0;
	}
	if (!json_object_is_type(o, json_type_string))
		return jsonwalk_fail(at,
			"%s, not a command (a string or a list of "
			"strings)",
			jsonwalk_kind(o));
	const char *s = jsonwalk_str(at, o);
	if (!s)
		return -1;
	if (!*s)
		return jsonwalk_fail(at, "an empty command");
	to->shell = 1;
	to->text = mem_strdup(s);
	strv_push(&to->argv, "sh");
	strv_push(&to->argv, "-c");
	strv_push(&to->argv, "--"); /* the command may begin with a '-' */
	strv_push(&to->argv, s);
	return 0;
}

void pipeline_release_command(struct command *c)
{
	strv_release(&c->argv);
	free(c->text);
}
