-- +goose NO TRANSACTION
-- +goose Up

-- Everything here can be repeated: without a transaction, a migration that was cut off
-- begins again. The indexes are built beside running writers.

-- Deliveries of a lane that follow each other may leave as one message (a run): those with the
-- same join_key, while their join_size, in thousandths of what one message holds, fits.
ALTER TABLE deliveries
	ADD COLUMN IF NOT EXISTS join_key text NOT NULL DEFAULT '', -- '' = leaves alone
	ADD COLUMN IF NOT EXISTS join_size int NOT NULL DEFAULT 0,
	ADD COLUMN IF NOT EXISTS joined bigint NOT NULL DEFAULT 0;  -- the first delivery of the run; 0 = it is the first, or alone
DROP INDEX IF EXISTS deliveries_joined;
CREATE INDEX CONCURRENTLY deliveries_joined ON deliveries (joined) WHERE joined <> 0;

-- What the root showed when it was last queued: it is brought up to date only when that changed.
ALTER TABLE threads ADD COLUMN IF NOT EXISTS card text NOT NULL DEFAULT '';

-- Each restore from a backup. What was typed before work began again may have been
-- dealt with by the Parley that was lost: nothing of it leaves by itself.
CREATE TABLE IF NOT EXISTS restores (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	backup_at timestamptz NOT NULL,              -- the snapshot's time
	restored_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	served_at timestamptz                        -- when a process first worked on it; NULL = none yet
);

-- How far old payloads were emptied, and blobs looked at.
CREATE TABLE IF NOT EXISTS retention (
	id int PRIMARY KEY CHECK (id = 1),
	events_upto bigint NOT NULL DEFAULT 0,       -- events up to here are emptied, or listed in retained
	blobs_upto text NOT NULL DEFAULT ''          -- blobs up to here were looked at in this round
);
INSERT INTO retention (id) VALUES (1) ON CONFLICT DO NOTHING;

-- Old events that were not applied yet when their time came.
CREATE TABLE IF NOT EXISTS retained (event_id bigint PRIMARY KEY);

DROP INDEX IF EXISTS events_blob;
CREATE INDEX CONCURRENTLY events_blob ON events (blob) WHERE blob IS NOT NULL;

-- What waits for a person's decision is counted every few seconds.
DROP INDEX IF EXISTS messages_unclear;
CREATE INDEX CONCURRENTLY messages_unclear ON messages (conversation_id) WHERE fate = 'unclear';
