-- +goose NO TRANSACTION
-- +goose Up

-- Everything here can be repeated, like 0002.

-- Edits that came before the message that they change, by its conversation: where the message never comes, they
-- are offered to its author.
DROP INDEX CONCURRENTLY IF EXISTS posts_early;
CREATE INDEX CONCURRENTLY posts_early ON posts (conversation_id) WHERE kind = 'early';
