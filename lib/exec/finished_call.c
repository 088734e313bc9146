/*
 * The hooks of a run that has ended: what they are told, one after the other.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/name.h"
#include "base/utf8.h"
#include "exec/finished.h"
#include "exec/runhook.h"
#include "exec/runlog.h"
#include "exec/runurl.h"
#include "store/job.h"
#include "store/run_json.h"
#include "store/run_news.h"
#include "store/setting.h"

/* What the database knows, read before a hook is called: no transaction is open
 * over that. */
struct finished {
	struct run run;
	int loaded;
	struct job_row *jobs;
	size_t n_jobs;
	enum run_state previous_state;
	int has_previous;
	enum run_news news;
	char *url;
	int64_t limit_ms;
};

static void release(struct finished *f)
{
	if (f->loaded)
		run_release(&f->run);
	job_list_release(f->jobs, f->n_jobs);
	free(f->url);
}

static int load_previous(struct finished *f, struct db *db, struct err *e)
{
	struct run previous;

	f->has_previous = run_previous_outcome(db, &f->run, &previous, e);
	if (f->has_previous <= 0)
		return f->has_previous;
	f->previous_state = previous.state;
	run_release(&previous);
	return 0;
}

static int load_from(
	struct finished *f, struct db *db, const char *typed, struct err *e)
{
	if (run_resolve(db, typed, &f->run, e) < 0)
		return -1;
	f->loaded = 1;
	if (!run_state_is_terminal(f->run.state))
		return err_set(e, EXIT_USAGE, "%.*s#%" PRId64 ": is still %s",
			(int)name_short_len(f->run.repo), f->run.repo,
			f->run.number, run_state_name(f->run.state));
	f->url = setting_get(db, f->run.repo, "url", e);
	if (!f->url || setting_get_int(db, f->run.repo, "notifyTimeout",
			       &f->limit_ms, e) < 0)
		return -1;
	if (job_list(db, f->run.id, &f->jobs, &f->n_jobs, e) < 0 ||
		load_previous(f, db, e) < 0 ||
		run_news(db, &f->run, &f->news, e) < 0)
		return -1;
	return 0;
}

static int load(struct finished *f, const struct home *h, const char *typed,
	struct err *e)
{
	struct db db;
	int failed;

	if (db_open(&db, h, DB_WRITE_CURRENT, e) < 0)
		return -1;
	failed = db_begin_read(&db, e) < 0 || load_from(f, &db, typed, e) < 0;
	db_rollback(&db);
	db_close(&db);
	return failed ? -1 : 0;
}

/* The command that the run failed by: the first that did in a job that may not,
 * else the one that the end of the run has cut off. */
static const struct sh *failed_sh(
	const struct finished *f, const struct job_row **job)
{
	static const char *const states[] = { "failed", "aborted" };

	for (size_t s = 0; f->run.state == RUN_FAILED && s < 2; s++)
		for (size_t i = 0; i < f->n_jobs; i++) {
			*job = &f->jobs[i];
			if (strcmp((*job)->state, states[s]) == 0 &&
				!(*job)->allow_failure && (*job)->n_sh)
				return &(*job)->sh[(*job)->n_sh - 1];
		}
	return NULL;
}

/* As it is; a variable that is not known is empty. */
static void add_var(struct strv *env, const char *name, const char *value)
{
	strv_pushf(env, "%s=%s", name, value ? value : "");
}

/* One line for people. */
static void add_plain(struct strv *env, const char *name, const char *value)
{
	struct buf text = BUF_INIT;

	if (value)
		utf8_add_plain(&text, value, strlen(value), 0);
	add_var(env, name, text.ptr);
	buf_release(&text);
}

static void add_failed(struct strv *env, const struct finished *f)
{
	const struct job_row *job = NULL;
	const struct sh *sh = failed_sh(f, &job);
	struct buf n = BUF_INIT, status = BUF_INIT;

	if (sh)
		buf_addf(&n, "%d", sh->n);
	if (sh && sh->exit_code >= 0)
		buf_addf(&status, "%d", sh->exit_code);
	add_var(env, "QUIRE_FAILED_JOB", sh ? job->id : "");
	add_var(env, "QUIRE_FAILED_N", n.ptr);
	add_plain(env, "QUIRE_FAILED_COMMAND", sh ? sh->cmd : "");
	add_var(env, "QUIRE_FAILED_STATUS", status.ptr);
	buf_release(&n);
	buf_release(&status);
}

/* Its own programs are the first in the PATH. */
static int add_usual(struct strv *env, const struct home *h, struct err *e)
{
	static const char *const kept[] = { "HOME", "LANG", "TZ" };
	const char *path = getenv("PATH");
	struct buf self = BUF_INIT;

	if (fs_self_dir(&self, e) < 0) {
		buf_release(&self);
		return -1;
	}
	add_var(env, "QUIRE_HOME", h->path);
	strv_pushf(env, "PATH=%s:%s", self.ptr,
		path && *path ? path : "/usr/bin:/bin");
	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++)
		if (getenv(kept[i]))
			add_var(env, kept[i], getenv(kept[i]));
	buf_release(&self);
	return 0;
}

static int add_env(struct strv *env, const struct finished *f,
	const struct home *h, struct err *e)
{
	const struct run *r = &f->run;
	struct buf url = BUF_INIT;

	if (add_usual(env, h, e) < 0)
		return -1;
	/* QUIRE_RUN_ID is the mark of a run's own processes */
	add_var(env, "QUIRE_ID", r->id);
	strv_pushf(env, "QUIRE_RUN=%.*s#%" PRId64, (int)name_short_len(r->repo),
		r->repo, r->number);
	add_var(env, "QUIRE_REPO", r->repo);
	add_var(env, "QUIRE_REF", r->ref);
	add_var(env, "QUIRE_SHA", r->sha);
	add_var(env, "QUIRE_STATE", run_state_name(r->state));
	add_plain(env, "QUIRE_FAILURE_KIND", r->failure_kind);
	add_var(env, "QUIRE_PREVIOUS_STATE",
		f->has_previous ? run_state_name(f->previous_state) : "");
	add_var(env, "QUIRE_NEWS", run_news_name(f->news));
	add_plain(env, "QUIRE_REASON", r->reason);
	add_plain(env, "QUIRE_AUTHOR", r->author);
	add_plain(env, "QUIRE_PUSHER", r->pusher);
	add_plain(env, "QUIRE_SUBJECT", r->subject);
	add_failed(env, f);
	runurl_add(&url, f->url, r->repo, r->number);
	add_var(env, "QUIRE_URL", url.ptr);
	buf_release(&url);
	return 0;
}

/* A file, which blocks nobody, however little of it is read. */
static int make_input(const struct finished *f, struct err *e)
{
	struct job_row none = { 0 };
	struct json_object *o =
		run_to_json(&f->run, f->jobs ? f->jobs : &none, f->n_jobs);
	struct buf text = BUF_INIT;
	int fd = memfd_create("run", MFD_CLOEXEC);

	json_write(&text, o, 1);
	json_object_put(o);
	if (!text.len || text.ptr[text.len - 1] != '\n')
		buf_addc(&text, '\n');
	if (fd < 0) {
		err_sys(e, "the input of hooks");
	} else if (fs_write_all(fd, text.ptr, text.len) < 0) {
		err_sys(e, "the input of hooks");
		close(fd);
		fd = -1;
	}
	buf_release(&text);
	return fd;
}

/* What the log is to say; 1 if it went wrong. */
static int add_end(
	struct buf *b, const struct runhook_end *end, int64_t limit_ms)
{
	int status = end->wait_status, wrong = 1;

	if (end->timed_out) {
		buf_adds(b, "was ended after its time limit of ");
		clock_add_span(b, limit_ms);
		return 1;
	}
	if (WIFSIGNALED(status)) {
		buf_addf(b, "was killed by signal %d", WTERMSIG(status));
	} else if (WEXITSTATUS(status)) {
		buf_addf(b, "exit status %d", WEXITSTATUS(status));
	} else {
		buf_adds(b, "done");
		wrong = 0;
	}
	buf_adds(b, ", after ");
	clock_add_span(b, end->took_ms);
	return wrong;
}

static void log_said(
	const struct home *h, const char *what, const struct runhook_end *end)
{
	const char *line = end->said.ptr, *stop = line + end->said.len;

	while (line < stop) {
		const char *nl = memchr(line, '\n', (size_t)(stop - line));
		size_t n = (size_t)((nl ? nl : stop) - line);

		runlog_add_hook(h, "%s: | %.*s", what, (int)n, line);
		line += n + 1;
	}
	if (end->dropped_bytes)
		runlog_add_hook(h, "%s: | and %" PRId64 " bytes more", what,
			end->dropped_bytes);
}

static int call(struct runhook *hook, const char *run, struct err *e)
{
	struct runhook_end end = { .said = BUF_INIT };
	struct buf what = BUF_INIT, became = BUF_INIT;
	int failed;

	buf_addf(&what, "%s: %s", run, hook->path);
	failed = runhook_call(hook, &end, e) < 0;
	if (failed)
		buf_addf(&became, "%s", e->text);
	else if (add_end(&became, &end, hook->limit_ms))
		failed =
			err_set(e, EXIT_RED, "%s: %s; see %s/" RUNLOG_HOOK_FILE,
				hook->path, became.ptr, hook->home->path);
	runlog_add_hook(hook->home, "%s: %s", what.ptr, became.ptr);
	log_said(hook->home, what.ptr, &end);
	buf_release(&end.said);
	buf_release(&what);
	buf_release(&became);
	return failed ? -1 : 0;
}

/* 0 done, or there is none; -1. */
static int call_if_there(
	struct runhook *hook, const char *repo, const char *run, struct err *e)
{
	struct buf path = BUF_INIT, of = BUF_INIT;
	int got;

	runhook_add_path(&path, repo);
	hook->path = path.ptr;
	got = runhook_check(hook->home, path.ptr, &of, e);
	if (got > 0)
		got = call(hook, run, e);
	else if (got < 0)
		runlog_add_hook(hook->home, "%s: %s", run, e->text);
	if (got < 0)
		runlog_add(hook->home, "%s: %s", run, e->text);
	hook->path = NULL;
	buf_release(&path);
	buf_release(&of);
	return got;
}

static int call_both(
	const struct home *h, const struct finished *f, struct err *e)
{
	struct runhook hook = { .home = h, .limit_ms = f->limit_ms };
	struct strv env = STRV_INIT;
	struct buf run = BUF_INIT;
	int failed = -1;

	hook.input = make_input(f, e);
	if (hook.input >= 0 && add_env(&env, f, h, e) == 0) {
		hook.env = env.v;
		buf_addf(&run, "%.*s#%" PRId64,
			(int)name_short_len(f->run.repo), f->run.repo,
			f->run.number);
		failed = call_if_there(&hook, NULL, run.ptr, e);
		if (call_if_there(&hook, f->run.repo, run.ptr, e) < 0)
			failed = -1;
	}
	if (hook.input >= 0)
		close(hook.input);
	buf_release(&run);
	strv_release(&env);
	return failed;
}

int finished_call(const struct home *h, const char *typed, struct err *e)
{
	struct finished f = { 0 };
	int failed = load(&f, h, typed, e);

	if (!failed)
		failed = call_both(h, &f, e);
	release(&f);
	return failed;
}
