-- +goose NO TRANSACTION
-- +goose Up

-- Everything here can be repeated, like 0002. Since when a conversation has words of the customer that no agent has
-- dealt with. A version before this one leaves it as it is.
ALTER TABLE conversations ADD COLUMN IF NOT EXISTS unread_since timestamptz;
