-- +goose NO TRANSACTION
-- +goose Up

-- Everything here can be repeated, like 0002.

-- Links of web pages aren't followed any more: each page is named.
INSERT INTO oldest_schema (id, version) VALUES (1, 79) ON CONFLICT (id) DO UPDATE SET version = excluded.version;
ALTER TABLE knowledge_pages DROP COLUMN IF EXISTS links;
ALTER TABLE knowledge_pages DROP COLUMN IF EXISTS modified;
