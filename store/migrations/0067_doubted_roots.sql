-- +goose NO TRANSACTION
-- +goose Up

-- Everything here can be repeated; see 0002.

-- Whether the first message of a thread may be there twice: '' = no, 'sought' = another one is looked for, 'stays' = there is
-- one, or nobody could look. A version before this one leaves it as it is.
ALTER TABLE threads ADD COLUMN IF NOT EXISTS doubt text NOT NULL DEFAULT '';
DROP INDEX CONCURRENTLY IF EXISTS threads_doubted;
CREATE INDEX CONCURRENTLY threads_doubted ON threads (account_id, channel) WHERE doubt <> '';
