-- +goose Up

-- The settings site. Who is signed in: a row for each browser, found by a hash of the token in its cookie.
CREATE TABLE IF NOT EXISTS site_sessions (
	token text PRIMARY KEY,
	data bytea NOT NULL,
	expires_at timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS site_sessions_expire ON site_sessions (expires_at);

-- Agents who signed out everywhere: sessions that began before that time count for nothing.
CREATE TABLE IF NOT EXISTS site_sign_outs (
	agent_id bigint PRIMARY KEY REFERENCES agents ON DELETE CASCADE,
	at timestamptz NOT NULL
);

-- Links that sign an admin in once. Only a hash of what the link holds is kept.
CREATE TABLE IF NOT EXISTS site_links (
	hash bytea PRIMARY KEY,
	agent_id bigint REFERENCES agents ON DELETE CASCADE,   -- NULL = whoever opens it becomes an admin
	expires_at timestamptz NOT NULL,
	used_at timestamptz
);

-- What was changed in the set-up, by whom, in words as parley apply prints them. Secrets never stand there.
CREATE TABLE IF NOT EXISTS setup_changes (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	at timestamptz NOT NULL DEFAULT clock_timestamp(),
	agent_id bigint,                                       -- NULL = nobody was signed in: a command
	author text NOT NULL,                                  -- an agent's e-mail address, or the command
	lines text[] NOT NULL
);
