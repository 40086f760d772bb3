-- +goose Up

-- When an account came to be: what customers sent from then on is taken, also when Parley looks
-- for the first time much later. NULL = a version made it that did not note that.
ALTER TABLE accounts ADD COLUMN IF NOT EXISTS begins_at timestamptz;
ALTER TABLE accounts ALTER COLUMN begins_at SET DEFAULT clock_timestamp(); -- database's clock
