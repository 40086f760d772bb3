-- +goose NO TRANSACTION
-- +goose Up

-- Everything here can be repeated, like 0002.

-- Teams are told no weekly figures any more.
INSERT INTO oldest_schema (id, version) VALUES (1, 78) ON CONFLICT (id) DO UPDATE SET version = excluded.version;
ALTER TABLE teams DROP COLUMN IF EXISTS weekly;
