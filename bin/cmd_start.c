/*
 * quire start - a run without a push: for cron, for a first run, for another
 * repository's job.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/git.h"
#include "base/near.h"
#include "cmd.h"
#include "cmd_queue.h"
#include "store/repo.h"

static const char usage[] =
	"usage: quire start REPO [REF]\n"
	"\n"
	"Queues a run of the commit at a branch, a tag or a full ref, without a\n"
	"push; by default at the branch that HEAD of the repository names. It\n"
	"supersedes nothing, and is superseded when the ref moves on.\n";

/*
 * The full name of what a ref is an alias of ("HEAD", a symbolic branch). 1 it
 * is symbolic, 0 it is not, -1.
 */
static int symbolic(
	const char *git_dir, const char *ref, struct buf *target, struct err *e)
{
	const char *argv[] = { "git", "symbolic-ref", "-q", ref, NULL };
	int status;

	buf_reset(target);
	status = git_run(git_dir, argv, target, 1 << 16, e);
	if (status < 0)
		return -1;
	if (status > 1) { /* 1 says that it is not symbolic */
		if (e)
			e->status = EXIT_BUSY;
		return err_prefix(e, "%s", git_dir);
	}
	while (target->len && target->ptr[target->len - 1] == '\n')
		buf_setlen(target, target->len - 1);
	return status == 0 && target->len;
}

/* Fills in full and c: 1 a commit is there, 0 not, -1. */
static int try_ref(const char *git_dir, const char *prefix, const char *ref,
	struct buf *full, struct queue_commit *c, struct err *e)
{
	struct buf target = BUF_INIT;
	int found;

	buf_reset(full);
	buf_addf(full, "%s%s", prefix, ref);
	found = queue_find_commit(git_dir, full->ptr, c, e);
	if (found > 0 && symbolic(git_dir, full->ptr, &target, e) > 0) {
		buf_reset(full);
		buf_adds(full, target.ptr);
	}
	buf_release(&target);
	return found;
}

/* A ref that is not there, with what may have been meant. */
static int say_absent(const struct repo *repo, const char *typed, struct err *e)
{
	const char *argv[] = { "git", "for-each-ref",
		"--format=%(refname:short)", "refs/heads/", "refs/tags/",
		NULL };
	struct buf out = BUF_INIT;
	struct strv names = STRV_INIT;
	const char *near = NULL;

	int status = git_run(repo->git_dir, argv, &out, 1 << 20, e);

	if (status == 0) {
		for (char *at = out.ptr, *end; (end = strchr(at, '\n'));
			at = end + 1)
			strv_pushf(&names, "%.*s", (int)(end - at), at);
		near = near_word(typed, (const char *const *)names.v, names.n);
	}
	if (status > 0)
		err_set(e, EXIT_BUSY, "%s: git for-each-ref: status %d",
			repo->git_dir, status);
	else if (near)
		err_set(e, EXIT_USAGE,
			"%s: no commit at '%s' (did you mean '%s'?)",
			repo->name, typed, near);
	else if (status == 0)
		err_set(e, EXIT_USAGE,
			"%s: no commit at '%s': give a branch, a tag or a full "
			"ref",
			repo->name, typed);
	strv_release(&names);
	buf_release(&out);
	return -1;
}

#define BRANCHES_NAMED 5

/* HEAD names a branch that nobody has pushed: what could be meant instead. */
static int say_unborn(const struct repo *repo, const char *head, struct err *e)
{
	const char *argv[] = { "git", "for-each-ref",
		"--format=%(refname:short)", "refs/heads/", NULL };
	struct buf out = BUF_INIT, names = BUF_INIT;
	int status = git_run(repo->git_dir, argv, &out, 1 << 20, e);
	int n = 0;

	for (char *at = out.ptr, *end; status == 0 && (end = strchr(at, '\n'));
		at = end + 1, n++) {
		if (n < BRANCHES_NAMED)
			buf_addf(&names, "%s%.*s", n ? ", " : "",
				(int)(end - at), at);
	}
	if (n > BRANCHES_NAMED)
		buf_addf(&names, " and %d more", n - BRANCHES_NAMED);
	if (status == 0 && !n)
		err_set(e, EXIT_USAGE, "%s: has no branch yet: push one first",
			repo->name);
	else if (status == 0)
		err_set(e, EXIT_USAGE,
			"%s: no commit at '%s', which HEAD names; it has %s: "
			"say which, or git -C %s symbolic-ref HEAD "
			"refs/heads/NAME",
			repo->name, head, names.ptr, repo->git_dir);
	else if (status > 0)
		err_set(e, EXIT_BUSY, "%s: git for-each-ref: status %d",
			repo->git_dir, status);
	buf_release(&out);
	buf_release(&names);
	return -1;
}

static int find(const struct repo *repo, const char *typed, struct buf *full,
	struct queue_commit *c, struct err *e)
{
	static const char *const prefixes[] = { "refs/heads/", "refs/tags/" };
	struct buf head = BUF_INIT;
	int found = 0, by_head = !typed;

	if (by_head) {
		found = symbolic(repo->git_dir, "HEAD", &head, e);
		if (found == 0)
			err_set(e, EXIT_USAGE,
				"%s: HEAD names no branch: say which ref",
				repo->name);
		if (found <= 0)
			return -1;
		typed = head.ptr;
		found = 0;
	}
	if (strchr(typed, '\n') || !*typed)
		found = 0;
	else if (!strncmp(typed, "refs/", 5))
		found = try_ref(repo->git_dir, "", typed, full, c, e);
	else
		for (size_t i = 0; i < 2 && found == 0; i++)
			found = try_ref(
				repo->git_dir, prefixes[i], typed, full, c, e);
	if (found == 0 && by_head)
		say_unborn(repo, typed, e);
	else if (found == 0)
		say_absent(repo, typed, e);
	buf_release(&head);
	return found > 0 ? 0 : -1;
}

/* Closes ctx. */
static int queue(struct cmd_ctx *ctx, const struct repo *repo, const char *ref,
	const struct queue_commit *c, struct err *e)
{
	struct run_new new = {
		.repo = repo->name,
		.ref = ref,
		.sha = c->sha,
		.git_dir = repo->git_dir,
		.trigger = "start",
		.subject = c->info.subject,
		.author = c->info.author,
		.pushed_at_ms = clock_now_ms(),
	};

	if (pipeline_kind_runs(c->kind))
		return queue_run(ctx, &new, "", e);

	const char *hint = pipeline_kind_hint(c->kind);
	err_set(e, EXIT_USAGE, "%s: %s: %s", repo->name, name_of_ref(ref),
		hint ? hint
		     : "its commit has no pipeline (.quire/ci.json or .quire/ci)");
	cmd_close(ctx);
	return -1;
}

/* Closes ctx. */
static int start(
	struct cmd_ctx *ctx, const char *typed, const char *ref, struct err *e)
{
	struct queue_commit commit;
	struct buf full = BUF_INIT;
	struct repo repo;
	int rc;

	if (repo_resolve(&ctx->db, typed, &repo, e) < 0) {
		cmd_close(ctx);
		return -1;
	}
	rc = find(&repo, ref, &full, &commit, e);
	if (rc == 0) {
		rc = queue(ctx, &repo, full.ptr, &commit, e);
		commit_info_release(&commit.info);
	} else {
		cmd_close(ctx);
	}
	repo_release(&repo);
	buf_release(&full);
	return rc;
}

int cmd_start(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct cmd_ctx ctx;
	struct err e;
	int opt;

	while ((opt = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (opt == 'h')
			return cmd_help(usage);
		return cmd_bad_option(argv[0]);
	}
	if (argc - optind < 1)
		return program_usage(argv[0], "of which repository?");
	if (argc - optind > 2)
		return program_usage(argv[0], "one ref at a time");
	if (cmd_open(&ctx, DB_WRITE, &e) < 0 ||
		start(&ctx, argv[optind], argv[optind + 1], &e) < 0)
		return program_fail(argv[0], &e);
	return EXIT_DONE;
}
