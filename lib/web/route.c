#include "web/route.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/fs.h"
#include "base/name.h"

static const struct {
	const char *path;
	page_fn *page;
	int needs_db;
} site_routes[] = {
	{ "/", page_index, 1 },
	{ "/style.css", page_style, 0 },
	{ "/live.js", page_script, 0 },
	{ "/metrics", page_metrics, 1 },
};

/*
 * Behind "<repo>/". RUN, JOB and N stand for one segment, or for the start of
 * one that a suffix ends, PATH for all that is left. The first that fits wins,
 * but that artifacts may be a job's name, too: what fits next is kept.
 */
static const struct {
	const char *shape;
	page_fn *page;
} repo_routes[] = {
	{ "ci", page_runs },
	{ "ci.json", page_runs_json },
	{ "ci/badge.svg", page_badge },
	{ "ci/feed.atom", page_feed },
	{ "ci/latest", page_latest },
	{ "ci/RUN.json", page_run_json },
	{ "ci/RUN", page_run },
	{ "ci/RUN/artifacts", page_artifact },
	{ "ci/RUN/artifacts/PATH", page_artifact },
	{ "ci/RUN/JOB/N.txt", page_raw },
	{ "ci/RUN/JOB/N", page_log },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Copies len bytes; 0 if they do not fit or are none. */
static int take(char *out, size_t size, const char *s, size_t len)
{
	if (!len || len >= size)
		return 0;
	memcpy(out, s, len);
	out[len] = '\0';
	return 1;
}

/* A run's id or number: letters, digits, '-' and '_' alone. */
static int take_run(struct route *rt, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!isalnum((unsigned char)s[i]) && s[i] != '-' && s[i] != '_')
			return 0;
	}
	return take(rt->run, sizeof(rt->run), s, len);
}

/* A command's number, as it is written canonically. */
static int take_n(struct route *rt, const char *s, size_t len)
{
	rt->n = 0;
	if (!len || len > 9 || s[0] == '0')
		return 0;
	for (size_t i = 0; i < len; i++) {
		if (!isdigit((unsigned char)s[i]))
			return 0;
		rt->n = rt->n * 10 + (s[i] - '0');
	}
	return 1;
}

static int starts_with(const char *s, size_t len, const char *word)
{
	return len >= strlen(word) && !strncmp(s, word, strlen(word));
}

/* One segment of a path against one of a shape. */
static int segment_fits(struct route *rt, const char *shape, size_t shape_len,
	const char *s, size_t len)
{
	static const struct {
		const char *word;
		int (*take)(struct route *, const char *, size_t);
	} names[] = { { "RUN", take_run }, { "N", take_n } };

	if (shape_len == 3 && !strncmp(shape, "JOB", 3))
		return take(rt->job, sizeof(rt->job), s, len) &&
		       !fs_is_dots(rt->job);
	for (size_t i = 0; i < COUNT(names); i++) {
		size_t word_len = strlen(names[i].word);
		size_t suffix = shape_len - word_len;

		if (!starts_with(shape, shape_len, names[i].word))
			continue;
		return len > suffix &&
		       !memcmp(s + len - suffix, shape + word_len, suffix) &&
		       names[i].take(rt, s, len - suffix);
	}
	return shape_len == len && !memcmp(shape, s, len);
}

static int fits(struct route *rt, const char *shape, const char *path)
{
	for (;;) {
		size_t a = strcspn(shape, "/"), b = strcspn(path, "/");

		if (!strcmp(shape, "PATH")) {
			rt->artifact = path;
			return 1;
		}
		if (!segment_fits(rt, shape, a, path, b))
			return 0;
		shape += a;
		path += b;
		if (!*shape || !*path)
			return !*shape && !*path;
		shape++;
		path++;
	}
}

int route_site(struct route *rt, const char *path)
{
	*rt = (struct route){ 0 };
	for (size_t i = 0; i < COUNT(site_routes); i++) {
		if (!strcmp(site_routes[i].path, path)) {
			rt->page = site_routes[i].page;
			rt->needs_db = site_routes[i].needs_db;
			return 1;
		}
	}
	return 0;
}

/* The full name of the len bytes before a "/ci"; 0 if it can be none. */
static int take_repo(struct route *rt, const char *s, size_t len)
{
	struct buf name = BUF_INIT;
	int ok;

	buf_add(&name, s, len);
	buf_adds(&name, ".git");
	ok = !name_check(name.ptr, NULL) &&
	     take(rt->repo, sizeof(rt->repo), name.ptr, name.len);
	buf_release(&name);
	return ok;
}

static page_fn *find_below(struct route *rt, const char *rest)
{
	page_fn *first = NULL;

	rt->artifact = "";
	rt->otherwise = NULL;
	for (size_t i = 0; i < COUNT(repo_routes); i++) {
		if (!fits(rt, repo_routes[i].shape, rest))
			continue;
		if (!first) {
			first = repo_routes[i].page;
			if (first != page_artifact)
				break;
		} else {
			rt->otherwise = repo_routes[i].page;
			break;
		}
	}
	return first;
}

/* "/<repo>", "/<repo>.git" and either with a final slash. */
static int find_bare(struct route *rt, const char *path,
	int (*known)(void *arg, const char *repo, struct err *e), void *arg,
	struct err *e)
{
	size_t len = strlen(path);

	if (len && path[len - 1] == '/')
		len--;
	if (len > 4 && !memcmp(path + len - 4, ".git", 4))
		len -= 4;
	if (!take_repo(rt, path, len))
		return 0;
	int got = known(arg, rt->repo, e);
	if (got > 0)
		rt->page = page_to_runs;
	return got < 0 ? -1 : 0;
}

int route_repo(struct route *rt, const char *path,
	int (*known)(void *arg, const char *repo, struct err *e), void *arg,
	struct err *e)
{
	*rt = (struct route){ .needs_db = 1 };
	path++; /* its first slash */

	for (const char *p = strrchr(path, '/'); p;
		p = memrchr(path, '/', (size_t)(p - path))) {
		if (!starts_with(p + 1, strlen(p + 1), "ci"))
			continue;
		rt->page = !strcmp(p + 1, "ci/") ? page_to_runs
						 : find_below(rt, p + 1);
		if (!rt->page)
			continue;

		int got = take_repo(rt, path, (size_t)(p - path))
				  ? known(arg, rt->repo, e)
				  : 0;
		if (got)
			return got < 0 ? -1 : 0;
		rt->page = NULL;
	}
	return find_bare(rt, path, known, arg, e);
}
