-- +goose NO TRANSACTION
-- +goose Up

-- Who works on an account, and with which rights; empty means everybody: see store.AccountPerson.
ALTER TABLE accounts ADD COLUMN IF NOT EXISTS people jsonb NOT NULL DEFAULT '[]';
