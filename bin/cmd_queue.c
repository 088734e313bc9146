#include "cmd_queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/name.h"
#include "base/utf8.h"
#include "exec/kick.h"
#include "store/setting.h"

static int ask(struct gitcat *git, const char *question,
	struct gitcat_answer *answer, struct err *e)
{
	memset(answer, 0, sizeof(*answer));
	return gitcat_ask(git, &question, 1, answer, e);
}

/* What `.quire` of the commit is. */
static int find_pipeline(
	struct gitcat *git, struct queue_commit *c, struct err *e)
{
	struct gitcat_answer tree;
	char question[OID_SIZE + 16];

	snprintf(question, sizeof(question), "%s:.quire", c->sha);
	if (ask(git, question, &tree, e) < 0)
		return -1;
	c->kind = pipeline_kind_of(&tree);
	buf_release(&tree.content);
	return 0;
}

int queue_find_commit(const char *git_dir, const char *revision,
	struct queue_commit *c, struct err *e)
{
	struct gitcat git = { 0 };
	struct gitcat_answer commit;
	struct buf question = BUF_INIT;
	int found = -1;

	memset(c, 0, sizeof(*c));
	buf_addf(&question, "%s^{commit}", revision);
	if (gitcat_start(&git, git_dir, e) < 0 ||
		ask(&git, question.ptr, &commit, e) < 0)
		goto out;
	found = commit.type == GITCAT_COMMIT;
	if (found) {
		memcpy(c->sha, commit.oid, sizeof(c->sha));
		if (find_pipeline(&git, c, e) < 0)
			found = -1;
		else
			commit_info_parse(&c->info, commit.content.ptr,
				commit.content.len);
	}
	buf_release(&commit.content);
out:
	gitcat_stop(&git);
	buf_release(&question);
	return found;
}

static int insert(struct db *db, const struct run_new *new, char id[ID_SIZE],
	int64_t *number, int64_t *ahead, struct err *e)
{
	if (db_begin(db, e) < 0)
		return -1;
	if (run_insert(db, new, id, number, e) < 0 ||
		run_ahead(db, id, ahead, e) < 0 || db_commit(db, e) < 0) {
		db_rollback(db);
		return -1;
	}
	return 0;
}

static void print_queued(const struct run_new *new, int64_t number,
	int64_t ahead, const char *note)
{
	const char *ref = name_of_ref(new->ref);
	struct buf line = BUF_INIT;

	utf8_add_plain(&line, new->repo, name_short_len(new->repo), 0);
	buf_addf(&line, "#%lld queued for ", (long long)number);
	utf8_add_plain(&line, ref, strlen(ref), 0);
	utf8_add_plain(&line, note, strlen(note), 0);
	if (ahead)
		buf_addf(&line, " (%lld ahead)", (long long)ahead);
	printf("%s\n", line.ptr);
	buf_release(&line);
}

int queue_run(struct cmd_ctx *ctx, const struct run_new *new, const char *note,
	struct err *e)
{
	struct buf told = BUF_INIT;
	char id[ID_SIZE];
	int64_t number, ahead;
	char *command;
	int kicked;

	if (insert(&ctx->db, new, id, &number, &ahead, e) < 0) {
		cmd_close(ctx);
		return -1;
	}
	command = setting_get(&ctx->db, NULL, "kick", e);
	db_close(&ctx->db);
	print_queued(new, number, ahead, note);
	kicked = command ? kick_now(&ctx->home, command, e) : -1;
	free(command);
	kick_add_outcome(&told, &ctx->home, kicked, e);
	home_close(&ctx->home);
	if (kicked == 0)
		puts(told.ptr);
	else if (kicked < 0)
		err_set(e, e->status, "%s", told.ptr);
	buf_release(&told);
	return kicked < 0 ? -1 : 0;
}
