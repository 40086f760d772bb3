-- +goose NO TRANSACTION
-- +goose Up

-- Everything here can be repeated, like 0002.

-- Contacts that were erased, or are being erased: store/erase. What is left of who they were is keyed hashes.
CREATE TABLE IF NOT EXISTS erasures (
	id uuid PRIMARY KEY,
	contacts bigint[] NOT NULL,
	hashes bytea[] NOT NULL,              -- of their addresses and numbers, with the key below
	asked_by text NOT NULL,               -- which colleague, or which account of the machine
	asked_at timestamptz NOT NULL,        -- the database's clock, as the next one
	done_at timestamptz,                  -- NULL = it goes on
	sealed bytea,                         -- what is looked for in other texts; NULL once it is done
	counts jsonb NOT NULL DEFAULT '{}',   -- what was removed so far, by place
	certificate jsonb                     -- NULL = it goes on
);
CREATE INDEX IF NOT EXISTS erasures_asked ON erasures (asked_at DESC, id);

-- Keyed hashes of the facts that were erased: what comes again under such a name is passed over.
CREATE TABLE IF NOT EXISTS erased_facts (
	account_id bigint NOT NULL,
	fact uuid NOT NULL,                   -- the first half of the HMAC-SHA256 of the external_id
	erasure_id uuid NOT NULL,
	PRIMARY KEY (account_id, fact)
);

-- Files that may have to go, until it is certain that nobody else has the same bytes.
CREATE TABLE IF NOT EXISTS erased_blobs (
	erasure_id uuid NOT NULL,
	hash text NOT NULL,
	PRIMARY KEY (erasure_id, hash)
);

-- The key of the hashes, sealed with the master key.
CREATE TABLE IF NOT EXISTS erasure_key (
	id int PRIMARY KEY CHECK (id = 1),
	sealed bytea NOT NULL
);

-- For the page of the log: the newest first, from any day on.
DROP INDEX CONCURRENTLY IF EXISTS log_entries_at;
CREATE INDEX CONCURRENTLY log_entries_at ON log_entries (at, id);
