-- +goose NO TRANSACTION
-- +goose Up

-- Everything here can be repeated, like 0002.

-- The thread in which a person typed a message; '' = an earlier version took it, or it came by a form.
ALTER TABLE messages ADD COLUMN IF NOT EXISTS thread text NOT NULL DEFAULT '';

-- For the list of what was closed; there are few.
DROP INDEX CONCURRENTLY IF EXISTS conversations_closed;
CREATE INDEX CONCURRENTLY conversations_closed ON conversations USING gin (assignees)
	WHERE kind = 'customer' AND status = 'closed';
