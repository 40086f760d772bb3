-- +goose Up
-- A board is one message in a team's channel that shows what presses there.
ALTER TABLE teams ADD COLUMN IF NOT EXISTS board boolean NOT NULL DEFAULT false;

CREATE TABLE IF NOT EXISTS boards (
	account_id bigint NOT NULL,
	channel text NOT NULL,
	delivery_id bigint NOT NULL DEFAULT 0,    -- that posted the message, or changed it last
	message text NOT NULL DEFAULT '',         -- the chat's id of the message; '' until it is posted
	shown text NOT NULL DEFAULT '',           -- a digest of what it shows
	checked_at timestamptz NOT NULL DEFAULT 'epoch',
	PRIMARY KEY (account_id, channel)
);
