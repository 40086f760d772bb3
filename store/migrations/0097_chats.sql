-- +goose NO TRANSACTION
-- +goose Up

-- Each agent's latest chats with colleagues: a JSON array of store.Chat, the newest first.
ALTER TABLE agents ADD COLUMN IF NOT EXISTS chats jsonb NOT NULL DEFAULT '[]';
