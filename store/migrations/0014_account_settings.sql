-- +goose Up

-- What accounts choose under settings: in the set-up file, for all that choose nothing else
-- themselves: names and values, like accounts.settings. A version that doesn't know it goes by the
-- accounts' own settings and the defaults.
ALTER TABLE settings ADD COLUMN IF NOT EXISTS account_settings jsonb NOT NULL DEFAULT '{}';
