/*
 * quire doctor - what is wrong with this home, and how to mend it.
 *
 * One line a finding: its kind, the check, what was found, and behind a
 * semicolon what mends it. What is checked is in lib/exec/doctor*.c.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/columns.h"
#include "base/utf8.h"
#include "cmd.h"
#include "cmd_term.h"
#include "exec/doctor.h"

static const char usage[] =
	"usage: quire doctor [--full] [--json]\n"
	"\n"
	"Looks at the home, its database, repositories and hooks, at cron and\n"
	"at the machine, and says what is wrong and how to mend it. Changes\n"
	"nothing. Exits 0 if all is well, 1 if something is wrong.\n"
	"\n"
	"  --full   read all of the database, however large it is\n"
	"  --json   as a JSON array\n";

#define GAP 2 /* columns between two */

static const char *colour_of(enum finding_kind kind)
{
	switch (kind) {
	case FINDING_OK:
		return term_state_colour("complete");
	case FINDING_WRONG:
		return term_state_colour("failed");
	case FINDING_NOTE:
	case FINDING_UNSEEN:
		return term_state_colour("active");
	}
	return "";
}

static void add_plain(struct buf *b, const char *text)
{
	utf8_add_plain(b, text, strlen(text), 0);
}

static void add_text(struct buf *b, const struct finding *f)
{
	add_plain(b, f->text);
	if (f->advice) {
		buf_adds(b, "; ");
		add_plain(b, f->advice);
	}
	if (f->command) {
		buf_adds(b, "; ");
		if (f->as) {
			buf_adds(b, "as ");
			add_plain(b, f->as);
			buf_addc(b, ' ');
		}
		buf_adds(b, "run: ");
		add_plain(b, f->command);
	}
}

static void print_lines(const struct doctor *d)
{
	size_t kinds = strlen(finding_kind_name(FINDING_UNSEEN)), checks = 0;
	int colours = term_colours();
	struct buf out = BUF_INIT;

	for (size_t i = 0; i < d->n; i++)
		if (strlen(d->findings[i].check) > checks)
			checks = strlen(d->findings[i].check);
	for (size_t i = 0; i < d->n; i++) {
		const struct finding *f = &d->findings[i];
		const char *kind = finding_kind_name(f->kind);

		term_paint(&out, kind, colour_of(f->kind), colours);
		columns_pad(&out, strlen(kind), kinds + GAP);
		buf_adds(&out, f->check);
		columns_pad(&out, strlen(f->check), checks + GAP);
		add_text(&out, f);
		buf_addc(&out, '\n');
	}
	fwrite(out.ptr, 1, out.len, stdout);
	buf_release(&out);
}

static void print_json(const struct doctor *d)
{
	struct json_object *all = json_object_new_array();

	for (size_t i = 0; i < d->n; i++) {
		const struct finding *f = &d->findings[i];
		struct json_object *o = json_object_new_object();

		json_add_str(o, "kind", finding_kind_name(f->kind));
		json_add_str(o, "check", f->check);
		json_add_str(o, "text", f->text);
		json_add_str(o, "advice", f->advice);
		json_add_str(o, "command", f->command);
		json_add_str(o, "as", f->as);
		json_object_array_add(all, o);
	}
	cmd_print_json(all);
}

static int status_of(const struct doctor *d)
{
	if (doctor_has(d, FINDING_WRONG))
		return EXIT_RED;
	return doctor_has(d, FINDING_UNSEEN) ? EXIT_BUSY : EXIT_DONE;
}

static int examine(int full, int json, const char *name)
{
	struct doctor d = { .version = QUIRE_VERSION, .full = full };
	struct home home;
	struct err e;
	int status;

	if (home_open(&home, NULL, &e) < 0)
		return program_fail(name, &e);
	d.home = &home;
	doctor_examine(&d);
	if (json)
		print_json(&d);
	else
		print_lines(&d);
	status = status_of(&d);
	doctor_release(&d);
	home_close(&home);
	return status;
}

int cmd_doctor(int argc, char **argv)
{
	static const struct option options[] = {
		{ "full", no_argument, NULL, 'f' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int full = 0, json = 0, c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'f':
			full = 1;
			break;
		case 'j':
			json = 1;
			break;
		case 'h':
			return cmd_help(usage);
		default:
			return cmd_bad_option(argv[0]);
		}
	}
	if (optind < argc)
		return program_usage(
			argv[0], "'%s': it takes no operands", argv[optind]);
	return examine(full, json, argv[0]);
}
