-- +goose NO TRANSACTION
-- +goose Up

-- Further addresses of an account with a name, a signature or a team of their own: see store.AccountAlias.
ALTER TABLE accounts ADD COLUMN IF NOT EXISTS aliases jsonb NOT NULL DEFAULT '[]';
