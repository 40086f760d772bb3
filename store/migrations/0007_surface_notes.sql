-- +goose Up

-- What a surface must know again after a restart, and its replicas know from each other:
-- where its platform is reached, which teams it was added to.
CREATE TABLE IF NOT EXISTS surface_notes (
	account_id bigint NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
	key text NOT NULL,
	value jsonb NOT NULL,
	PRIMARY KEY (account_id, key)
);
