-- +goose NO TRANSACTION
-- +goose Up

-- Everything here can be repeated, like 0002.

-- For the list of silenced senders; there are few.
DROP INDEX CONCURRENTLY IF EXISTS identities_silenced;
CREATE INDEX CONCURRENTLY identities_silenced ON identities (account_id, key) WHERE silenced;
