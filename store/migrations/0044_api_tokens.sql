-- +goose Up

-- Tokens by which programs ask for figures and the log, and read or apply the set-up. Times are the database's clock.
CREATE TABLE IF NOT EXISTS api_tokens (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name text NOT NULL,                   -- as its maker calls it
	hash bytea NOT NULL UNIQUE,           -- keyed by the master key: the token itself is nowhere
	scope text NOT NULL,                  -- figures, log, setup, apply
	agent_id bigint NOT NULL REFERENCES agents, -- who made it; it opens nothing that this agent may not
	made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	expires_at timestamptz NOT NULL,
	used_at timestamptz,                  -- to a minute
	revoked_at timestamptz
);
