/*
 * Refs that moved and whose hook did not tell, or could not.
 *
 * The hook is only the fast path: here the refs are compared with what was
 * last seen of them, and what differs goes through the same recorder. So a
 * push that was recorded by its hook meanwhile makes no second run.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/git.h"
#include "base/gitcat.h"
#include "exec/hookfile.h"
#include "exec/lock.h"
#include "exec/pass.h"
#include "store/ref.h"

int baseline_pass(struct pass *p, struct err *e)
{
	(void)e;
	for (size_t i = 0; i < p->n_repos; i++) {
		struct repo *repo = &p->repos[i];
		struct buf name = BUF_INIT;
		struct err why;

		if (repo->baseline || !p->present[i])
			continue;
		pass_add_repo(&name, repo->name);
		if (p->r->dry_run)
			pass_say(p, "%s: would take its refs as they are",
				name.ptr);
		else if (ref_baseline(p->db, repo, &why) < 0)
			pass_warn(p, "%s: %s", name.ptr, why.text);
		else
			pass_say(p, "%s: took its refs as they are", name.ptr);
		buf_release(&name);
	}
	return 0;
}

/* Why git does not run the hook, as a line to go on a line; "" if it does. */
static void hook_trouble(const struct repo *repo, struct buf *b)
{
	const char *argv[] = { "git", "rev-parse", "--git-path", "hooks",
		NULL };
	struct buf out = BUF_INIT, path = BUF_INIT;
	struct hookfile hf = { 0 };
	struct err e;
	int ours;

	if (git_run(repo->git_dir, argv, &out, 1 << 16, &e) != 0)
		goto out;
	while (out.len && out.ptr[out.len - 1] == '\n')
		buf_setlen(&out, out.len - 1);
	if (out.ptr[0] != '/')
		buf_addf(&path, "%s/", repo->git_dir);
	buf_addf(&path, "%s/post-receive", out.ptr);

	ours = hookfile_read(&hf, path.ptr, &e);
	if (ours < 0)
		buf_addf(b, "%s", e.text);
	else if (!ours)
		buf_adds(b, "its hook is missing");
	else if (access(path.ptr, X_OK))
		buf_adds(b, "its hook is not executable");
	if (ours > 0)
		hookfile_release(&hf);
out:
	buf_release(&out);
	buf_release(&path);
}

/* What became of one difference; silent where nothing is to be run. */
static void report(struct pass *p, const char *repo, const struct ref_move *m)
{
	const char *ref = name_of_ref(m->ref);

	switch (m->result) {
	case MOVE_QUEUED:
		p->queued++;
		pass_say(p,
			"%s#%lld queued for %s, which moved without a word "
			"from its hook",
			repo, (long long)m->number, ref);
		break;
	case MOVE_SUPERSEDED:
		pass_say(p, "%s#%lld recorded for %s, superseded already", repo,
			(long long)m->number, ref);
		break;
	case MOVE_NOT_RECORDED:
		pass_warn(p, "%s: %s: git did not say where it is", repo, ref);
		break;
	default:
		break;
	}
}

static void stopped(void *arg, const char *repo, const char *run_id)
{
	struct pass *p = arg;

	run_wake(p->r->home, repo, run_id);
}

static void record(struct pass *p, const struct repo *repo, const char *name,
	struct ref_move *moves, size_t n)
{
	struct gitcat git = { 0 };
	struct recording recording = {
		.db = p->db,
		.repo = repo,
		.git = &git,
		.trigger = "drift",
		.stopped = stopped,
		.arg = p,
	};
	int queued = p->queued;
	struct buf trouble = BUF_INIT;
	struct err e;

	if (gitcat_start(&git, repo->git_dir, &e) < 0 ||
		ref_record(&recording, moves, n, &e) < 0)
		pass_warn(p, "%s: %s", name, e.text);
	else
		for (size_t i = 0; i < n; i++)
			report(p, name, &moves[i]);
	gitcat_stop(&git);
	if (p->queued > queued) {
		hook_trouble(repo, &trouble);
		if (trouble.len)
			pass_say(p, "%s: %s: 'quire repo hook %s' installs it",
				name, trouble.ptr, name);
	}
	buf_release(&trouble);
}

int drift_pass(struct pass *p, struct err *e)
{
	(void)e;
	for (size_t i = 0; i < p->n_repos; i++) {
		const struct repo *repo = &p->repos[i];
		struct buf name = BUF_INIT;
		struct ref_move *moves;
		struct err why;
		size_t n;

		if (!p->present[i] || !repo->baseline)
			continue;
		pass_add_repo(&name, repo->name);
		if (ref_drift(p->db, repo, &moves, &n, &why) < 0) {
			pass_warn(p, "%s: %s", name.ptr, why.text);
		} else {
			if (p->r->dry_run)
				for (size_t k = 0; k < n; k++)
					pass_say(p,
						"%s: %s moved without a word "
						"from its hook; would record "
						"it",
						name.ptr,
						name_of_ref(moves[k].ref));
			else if (n)
				record(p, repo, name.ptr, moves, n);
			ref_moves_release(moves, n);
		}
		buf_release(&name);
	}
	return 0;
}
