-- The first schema of the older system: a run per push, and its jobs.
CREATE TABLE runs (
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
	container_id TEXT,
	image_tag TEXT,
	build_started_at_ms INTEGER,
	build_finished_at_ms INTEGER,
	container_started_at_ms INTEGER,
	container_stopped_at_ms INTEGER,
	workspace_path TEXT NOT NULL,
	CHECK (CASE state
		WHEN 'pending' THEN started_at_ms IS NULL
			AND finished_at_ms IS NULL AND container_id IS NULL
		WHEN 'active' THEN started_at_ms IS NOT NULL
			AND finished_at_ms IS NULL
		WHEN 'complete' THEN started_at_ms IS NOT NULL
			AND finished_at_ms IS NOT NULL AND container_id IS NULL
		ELSE finished_at_ms IS NOT NULL AND container_id IS NULL
	END),
	CHECK (started_at_ms IS NULL OR started_at_ms >= queued_at_ms),
	CHECK (finished_at_ms IS NULL
		OR finished_at_ms >= coalesce(started_at_ms, queued_at_ms))
);
CREATE INDEX runs_repo_pushed_at ON runs (repo, pushed_at_ms DESC);
CREATE INDEX runs_state ON runs (state);

CREATE TABLE jobs (
	run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
	job_id TEXT NOT NULL,
	state TEXT NOT NULL CHECK (state IN ('pending', 'active', 'complete',
		'failed', 'skipped', 'aborted')),
	exit_code INTEGER,
	started_at_ms INTEGER,
	finished_at_ms INTEGER,
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
);
