-- +goose Up

-- When the customer's newest wish was said: about all messages, and about advertising alone. NULL = never, or in a version before
-- this one, which leaves both as they are. An older wish that is learned of later doesn't count.
ALTER TABLE identities
	ADD COLUMN IF NOT EXISTS consent_at timestamptz,
	ADD COLUMN IF NOT EXISTS marketing_at timestamptz;
