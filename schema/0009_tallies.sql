-- How many runs have ended, and how long they took: counting a million rows
-- for every look is not flat. Kept by triggers from here on, begun with the
-- runs that there are.
--
-- The class of a duration is the first digit and the number of digits of what
-- is one less, in milliseconds: 15 is all above 10 s up to 20 s. A formula as
-- short as that, since every opener parses the triggers. It is empty where a
-- run never started.
CREATE TABLE tallies (
	repo TEXT NOT NULL,
	state TEXT NOT NULL,
	class TEXT NOT NULL,
	runs INTEGER NOT NULL,
	duration_ms INTEGER NOT NULL,
	PRIMARY KEY (repo, state, class)
) WITHOUT ROWID;
INSERT INTO tallies (repo, state, class, runs, duration_ms)
SELECT repo, state, coalesce(substr(less, 1, 1) || length(less), '') AS class,
	count(*), sum(coalesce(finished_at_ms - started_at_ms, 0))
FROM (SELECT *, max(finished_at_ms - started_at_ms, 1) - 1 AS less FROM runs)
WHERE finished_at_ms IS NOT NULL
GROUP BY repo, state, class;
