-- +goose NO TRANSACTION
-- +goose Up

-- Everything here can be repeated; see 0002.

ALTER TABLE conversations ADD COLUMN IF NOT EXISTS window_from timestamptz; -- when the customer last opened the reply window
ALTER TABLE accounts ADD COLUMN IF NOT EXISTS hours jsonb NOT NULL DEFAULT '{}'; -- business hours (package hours); {} = always open

-- Replies that wait for the window are offered again when the customer opens it.
DROP INDEX IF EXISTS messages_parked;
CREATE INDEX CONCURRENTLY messages_parked ON messages (conversation_id) WHERE fate = 'parked';

-- Whose window closes over night, of those that wait for us.
DROP INDEX IF EXISTS conversations_window;
CREATE INDEX CONCURRENTLY conversations_window ON conversations (account_id, window_from)
	WHERE window_from IS NOT NULL AND waiting_since IS NOT NULL AND status IN ('open', 'pending', 'snoozed');
