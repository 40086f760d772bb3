-- +goose NO TRANSACTION
-- +goose Up

-- What a signature is beside its Markdown: how it was written, its HTML and the pictures in that.
-- NULL = the Markdown is all of it.
ALTER TABLE accounts ADD COLUMN IF NOT EXISTS rich_signature jsonb;

-- The signature of an agent's own mails, instead of the account's.
ALTER TABLE agents ADD COLUMN IF NOT EXISTS signature text NOT NULL DEFAULT '';
ALTER TABLE agents ADD COLUMN IF NOT EXISTS rich_signature jsonb;

-- Later automatic mail of this sender is passed over.
ALTER TABLE identities ADD COLUMN IF NOT EXISTS blocked boolean NOT NULL DEFAULT false;

-- A reply that its author calls promotional: some providers let it leave for a shorter time.
ALTER TABLE messages ADD COLUMN IF NOT EXISTS promotional boolean NOT NULL DEFAULT false;
