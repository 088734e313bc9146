/*
 * quire backup - a copy of the database, while runs go on.
 */
#include <getopt.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd.h"
#include "store/backup.h"

static const char usage[] =
	"usage: quire backup FILE\n"
	"\n"
	"Copies the database to the new FILE, as it is at one moment, while runs\n"
	"go on. Logs are not in it: see BACKUP in quire(7), which also says how\n"
	"to put the copy back. Only for the home's owner.\n";

static int backup(const char *file, struct err *e)
{
	struct home home = { 0 };
	struct db db = { 0 };
	int failed;

	if (home_open(&home, NULL, e) < 0)
		return -1;
	/* before an upgrade is when a copy is wanted: of any version */
	failed = home_need_owner(&home, e) < 0 ||
		 db_open(&db, &home, DB_MIGRATE, e) < 0 ||
		 backup_write(&db, file, e) < 0;
	db_close(&db);
	home_close(&home);
	return failed ? -1 : 0;
}

int cmd_backup(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct err e;
	int opt;

	while ((opt = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (opt == 'h')
			return cmd_help(usage);
		return cmd_bad_option(argv[0]);
	}
	if (argc - optind != 1)
		return program_usage(argv[0], "to which file?");
	if (!*argv[optind] || !strcmp(argv[optind], "-"))
		return program_usage(
			argv[0], "'%s': a file is wanted", argv[optind]);
	umask(077);
	return backup(argv[optind], &e) < 0 ? program_fail(argv[0], &e)
					    : EXIT_DONE;
}
