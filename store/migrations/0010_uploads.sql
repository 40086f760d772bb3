-- +goose Up

-- Files that agents uploaded to us, for a customer. A row holds its blob: for ever once a
-- message has it, else for a month, in which the event with the message may be applied.
CREATE TABLE IF NOT EXISTS uploads (
	blob text PRIMARY KEY,
	used boolean NOT NULL DEFAULT false,
	created_at timestamptz NOT NULL DEFAULT clock_timestamp() -- database's clock
);
