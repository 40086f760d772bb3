-- +goose NO TRANSACTION
-- +goose Up

-- Everything here can be repeated, like 0002.

-- Replies that were refused, the newest first: admins look at those whose customers still wait.
DROP INDEX CONCURRENTLY IF EXISTS messages_refused;
CREATE INDEX CONCURRENTLY messages_refused ON messages (said_at DESC) WHERE fate = 'failed';

-- By what an admin is told: mail, or text (to a phone).
ALTER TABLE notices ADD COLUMN IF NOT EXISTS kind text NOT NULL DEFAULT 'mail';
