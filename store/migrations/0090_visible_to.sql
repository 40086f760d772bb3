-- +goose NO TRANSACTION
-- +goose Up

-- Everything here can be repeated, like 0002. The agents who alone read a conversation, empty means everybody who could anyway, and the
-- private channel in which its thread then is. A version before this one leaves them as they are.
ALTER TABLE conversations ADD COLUMN IF NOT EXISTS visible_to bigint[] NOT NULL DEFAULT '{}';
ALTER TABLE conversations ADD COLUMN IF NOT EXISTS private_surface bigint NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN IF NOT EXISTS private_channel text NOT NULL DEFAULT '';
