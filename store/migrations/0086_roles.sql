-- +goose NO TRANSACTION
-- +goose Up

-- Roles of a company's own, with the lists that they open: a JSON array of store.Role.
ALTER TABLE settings ADD COLUMN IF NOT EXISTS roles jsonb NOT NULL DEFAULT '[]';
