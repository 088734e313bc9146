/*
 * root.h - for tests of what is read below another root than "/": a folder of
 * its own for each test. Included behind cmocka.h.
 */
#ifndef TESTS_ROOT_H
#define TESTS_ROOT_H

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/fs.h"

static char root[] = "/tmp/quire-test-root.XXXXXX";

/* Both are as cmocka has its setups and teardowns. */
static int root_make(void **state)
{
	(void)state;
	strcpy(root + sizeof(root) - 7, "XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int root_remove(void **state)
{
	(void)state;
	return fs_remove_tree(AT_FDCWD, root);
}

/* A file below the root, with its folders; name begins with a slash. */
static void put(const char *name, const char *text)
{
	struct buf path = BUF_INIT, folder = BUF_INIT;

	buf_addf(&path, "%s%s", root, name);
	buf_add(&folder, path.ptr, (size_t)(strrchr(path.ptr, '/') - path.ptr));
	assert_int_equal(fs_mkdirs(AT_FDCWD, folder.ptr, 0755), 0);
	assert_int_equal(
		fs_replace_file(AT_FDCWD, path.ptr, text, strlen(text), 0644),
		0);
	buf_release(&path);
	buf_release(&folder);
}

#endif
