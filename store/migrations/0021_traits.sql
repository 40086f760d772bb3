-- +goose NO TRANSACTION
-- +goose Up

-- Everything here can be repeated, like 0002.

-- What verbs set on a conversation that needs no column of its own: by name, in words.
ALTER TABLE conversations ADD COLUMN IF NOT EXISTS traits jsonb NOT NULL DEFAULT '{}';
