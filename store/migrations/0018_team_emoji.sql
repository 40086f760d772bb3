-- +goose Up

-- What emoji do in a team's channels, beside the usual: a name and a verb each.
ALTER TABLE teams ADD COLUMN IF NOT EXISTS emoji jsonb NOT NULL DEFAULT '{}';
