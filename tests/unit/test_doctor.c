/* What quire doctor says of systemd, below a root of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "exec/doctor.h"
#include "root.h"

static struct home home;
static struct doctor doctor;

/* A machine where systemd runs. */
static int enter(void **state)
{
	struct err e;

	if (root_make(state) < 0 || home_open(&home, root, &e) < 0)
		return -1;
	doctor = (struct doctor){ .home = &home, .version = "1" };
	put("/run/systemd/system/x", "");
	return 0;
}

static int leave(void **state)
{
	doctor_release(&doctor);
	home_close(&home);
	return root_remove(state);
}

static void look(void)
{
	doctor_release(&doctor);
	doctor.n = 0;
	doctor_systemd(&doctor, root, "quire");
}

static const struct finding *the_only(void)
{
	look();
	if (doctor.n != 1)
		fail_msg("%zu findings", doctor.n);
	return &doctor.findings[0];
}

static void without_systemd_nothing_is_said(void **state)
{
	struct buf path = BUF_INIT;

	(void)state;
	put("/etc/systemd/logind.conf", "[Login]\nKillUserProcesses=yes\n");
	put("/usr/lib/systemd/system/lighttpd.service", "[Service]\n");
	buf_addf(&path, "%s/run", root);
	assert_int_equal(fs_remove_tree(AT_FDCWD, path.ptr), 0);
	look();
	assert_int_equal(doctor.n, 0);
	buf_release(&path);
}

static void a_logout_that_kills_is_wrong(void **state)
{
	(void)state;
	assert_int_equal(the_only()->kind, FINDING_OK);
	put("/usr/lib/systemd/logind.conf", "[Login]\n#KillUserProcesses=no\n");
	assert_int_equal(the_only()->kind, FINDING_OK);
	put("/etc/systemd/logind.conf", "[Login]\nKillUserProcesses=yes\n");
	assert_int_equal(the_only()->kind, FINDING_WRONG);
	assert_non_null(strstr(the_only()->text, "when quire logs out"));
	assert_non_null(
		strstr(the_only()->command, "KillExcludeUsers=root quire"));
	put("/etc/systemd/logind.conf.d/a.conf",
		"[Login]\nKillUserProcesses=no\n");
	assert_int_equal(the_only()->kind, FINDING_OK);
}

static void the_default_it_was_built_with_counts(void **state)
{
	(void)state;
	put("/usr/lib/systemd/logind.conf",
		"[Login]\n#KillUserProcesses=yes\n");
	assert_int_equal(the_only()->kind, FINDING_WRONG);
}

static void lingering_spares_no_session(void **state)
{
	(void)state;
	put("/etc/systemd/logind.conf", "[Login]\nKillUserProcesses=yes\n");
	put("/var/lib/systemd/linger/quire", "");
	assert_int_equal(the_only()->kind, FINDING_WRONG);
}

static void users_can_be_spared(void **state)
{
	(void)state;
	put("/etc/systemd/logind.conf", "[Login]\nKillUserProcesses=yes\n");
	put("/etc/systemd/logind.conf.d/a.conf",
		"[Login]\nKillExcludeUsers=root quire\n");
	assert_int_equal(the_only()->kind, FINDING_OK);
	put("/etc/systemd/logind.conf.d/a.conf",
		"[Login]\nKillOnlyUsers=ann\n");
	assert_int_equal(the_only()->kind, FINDING_OK);
	put("/etc/systemd/logind.conf.d/a.conf",
		"[Login]\nKillOnlyUsers=ann quire\n");
	assert_int_equal(the_only()->kind, FINDING_WRONG);
}

/* The part of it that writes, in a shell of its own, below the root. */
static void the_command_that_is_printed_mends_it(void **state)
{
	struct buf command = BUF_INIT;
	const char *end;

	(void)state;
	put("/etc/systemd/logind.conf", "[Login]\nKillUserProcesses=yes\n");
	end = strstr(the_only()->command, " && systemctl ");
	assert_non_null(end);
	buf_add(&command, doctor.findings[0].command,
		(size_t)(end - doctor.findings[0].command));
	assert_int_equal(system(command.ptr), 0); /* NOLINT: is our own */
	assert_int_equal(the_only()->kind, FINDING_OK);
	buf_release(&command);
}

static void a_service_that_ends_its_children_is_noted(void **state)
{
	(void)state;
	put("/lib/systemd/system/lighttpd.service", "[Service]\nExecStart=x\n");
	look();
	assert_int_equal(doctor.n, 2);
	assert_int_equal(doctor.findings[1].kind, FINDING_NOTE);
	assert_non_null(strstr(doctor.findings[1].text,
		"lighttpd.service has KillMode=control-group"));
	assert_non_null(strstr(doctor.findings[1].text, "its restart"));
	put("/etc/systemd/system/lighttpd.service.d/override.conf",
		"[Service]\nKillMode=process\n");
	look();
	assert_int_equal(doctor.n, 1);
}

static void a_service_of_each_connection_as_well(void **state)
{
	(void)state;
	put("/lib/systemd/system/ssh.service", "[Service]\nKillMode=process\n");
	put("/lib/systemd/system/ssh@.service", "[Service]\n");
	look();
	assert_int_equal(doctor.n, 2);
	assert_non_null(strstr(doctor.findings[1].text, "ssh@.service has "));
	assert_non_null(
		strstr(doctor.findings[1].text, "the end of a connection"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, enter, leave)
	const struct CMUnitTest tests[] = {
		T(without_systemd_nothing_is_said),
		T(a_logout_that_kills_is_wrong),
		T(the_default_it_was_built_with_counts),
		T(lingering_spares_no_session),
		T(users_can_be_spared),
		T(the_command_that_is_printed_mends_it),
		T(a_service_that_ends_its_children_is_noted),
		T(a_service_of_each_connection_as_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
