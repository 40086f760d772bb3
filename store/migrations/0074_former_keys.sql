-- +goose NO TRANSACTION
-- +goose Up

-- Everything here can be repeated, like 0002.

-- For whoever had a key: it stands behind "former:", the row's id and a colon, and may have colons itself.
DROP INDEX CONCURRENTLY IF EXISTS identities_former;
CREATE INDEX CONCURRENTLY identities_former ON identities (account_id, substring(key FROM '^former:[0-9]+:(.*)$'))
	WHERE starts_with(key, 'former:');
