-- +goose NO TRANSACTION
-- +goose Up

-- Everything here can be repeated, like 0002.

-- What somebody was told once belongs to its conversation, and goes when that ended long ago.
DROP INDEX CONCURRENTLY IF EXISTS posts_told;
CREATE INDEX CONCURRENTLY posts_told ON posts (conversation_id) WHERE kind = 'told';
