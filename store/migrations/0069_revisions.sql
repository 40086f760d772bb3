-- +goose Up

-- What a customer made of a message later: its latest words, when and by which event it was changed or deleted, and whether it
-- was deleted (store.Revision). The text stays what it was. NULL = it was neither changed nor deleted, or in a version before this
-- one, which leaves it as it is.
ALTER TABLE messages ADD COLUMN IF NOT EXISTS revision jsonb;
