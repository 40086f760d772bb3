-- +goose NO TRANSACTION
-- +goose Up

-- Everything here can be repeated, like 0002.

-- A customer may be known by several keys: a phone number and a provider's own id. Each key is a
-- row; same_as names the first one, which stands for the customer. What customers want to get is
-- kept with that one.
ALTER TABLE identities
	ADD COLUMN IF NOT EXISTS same_as bigint,                       -- NULL = this one is the first
	ADD COLUMN IF NOT EXISTS opted_out text NOT NULL DEFAULT '';   -- marketing, all; '' = nothing is forbidden
DROP INDEX IF EXISTS identities_same;
CREATE INDEX CONCURRENTLY identities_same ON identities (same_as) WHERE same_as IS NOT NULL;

-- A lane rests after a success where the provider wants a pace towards one customer.
ALTER TABLE lanes ADD COLUMN IF NOT EXISTS rest_until timestamptz;  -- Parley's clock

-- What a provider counts and charges a message as.
ALTER TABLE messages
	ADD COLUMN IF NOT EXISTS parts int NOT NULL DEFAULT 0,
	ADD COLUMN IF NOT EXISTS cost text NOT NULL DEFAULT '';
ALTER TABLE conversations ADD COLUMN IF NOT EXISTS cost text NOT NULL DEFAULT ''; -- of the newest message

-- Files that a provider keeps for us until they are fetched. A row stays as long as its message:
-- it holds the blob.
CREATE TABLE IF NOT EXISTS fetches (
	id bigint PRIMARY KEY,
	account_id bigint NOT NULL,
	conversation_id bigint NOT NULL,
	message_id bigint NOT NULL,
	n int NOT NULL,                               -- which file of the message
	ref text NOT NULL,
	size_bytes bigint NOT NULL DEFAULT 0,         -- as the provider says; 0 = unknown
	state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'fetched', 'failed')),
	attempt int NOT NULL DEFAULT 0,
	epoch bigint NOT NULL DEFAULT 0,              -- rises with each claim: the fence
	due_at timestamptz,                           -- Parley's clock; NULL = done
	leased_until timestamptz,                     -- database's clock
	first_at timestamptz,
	blob text,
	reason text NOT NULL DEFAULT '',              -- why it failed, for people
	created_at timestamptz NOT NULL
);
DROP INDEX IF EXISTS fetches_due;
CREATE INDEX CONCURRENTLY fetches_due ON fetches (account_id, due_at) WHERE due_at IS NOT NULL;
DROP INDEX IF EXISTS fetches_message;
CREATE INDEX CONCURRENTLY fetches_message ON fetches (message_id);
DROP INDEX IF EXISTS fetches_blob;
CREATE INDEX CONCURRENTLY fetches_blob ON fetches (blob) WHERE blob IS NOT NULL;

-- What a customer's reaction to a message is now, and which line tells it.
CREATE TABLE IF NOT EXISTS reactions (
	account_id bigint NOT NULL,
	target text NOT NULL,                         -- the provider's id of the message
	identity_id bigint NOT NULL,
	emoji text NOT NULL DEFAULT '',               -- '' = taken back
	delivery_id bigint NOT NULL DEFAULT 0,        -- the line
	PRIMARY KEY (account_id, target, identity_id)
);
