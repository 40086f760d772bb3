-- +goose NO TRANSACTION
-- +goose Up

-- Everything here can be repeated, like 0002.

-- The first posts of questions aside: to channels, and to one person.
DROP INDEX CONCURRENTLY IF EXISTS posts_aside;
CREATE INDEX CONCURRENTLY posts_aside ON posts (conversation_id) WHERE kind IN ('aside', 'asked');
