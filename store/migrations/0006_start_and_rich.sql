-- +goose Up

-- What a message carries besides its text (buttons, a list, a place, a card), and the
-- provider's id of the one message that it answers.
ALTER TABLE messages
	ADD COLUMN IF NOT EXISTS rich jsonb,
	ADD COLUMN IF NOT EXISTS reply_to text NOT NULL DEFAULT '';
