/* Measuring what cannot all be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <unistd.h>

#include "base/clock.h"
#include "exec/usage.h"
#include "root.h"

#define SOMEBODY 65534

static int top = -1;

/* Nothing is closed to root. */
static int setup(void **state)
{
	if (root_make(state) < 0)
		return -1;
	if (geteuid() == 0 &&
		(chown(root, SOMEBODY, (gid_t)-1) < 0 || seteuid(SOMEBODY) < 0))
		return -1;
	top = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return top < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	close(top);
	if (geteuid() != getuid() && seteuid(getuid()) < 0)
		return -1;
	return root_remove(state);
}

/* A walk to its end. */
static int measure(struct usage *u, struct err *e)
{
	int found;

	do {
		u->next_ms = 1;
		found = usage_look(u, e);
	} while (found == 0 && u->walk.n);
	return found;
}

static void a_closed_folder_is_borne_for_a_while(void **state)
{
	struct usage u;
	struct err e;

	(void)state;
	put("/closed/file", "");
	put("/open/file", "");
	assert_int_equal(fchmodat(top, "closed", 0, 0), 0);
	usage_init(&u, 1 << 20, top, -1);
	assert_int_equal(measure(&u, &e), 0);
	assert_true(u.bytes >= (int64_t)3 * USAGE_ENTRY);
	assert_true(u.closed_ms > 0);

	u.closed_ms = clock_mono_ms() - USAGE_CLOSED_MS - 1;
	assert_int_equal(measure(&u, &e), -1);
	assert_string_equal(e.text, "the workspace can't be measured: a folder "
				    "in it is closed to its owner");
	usage_release(&u);
}

static void it_is_forgotten_when_it_is_open(void **state)
{
	struct usage u;
	struct err e;

	(void)state;
	put("/closed/file", "");
	assert_int_equal(fchmodat(top, "closed", 0, 0), 0);
	usage_init(&u, 1 << 20, top, -1);
	assert_int_equal(measure(&u, &e), 0);
	assert_int_equal(fchmodat(top, "closed", 0700, 0), 0);
	assert_int_equal(measure(&u, &e), 0);
	assert_int_equal(u.closed_ms, 0);
	usage_release(&u);
}

static void a_closed_top_is_no_way_out(void **state)
{
	struct usage u;
	struct err e;

	(void)state;
	put("/tmp/file", "");
	assert_int_equal(fchmodat(top, "tmp", 0, 0), 0);
	usage_init(&u, 1 << 20, top, top);
	assert_int_equal(measure(&u, &e), 0);
	u.closed_ms = clock_mono_ms() - USAGE_CLOSED_MS - 1;
	assert_int_equal(measure(&u, &e), -1);
	usage_release(&u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_closed_folder_is_borne_for_a_while, setup, teardown),
		cmocka_unit_test_setup_teardown(
			it_is_forgotten_when_it_is_open, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_closed_top_is_no_way_out, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
