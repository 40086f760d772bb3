-- +goose NO TRANSACTION
-- +goose Up

-- Everything here can be repeated, like 0002.

-- Since when a post is kept for a while only: for the text in early, which waits for a choice or for its
-- message, or because it reminds that somebody was told something about a channel. NULL = for good, or
-- written by an earlier version.
ALTER TABLE posts ADD COLUMN IF NOT EXISTS kept_at timestamptz;
DROP INDEX CONCURRENTLY IF EXISTS posts_kept;
CREATE INDEX CONCURRENTLY posts_kept ON posts (kept_at)
	WHERE early IS NOT NULL OR kind = 'told' AND conversation_id = 0;

-- A picture of a signature, and of no message: it goes when no signature shows it.
ALTER TABLE uploads ADD COLUMN IF NOT EXISTS picture boolean NOT NULL DEFAULT false;

-- For the list of blocked senders; there are few.
DROP INDEX CONCURRENTLY IF EXISTS identities_blocked;
CREATE INDEX CONCURRENTLY identities_blocked ON identities (account_id, key) WHERE blocked;
