-- What no program and no shell may do to a row. These guard changes; a new
-- row may be in any state that fits its shape (seed, restore). Dropped before
-- every migration and created again after it. One trigger an event, since
-- every opener parses them.

-- A REPLACE deletes the row in its way without a word to any other trigger.
-- Where no rowid is given, NEW.rowid is -1 before the row is in; so that -1
-- never names a row, there is none below 1 (runs_inserted). Jobs may be there
-- before their run where foreign keys are off.
CREATE TRIGGER runs_insert BEFORE INSERT ON runs
BEGIN
	SELECT CASE
	WHEN EXISTS (SELECT 1 FROM runs WHERE id = NEW.id)
		OR EXISTS (SELECT 1 FROM runs
			WHERE repo = NEW.repo AND number = NEW.number)
		OR EXISTS (SELECT 1 FROM runs WHERE rowid = NEW.rowid)
	THEN RAISE (ABORT, 'this run exists, and a run is never replaced')
	WHEN NEW.state IN ('complete', 'failed', 'superseded')
		AND EXISTS (SELECT 1 FROM jobs WHERE run_id = NEW.id
			AND state IN ('pending', 'active'))
	THEN RAISE (ABORT, 'a run that has ended has no live job')
	END;
END;

-- Whoever adds a row, the next number and push_seq are above it.
CREATE TRIGGER runs_inserted AFTER INSERT ON runs
BEGIN
	SELECT RAISE (ABORT, 'the rowid of a run is above 0')
	WHERE NEW.rowid < 1;
	UPDATE counters SET value = NEW.push_seq
	WHERE name = 'push_seq' AND value < NEW.push_seq;
	UPDATE repos SET last_number = NEW.number
	WHERE name = NEW.repo AND last_number < NEW.number;
END;

CREATE TRIGGER runs_update BEFORE UPDATE ON runs
BEGIN
	SELECT CASE
	WHEN NEW.id IS NOT OLD.id OR NEW.repo IS NOT OLD.repo
		OR NEW.number IS NOT OLD.number
		OR NEW.rowid IS NOT OLD.rowid
	THEN RAISE (ABORT, 'the key of a run never changes')
	WHEN NEW.push_seq IS NOT OLD.push_seq
		OR NEW.ref_name IS NOT OLD.ref_name OR NEW.sha IS NOT OLD.sha
	THEN RAISE (ABORT, 'what a run is of, and its turn, never change')
	WHEN (OLD.started_at_ms IS NOT NULL
			AND NEW.started_at_ms IS NOT OLD.started_at_ms)
		OR (OLD.finished_at_ms IS NOT NULL
			AND NEW.finished_at_ms IS NOT OLD.finished_at_ms)
		OR (OLD.failure_kind IS NOT NULL
			AND NEW.failure_kind IS NOT OLD.failure_kind)
	THEN RAISE (ABORT,
		'times and failure_kind of a run are stamped once')
	-- set or changed: one that stands there since an INSERT may stay
	WHEN NEW.failure_kind IS NOT OLD.failure_kind
		AND NEW.state NOT IN ('failed', 'superseded')
	THEN RAISE (ABORT, 'a run that has not failed has no failure_kind')
	WHEN NEW.state IS OLD.state THEN NULL
	WHEN NOT ((OLD.state = 'pending'
			AND NEW.state IN ('active', 'failed', 'superseded'))
		OR (OLD.state = 'active'
			AND NEW.state IN ('complete', 'failed', 'superseded')))
	THEN RAISE (ABORT, 'a run has no such edge')
	WHEN NEW.state <> 'active'
		AND EXISTS (SELECT 1 FROM jobs WHERE run_id = OLD.id
			AND state IN ('pending', 'active'))
	THEN RAISE (ABORT, 'a run with live jobs cannot end')
	END;
END;

-- What ends is tallied; see 0009_tallies.sql. No run ends twice, and deleting
-- one takes nothing off.
CREATE TRIGGER runs_ended AFTER UPDATE OF state ON runs
WHEN NEW.finished_at_ms IS NOT OLD.finished_at_ms
BEGIN
	INSERT INTO tallies VALUES (NEW.repo, NEW.state, coalesce (
		substr (max (NEW.finished_at_ms - NEW.started_at_ms, 1) - 1,
			1, 1)
		|| length (max (NEW.finished_at_ms - NEW.started_at_ms, 1) - 1),
		''), 1, coalesce (NEW.finished_at_ms - NEW.started_at_ms, 0))
	ON CONFLICT DO UPDATE SET runs = runs + 1,
		duration_ms = duration_ms + excluded.duration_ms;
END;

CREATE TRIGGER runs_inserted_ended AFTER INSERT ON runs
WHEN NEW.finished_at_ms IS NOT NULL
BEGIN
	INSERT INTO tallies VALUES (NEW.repo, NEW.state, coalesce (
		substr (max (NEW.finished_at_ms - NEW.started_at_ms, 1) - 1,
			1, 1)
		|| length (max (NEW.finished_at_ms - NEW.started_at_ms, 1) - 1),
		''), 1, coalesce (NEW.finished_at_ms - NEW.started_at_ms, 0))
	ON CONFLICT DO UPDATE SET runs = runs + 1,
		duration_ms = duration_ms + excluded.duration_ms;
END;

CREATE TRIGGER jobs_insert BEFORE INSERT ON jobs
BEGIN
	SELECT CASE
	WHEN EXISTS (SELECT 1 FROM jobs
		WHERE run_id = NEW.run_id AND job_id = NEW.job_id)
	THEN RAISE (ABORT, 'this job exists, and a job is never replaced')
	WHEN NEW.state IN ('pending', 'active')
		AND EXISTS (SELECT 1 FROM runs WHERE id = NEW.run_id
			AND state IN ('complete', 'failed', 'superseded'))
	THEN RAISE (ABORT, 'a run that has ended has no live job')
	END;
END;

CREATE TRIGGER jobs_update BEFORE UPDATE ON jobs
BEGIN
	SELECT CASE
	WHEN NEW.run_id IS NOT OLD.run_id OR NEW.job_id IS NOT OLD.job_id
	THEN RAISE (ABORT, 'the key of a job never changes')
	WHEN NEW.state IS OLD.state THEN NULL
	WHEN NOT ((OLD.state = 'pending'
			AND NEW.state IN ('active', 'skipped', 'aborted'))
		OR (OLD.state = 'active'
			AND NEW.state IN ('complete', 'failed', 'aborted')))
	THEN RAISE (ABORT, 'a job has no such edge')
	END;
END;
