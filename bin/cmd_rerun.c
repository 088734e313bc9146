/*
 * quire rerun - a run once more: the same commit, in the place of the same
 * push.
 */
#include <getopt.h>
#include <stdio.h>

#include "cmd.h"
#include "cmd_queue.h"
#include "cmd_term.h"
#include "store/repo.h"

static const char usage[] =
	"usage: quire rerun RUN\n"
	"\n"
	"Queues the commit of a run that has ended once more. The new run takes\n"
	"the place of the same push: it supersedes nothing, and is superseded\n"
	"when the ref moves on. A RUN is foo#42, an id, or the start of an id\n"
	"that no other run has.\n"
	"\n"
	"Exits 75 if the run has not ended: cancel it first.\n";

/* Whether the commit is still there to be run. */
static int check_commit(const struct run *r, const struct repo *repo,
	const char *name, struct err *e)
{
	struct queue_commit commit;
	int found = queue_find_commit(repo->git_dir, r->sha, &commit, e);

	if (found < 0)
		return err_prefix(e, "%s", name);
	if (found == 0)
		return err_set(e, EXIT_USAGE,
			"%s: its commit %s is no longer in %s", name, r->sha,
			repo->git_dir);
	commit_info_release(&commit.info);
	return 0;
}

static int check(const struct run *r, const struct repo *repo, const char *name,
	struct err *e)
{
	if (!run_state_is_terminal(r->state))
		return err_set(e, EXIT_BUSY,
			"%s: is %s: 'quire cancel %s' ends it", name,
			run_state_name(r->state), name);
	return check_commit(r, repo, name, e);
}

/* Closes ctx. */
static int rerun(struct cmd_ctx *ctx, const char *typed, struct err *e)
{
	struct run r;
	struct repo repo;
	struct buf name = BUF_INIT, note = BUF_INIT;
	int rc = -1, open = 1;

	if (run_resolve(&ctx->db, typed, &r, e) < 0) {
		cmd_close(ctx);
		return -1;
	}
	term_add_run(&name, &r);
	buf_addf(&note, ", %s once more", name.ptr);
	if (repo_resolve(&ctx->db, r.repo, &repo, e) > 0) {
		struct run_new new = {
			.repo = r.repo,
			.ref = r.ref,
			.sha = r.sha,
			.git_dir = repo.git_dir,
			.trigger = "rerun",
			.previous_sha = r.previous_sha,
			.pusher = r.pusher,
			.subject = r.subject,
			.author = r.author,
			.pushed_at_ms = r.pushed_at_ms,
			.rerun_of = r.id,
		};

		if (check(&r, &repo, name.ptr, e) == 0) {
			rc = queue_run(ctx, &new, note.ptr, e);
			open = 0;
		}
		repo_release(&repo);
	}
	if (open)
		cmd_close(ctx);
	run_release(&r);
	buf_release(&name);
	buf_release(&note);
	return rc;
}

int cmd_rerun(int argc, char **argv)
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
	if (argc - optind != 1)
		return program_usage(argv[0], "which run? as foo#42, or an id");
	if (cmd_open(&ctx, DB_WRITE, &e) < 0 ||
		rerun(&ctx, argv[optind], &e) < 0)
		return program_fail(argv[0], &e);
	return EXIT_DONE;
}
