#include "base/git.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/gitenv.h"
#include "base/mem.h"

#define MAX_REFS_BYTES ((size_t)1 << 30)

/* Until end of file. -1 with errno, EFBIG past max. */
static int gather(int fd, struct buf *out, size_t max)
{
	char chunk[65536];
	size_t total = 0;

	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return (int)n;
		total += (size_t)n;
		if (total > max) {
			errno = EFBIG;
			return -1;
		}
		if (out)
			buf_add(out, chunk, (size_t)n);
	}
}

/* git's own message, the first line of it, as the reason. */
static void take_message(int log, const char *const *argv, struct err *e)
{
	static const char *const prefixes[] = { "fatal: ", "error: " };
	char line[768];
	ssize_t n = pread(log, line, sizeof(line) - 1, 0);
	char *text = line;

	line[n > 0 ? n : 0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	for (size_t i = 0; i < 2; i++)
		if (!strncmp(text, prefixes[i], strlen(prefixes[i])))
			text += strlen(prefixes[i]);
	err_set(e, EXIT_BUSY, "git %s: %s", argv[1] ? argv[1] : "",
		*text ? text : "failed without a word");
}

static int wait_for(pid_t pid, int *status)
{
	while (waitpid(pid, status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return 0;
}

static int run(enum gitenv_kind kind, const char *git_dir,
	const char *const *argv, struct buf *out, size_t max, struct err *e)
{
	int pipefd[2], log, status, result = -1;
	pid_t pid;

	if (pipe2(pipefd, O_CLOEXEC) < 0)
		return err_sys(e, "git");
	log = memfd_create("git", MFD_CLOEXEC);
	if (log < 0) {
		err_sys(e, "git");
		close(pipefd[1]);
		goto out;
	}
	const int fds[3] = { -1, pipefd[1], log };
	int rc = gitenv_spawn(&pid, argv, kind, git_dir, fds);
	close(pipefd[1]);
	if (rc) {
		errno = rc;
		err_sys(e, "git");
		goto out;
	}

	int gathered = gather(pipefd[0], out, max);
	int why = errno;
	if (gathered < 0)
		kill(pid, SIGKILL);
	if (wait_for(pid, &status) < 0) {
		err_sys(e, "git %s", argv[1]);
	} else if (gathered < 0) {
		errno = why;
		err_sys(e, "git %s", argv[1]);
	} else if (!WIFEXITED(status)) {
		err_set(e, EXIT_BUSY, "git %s: killed by signal %d", argv[1],
			WTERMSIG(status));
	} else {
		result = WEXITSTATUS(status);
		if (result)
			take_message(log, argv, e);
	}
out:
	close(pipefd[0]);
	if (log >= 0)
		close(log);
	return result;
}

int git_run(const char *git_dir, const char *const *argv, struct buf *out,
	size_t max, struct err *e)
{
	return run(GITENV_USER, git_dir, argv, out, max, e);
}

int git_run_lean(const char *git_dir, const char *const *argv, struct buf *out,
	size_t max, struct err *e)
{
	return run(GITENV_LEAN, git_dir, argv, out, max, e);
}

/* ENOENT: the repository is gone; EIO: something else is wrong with it. */
static int why_unreadable(const char *git_dir)
{
	struct stat st;
	char *parent, *slash;
	int there;

	if (!stat(git_dir, &st) || errno != ENOENT)
		return EIO;
	parent = mem_strdup(git_dir);
	slash = strrchr(parent, '/');
	if (slash)
		slash[slash == parent] = '\0';
	/* no parent: a disk that is not mounted, say */
	there = slash && !stat(parent, &st) && S_ISDIR(st.st_mode);
	free(parent);
	return there ? ENOENT : EIO;
}

/*
 * "<oid> SP SP <name>", or "<oid> SP <target> SP <name>" for a symbolic one.
 * 1 a ref, 0 a symbolic one, -1 neither (SHA-256, say).
 */
static int parse_ref(char *line, struct git_ref *ref)
{
	char *space = strchr(line, ' ');

	if (!space)
		return -1;
	*space = '\0';
	if (!oid_is_valid(line))
		return -1;
	if (space[1] != ' ')
		return 0;
	memcpy(ref->oid, line, OID_SIZE);
	ref->name = mem_strdup(space + 2);
	return 1;
}

/* Splits the listing, which is overwritten. */
static int parse_refs(
	char *line, struct git_ref **refs, size_t *n, struct err *e)
{
	size_t size = 0;
	char *rest;

	for (; *line; line = rest) {
		rest = line + strcspn(line, "\n");
		if (*rest)
			*rest++ = '\0';
		if (*n == size) {
			size = size ? size * 2 : 64;
			*refs = mem_resize(*refs, size, sizeof(**refs));
		}
		switch (parse_ref(line, *refs + *n)) {
		case 1:
			++*n;
			break;
		case -1:
			return err_set(e, EXIT_BUSY,
				"git for-each-ref: '%.80s' is no SHA-1", line);
		}
	}
	return 0;
}

static int list_refs(const char *git_dir, const char *const *argv,
	struct git_ref **refs, size_t *n, struct err *e)
{
	struct buf out = BUF_INIT;
	int rc = git_run(git_dir, argv, &out, MAX_REFS_BYTES, e);
	int why = EIO;

	*refs = NULL;
	*n = 0;
	if (rc) {
		why = why_unreadable(git_dir);
		if (why == ENOENT)
			err_set(e, EXIT_BUSY, "the repository is gone");
		rc = -1;
	} else if (parse_refs(out.ptr, refs, n, e) < 0) {
		git_refs_release(*refs, *n);
		rc = -1;
	}
	buf_release(&out);
	if (rc < 0) {
		err_prefix(e, "%s", git_dir);
		errno = why;
	}
	return rc;
}

#define LISTING "--format=%(objectname) %(symref) %(refname)"

int git_refs(
	const char *git_dir, struct git_ref **refs, size_t *n, struct err *e)
{
	static const char *const argv[] = { "git", "for-each-ref", LISTING,
		NULL };

	return list_refs(git_dir, argv, refs, n, e);
}

int git_refs_named(const char *git_dir, const char *const *names,
	size_t n_names, struct git_ref **refs, size_t *n, struct err *e)
{
	const char **argv = mem_zero((n_names + 5) * sizeof(*argv));
	size_t kept = 0;
	int rc;

	argv[0] = "git";
	argv[1] = "for-each-ref";
	argv[2] = LISTING;
	argv[3] = "--";
	memcpy(argv + 4, names, n_names * sizeof(*names));
	rc = list_refs(git_dir, argv, refs, n, e);
	free(argv);
	if (rc < 0)
		return rc;
	/* a name is also a pattern for all that is below it */
	for (size_t i = 0; i < *n; i++) {
		size_t k = 0;

		while (k < n_names && strcmp(names[k], (*refs)[i].name))
			k++;
		if (k < n_names)
			(*refs)[kept++] = (*refs)[i];
		else
			free((*refs)[i].name);
	}
	*n = kept;
	return 0;
}

void git_refs_release(struct git_ref *refs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(refs[i].name);
	free(refs);
}
