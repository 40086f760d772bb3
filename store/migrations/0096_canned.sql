-- +goose NO TRANSACTION
-- +goose Up

-- Canned replies: those for all, and each agent's own. Both are JSON arrays of store.Canned.
ALTER TABLE settings ADD COLUMN IF NOT EXISTS canned jsonb NOT NULL DEFAULT '[]';
ALTER TABLE agents ADD COLUMN IF NOT EXISTS canned jsonb NOT NULL DEFAULT '[]';
