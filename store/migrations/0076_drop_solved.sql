-- +goose NO TRANSACTION
-- +goose Up

-- Everything here can be repeated, like 0002.

-- Nothing is learned from resolved conversations any more.
INSERT INTO oldest_schema (id, version) VALUES (1, 76) ON CONFLICT (id) DO UPDATE SET version = excluded.version;
DROP TRIGGER IF EXISTS conversations_ended ON conversations;
DROP FUNCTION IF EXISTS conversation_ended();
DROP TABLE IF EXISTS solved_due;
DROP TABLE IF EXISTS solved;
