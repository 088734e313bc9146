ALTER TABLE runs RENAME COLUMN auth_token TO run_token;
