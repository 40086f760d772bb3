-- +goose NO TRANSACTION
-- +goose Up

-- Nothing reads it since 0041, and each change of a conversation wrote it.
DROP INDEX CONCURRENTLY IF EXISTS conversations_waiting;
