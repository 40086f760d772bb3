-- +goose NO TRANSACTION
-- +goose Up

-- Everything here can be repeated, like 0002.

-- Texts that accounts sent by themselves, so that none is sent too often. A row is written with its message, when it is queued.
CREATE TABLE IF NOT EXISTS auto_replies (
	message_id bigint PRIMARY KEY,
	account_id bigint NOT NULL,
	identity_id bigint NOT NULL,
	occasion text NOT NULL,      -- of package routing
	words bigint NOT NULL,       -- a checksum of what the customer wrote
	at timestamptz NOT NULL      -- by Parley's clock
);
CREATE INDEX IF NOT EXISTS auto_replies_customer ON auto_replies (identity_id, at);
CREATE INDEX IF NOT EXISTS auto_replies_account ON auto_replies (account_id, at);
