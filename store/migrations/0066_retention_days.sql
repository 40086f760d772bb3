-- +goose Up

-- For how many days an admin wants what arrived, and the deliveries of ended conversations, to be kept: {} is as usual.
-- A version before this one keeps them as usual.
ALTER TABLE settings ADD COLUMN IF NOT EXISTS retention jsonb NOT NULL DEFAULT '{}';
