-- +goose NO TRANSACTION
-- +goose Up

-- The conversation that an erasure is about, if it is about one and not about contacts; 0 = about contacts.
ALTER TABLE erasures ADD COLUMN IF NOT EXISTS conversation_id bigint NOT NULL DEFAULT 0;
