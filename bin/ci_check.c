/*
 * quire-ci check: whether a pipeline is right.
 */
#include "ci.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "exec/sendq.h"
#include "program.h"

extern char **environ;

/* Who names a file that can't be read has not asked about a pipeline. */
static int say_unread(const char *file, struct err *e)
{
	err_sys(e, "%s", file);
	e->status = EXIT_USAGE;
	return -1;
}

static int check_file(const char *file, struct err *e)
{
	struct pipeline p = { 0 };
	struct buf text = BUF_INIT;
	int is_stdin = strcmp(file, "-") == 0;
	int fd = is_stdin ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC);
	int ret;

	if (is_stdin)
		file = "standard input";
	if (fd < 0)
		ret = say_unread(file, e);
	else if (fs_read_all(fd, &text, PIPELINE_MAX_BYTES) < 0)
		ret = errno == EFBIG
			      ? err_set(e, EXIT_RED,
					"%s: larger than %d bytes, the limit",
					file, PIPELINE_MAX_BYTES)
			      : say_unread(file, e);
	else if ((ret = pipeline_parse(&p, text.ptr, text.len, e)) < 0)
		err_prefix(e, "%s", file);
	if (fd >= 0 && !is_stdin)
		close(fd);
	buf_release(&text);
	pipeline_release(&p);
	return ret;
}

static int check_tree(const struct ci_options *o, struct err *e)
{
	struct pipeline p = { 0 };
	/* nobody reads anything, so nobody can stop to */
	struct sendq out = { .fd = -1, .pending = BUF_INIT };
	struct executor x = {
		.run_dir_fd = -1, .scratch_fd = -1, .hangup_fd = -1, .out = &out
	};

	if (ci_enter_tree(&x.workspace_fd, e) < 0 || ci_local_env(o, e) < 0)
		return -1;
	x.env = environ;
	int ret = ci_load(&x, o, &p, e);
	pipeline_release(&p);
	sendq_close(&out);
	return ret;
}

int ci_check(const struct ci_options *o)
{
	struct err e;
	int ret = o->n_operands ? check_file(o->operands[0], &e)
				: check_tree(o, &e);

	return ret < 0 ? program_fail(CI_NAME, &e) : EXIT_DONE;
}
