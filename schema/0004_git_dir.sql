ALTER TABLE runs ADD COLUMN git_dir TEXT;
ALTER TABLE runs ADD COLUMN sentry_trace_id TEXT;
