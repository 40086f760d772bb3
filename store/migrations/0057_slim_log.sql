-- +goose NO TRANSACTION
-- +goose Up

-- Everything here can be repeated; see 0002.

-- Nobody looks for a row of the log by its id alone: the rows of a conversation are found by log_entries_conversation,
-- those of a time by log_entries_time. Rows of one batch have one time, so that PostgreSQL keeps that once; with their
-- ids it could not. A process of the version before reads by the new index as well as by the old one.
ALTER TABLE log_entries DROP CONSTRAINT IF EXISTS log_entries_pkey;
DROP INDEX CONCURRENTLY IF EXISTS log_entries_time;
CREATE INDEX CONCURRENTLY log_entries_time ON log_entries (at);
DROP INDEX CONCURRENTLY IF EXISTS log_entries_at;
