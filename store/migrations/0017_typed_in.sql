-- +goose Up

-- The thread in which a person typed a message; '' = an earlier version took it, or it came by a form.
ALTER TABLE messages ADD COLUMN IF NOT EXISTS thread text NOT NULL DEFAULT '';
