/* Secrets: which files are read, and what a job gets of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "exec/secret.h"

static char top[] = "/tmp/quire-test-secret.XXXXXX";
static int dir = -1;

static int make_top(void **state)
{
	(void)state;
	if (!mkdtemp(top))
		return -1;
	dir = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 ? -1 : 0;
}

static int remove_top(void **state)
{
	(void)state;
	close(dir);
	return fs_remove_tree(AT_FDCWD, top);
}

static void put(const char *name, const void *data, size_t len, mode_t mode)
{
	int fd = openat(
		dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(fs_write_all(fd, data, len), 0);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void expect(
	const char *name, const char *data, size_t len, const char *wanted)
{
	struct buf value = BUF_INIT;
	struct err e;

	put(name, data, len, 0600);
	assert_int_equal(secret_read(dir, name, &value, &e), 0);
	assert_string_equal(value.ptr, wanted);
	buf_release(&value);
}

static void refused(const char *name, const char *why)
{
	struct buf value = BUF_INIT;
	struct err e;

	assert_int_equal(secret_read(dir, name, &value, &e), -1);
	if (!strstr(e.text, why))
		fail_msg("%s: %s", e.text, why);
	assert_int_equal(e.status, EXIT_RED);
	buf_release(&value);
}

static void one_newline_at_the_end_does_not_count(void **state)
{
	(void)state;
	expect("a", "value", 5, "value");
	expect("a", "value\n", 6, "value");
	expect("a", "two\nlines\n\n", 11, "two\nlines\n");
	expect("a", "", 0, "");
	expect("a", "\n", 1, "");
}

static void it_is_64_kib_at_most(void **state)
{
	char *data = malloc(SECRET_MAX_BYTES + 2);

	(void)state;
	assert_non_null(data);
	memset(data, 'x', SECRET_MAX_BYTES + 2);
	data[SECRET_MAX_BYTES] = '\n';
	put("big", data, SECRET_MAX_BYTES + 1, 0600);
	struct buf value = BUF_INIT;
	struct err e;
	assert_int_equal(secret_read(dir, "big", &value, &e), 0);
	assert_int_equal(value.len, SECRET_MAX_BYTES);
	buf_release(&value);
	data[SECRET_MAX_BYTES] = 'x';
	put("big", data, SECRET_MAX_BYTES + 1, 0600);
	refused("big", "secret 'big': larger than 65536 bytes, the limit");
	put("big", data, SECRET_MAX_BYTES + 2, 0600);
	refused("big", "larger than 65536 bytes");
	free(data);
}

static void only_a_private_file_is_read(void **state)
{
	(void)state;
	put("open", "some value", 10, 0640);
	refused("open", "secret 'open': others may read it (chmod 600 "
			"secrets/open in the home)");
	put("open", "some value", 10, 0604);
	refused("open", "chmod 600");
	put("file", "some value", 10, 0600);
	assert_int_equal(symlinkat("file", dir, "link"), 0);
	refused("link", "a symbolic link, which is not followed");
	assert_int_equal(mkdirat(dir, "folder", 0700), 0);
	refused("folder", "is no regular file");
	assert_int_equal(mkfifoat(dir, "fifo", 0600), 0);
	refused("fifo", "is no regular file");
	refused("none", "secret 'none': there is none (quire secret set none)");
	put("nul", "some\0value", 10, 0600);
	refused("nul", "holds a NUL");
}

static void a_job_gets_what_it_names(void **state)
{
	struct env_var named[] = { { "TOKEN", "file" }, { "PIN", "pin" },
		{ "OLD", "given" } };
	struct job job = { .secrets = named, .n_secrets = 3 };
	struct secret given = { "given", BUF_INIT };
	struct secret_source from = { &given, 1, top, NULL };
	struct strv env = STRV_INIT;
	struct redactor *r = NULL;
	struct buf note = BUF_INIT, text = BUF_INIT;
	struct err e;

	(void)state;
	put("file", "some value\n", 11, 0600);
	put("pin", "1234", 4, 0600);
	buf_adds(&given.value, "at hand already");
	strv_push(&env, "A=b");
	strv_push(&env, "OLD=x");
	assert_int_equal(secret_load(&from, &job, &env, &r, &note, &e), 0);
	assert_int_equal(env.n, 4);
	assert_string_equal(env.v[1], "OLD=at hand already");
	assert_string_equal(env.v[2], "TOKEN=some value");
	assert_string_equal(env.v[3], "PIN=1234");
	assert_string_equal(note.ptr, "quire: secret 'pin' has fewer than 8 "
				      "bytes: it is not redacted\n");
	redact_add(&text, r, "some value, at hand already", 27);
	assert_string_equal(text.ptr, "{{ file }}, {{ given }}");
	buf_release(&text);
	buf_release(&note);
	buf_release(&given.value);
	strv_release(&env);
	redactor_free(r);
}

static void a_job_that_names_none_has_none(void **state)
{
	struct job job = { 0 };
	struct strv env = STRV_INIT;
	struct redactor *r = NULL;
	struct buf note = BUF_INIT;
	struct err e;

	(void)state;
	assert_int_equal(secret_load(NULL, &job, &env, &r, &note, &e), 0);
	assert_null(r);
	assert_int_equal(env.n, 0);
}

static void a_job_that_can_not_have_one_gets_the_reason(void **state)
{
	struct env_var named = { "TOKEN", "none" };
	struct job job = { .secrets = &named, .n_secrets = 1 };
	struct secret_source from = { .dir = top };
	struct strv env = STRV_INIT;
	struct redactor *r = NULL;
	struct buf note = BUF_INIT;
	struct err e;

	(void)state;
	assert_int_equal(secret_load(&from, &job, &env, &r, &note, &e), -1);
	assert_non_null(strstr(e.text, "secret 'none': there is none"));
	redactor_free(r);
	from = (struct secret_source){ .without = "ask somebody" };
	assert_int_equal(secret_load(&from, &job, &env, &r, &note, &e), -1);
	assert_string_equal(e.text, "secret 'none': ask somebody");
	redactor_free(r);
	assert_int_equal(env.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_newline_at_the_end_does_not_count),
		cmocka_unit_test(it_is_64_kib_at_most),
		cmocka_unit_test(only_a_private_file_is_read),
		cmocka_unit_test(a_job_gets_what_it_names),
		cmocka_unit_test(a_job_that_names_none_has_none),
		cmocka_unit_test(a_job_that_can_not_have_one_gets_the_reason),
	};

	return cmocka_run_group_tests_name(
		"secret", tests, make_top, remove_top);
}
