-- From here on the lineage is quire's own: the application_id says so.
--
-- The older tables are built anew from this text, whatever theirs was, with
-- CHECKs no stricter than theirs, so that every row fits. Runs get their
-- number and push_seq in the order they were queued.
PRAGMA application_id = 0x71756972;

CREATE TABLE runs_new (
	id TEXT NOT NULL PRIMARY KEY,
	repo TEXT NOT NULL,
	ref_name TEXT NOT NULL,
	sha TEXT NOT NULL,
	pushed_at_ms INTEGER NOT NULL,
	state TEXT NOT NULL CHECK (state IN
		('pending', 'active', 'complete', 'failed', 'superseded')),
	failure_kind TEXT,
	queued_at_ms INTEGER NOT NULL,
	started_at_ms INTEGER,
	finished_at_ms INTEGER,
	run_token TEXT,
	git_dir TEXT,
	traceparent TEXT,
	number INTEGER NOT NULL,
	push_seq INTEGER NOT NULL,
	attempt INTEGER NOT NULL DEFAULT 1,
	"trigger" TEXT NOT NULL DEFAULT 'push' CHECK ("trigger" IN
		('push', 'drift', 'rerun', 'start')),
	previous_sha TEXT,
	pusher TEXT,
	subject TEXT,
	author TEXT,
	superseded_by TEXT,
	rerun_of TEXT,
	sandbox TEXT,
	reason TEXT,
	UNIQUE (repo, number),
	CHECK (CASE state
		WHEN 'pending' THEN started_at_ms IS NULL
			AND finished_at_ms IS NULL
		WHEN 'active' THEN started_at_ms IS NOT NULL
			AND finished_at_ms IS NULL
		WHEN 'complete' THEN started_at_ms IS NOT NULL
			AND finished_at_ms IS NOT NULL
		ELSE finished_at_ms IS NOT NULL
	END),
	CHECK (started_at_ms IS NULL OR started_at_ms >= queued_at_ms),
	CHECK (finished_at_ms IS NULL
		OR finished_at_ms >= coalesce(started_at_ms, queued_at_ms))
);
INSERT INTO runs_new (id, repo, ref_name, sha, pushed_at_ms, state,
	failure_kind, queued_at_ms, started_at_ms, finished_at_ms, run_token,
	git_dir, traceparent, number, push_seq)
SELECT id, repo, ref_name, sha, pushed_at_ms, state,
	failure_kind, queued_at_ms, started_at_ms, finished_at_ms, run_token,
	git_dir, traceparent,
	row_number() OVER (PARTITION BY repo ORDER BY queued_at_ms, id),
	row_number() OVER (ORDER BY queued_at_ms, id)
FROM runs
ORDER BY queued_at_ms, id;

CREATE TABLE jobs_new (
	run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
	job_id TEXT NOT NULL,
	state TEXT NOT NULL CHECK (state IN ('pending', 'active', 'complete',
		'failed', 'skipped', 'aborted')),
	exit_code INTEGER,
	started_at_ms INTEGER,
	finished_at_ms INTEGER,
	position INTEGER NOT NULL DEFAULT 0,
	needs TEXT NOT NULL DEFAULT '',
	allow_failure INTEGER NOT NULL DEFAULT 0,
	reason TEXT,
	CHECK (CASE state
		WHEN 'pending' THEN started_at_ms IS NULL
			AND finished_at_ms IS NULL
		WHEN 'active' THEN started_at_ms IS NOT NULL
			AND finished_at_ms IS NULL
		WHEN 'skipped' THEN started_at_ms IS NULL
			AND finished_at_ms IS NOT NULL
		WHEN 'aborted' THEN finished_at_ms IS NOT NULL
		ELSE started_at_ms IS NOT NULL AND finished_at_ms IS NOT NULL
	END),
	PRIMARY KEY (run_id, job_id)
) WITHOUT ROWID;
INSERT INTO jobs_new (run_id, job_id, state, exit_code, started_at_ms,
	finished_at_ms, position)
SELECT run_id, job_id, state, exit_code, started_at_ms, finished_at_ms,
	row_number() OVER (PARTITION BY run_id
		ORDER BY coalesce(started_at_ms, finished_at_ms) NULLS LAST,
			job_id)
FROM jobs;

-- A command has a number, and no end while it runs. Old ones are numbered by
-- their start, which was unique in its job.
CREATE TABLE sh_events_new (
	run_id TEXT NOT NULL,
	job_id TEXT NOT NULL,
	n INTEGER NOT NULL CHECK (n > 0),
	started_at_ms INTEGER NOT NULL,
	finished_at_ms INTEGER,
	exit_code INTEGER,
	cmd TEXT NOT NULL,
	CHECK ((finished_at_ms IS NULL) = (exit_code IS NULL)),
	PRIMARY KEY (run_id, job_id, n),
	FOREIGN KEY (run_id, job_id) REFERENCES jobs (run_id, job_id)
		ON DELETE CASCADE
) WITHOUT ROWID;
INSERT INTO sh_events_new (run_id, job_id, n, started_at_ms, finished_at_ms,
	exit_code, cmd)
SELECT run_id, job_id,
	row_number() OVER (PARTITION BY run_id, job_id ORDER BY started_at_ms),
	started_at_ms, finished_at_ms, exit_code, cmd
FROM sh_events;

DROP TABLE sh_events;
DROP TABLE jobs;
DROP TABLE runs;
ALTER TABLE runs_new RENAME TO runs;
ALTER TABLE jobs_new RENAME TO jobs;
ALTER TABLE sh_events_new RENAME TO sh_events;

-- the newest run of a ref, and the attempts at one push
CREATE INDEX runs_ref ON runs (repo, ref_name, push_seq, attempt);
-- the last commit of a ref that was good
CREATE INDEX runs_complete ON runs (repo, ref_name, push_seq, attempt)
	WHERE state = 'complete';
-- the queue, in the order of claiming, and what is running: a handful of rows
CREATE INDEX runs_queue ON runs (push_seq, attempt) WHERE state = 'pending';
CREATE INDEX runs_active ON runs (push_seq) WHERE state = 'active';
-- lists, newest first, by any choice of ref, pusher and state. A list that
-- leaves the state open merges the five.
CREATE INDEX runs_by_state ON runs (repo, state, number);
CREATE INDEX runs_by_ref ON runs (repo, ref_name, state, number);
CREATE INDEX runs_by_pusher ON runs (repo, pusher, state, number)
	WHERE pusher IS NOT NULL;
CREATE INDEX runs_by_ref_pusher ON runs (repo, ref_name, pusher, state, number)
	WHERE pusher IS NOT NULL;

CREATE TABLE repos (
	name TEXT NOT NULL PRIMARY KEY,
	git_dir TEXT NOT NULL UNIQUE,
	refs_gen INTEGER NOT NULL DEFAULT 0,
	baseline INTEGER NOT NULL DEFAULT 0 CHECK (baseline IN (0, 1)),
	last_number INTEGER NOT NULL DEFAULT 0,
	added_at_ms INTEGER NOT NULL,
	missing_since_ms INTEGER
);

-- What was last seen of every ref: oid is the ref's own object (of a tag, the
-- tag), sha the commit it leads to, run_id the run that was made for it.
CREATE TABLE refs (
	repo TEXT NOT NULL REFERENCES repos (name) ON DELETE CASCADE,
	ref_name TEXT NOT NULL,
	oid TEXT NOT NULL,
	sha TEXT,
	run_id TEXT,
	seen_at_ms INTEGER NOT NULL,
	PRIMARY KEY (repo, ref_name)
) WITHOUT ROWID;

CREATE TABLE settings (
	repo TEXT NOT NULL DEFAULT '',
	key TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (repo, key)
) WITHOUT ROWID;

-- The order of pushes: the last push_seq given.
CREATE TABLE counters (
	name TEXT NOT NULL PRIMARY KEY,
	value INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO counters (name, value)
SELECT 'push_seq', coalesce(max(push_seq), 0) FROM runs;
