-- +goose NO TRANSACTION
-- +goose Up

-- Everything here can be repeated, like 0002. Tags of single messages.
CREATE TABLE IF NOT EXISTS message_tags (
	message_id bigint NOT NULL,
	tag text NOT NULL,
	agent_id bigint NOT NULL,
	at timestamptz NOT NULL, -- when it was tagged
	PRIMARY KEY (message_id, tag)
);
CREATE INDEX IF NOT EXISTS message_tags_tag ON message_tags (tag);
CREATE INDEX IF NOT EXISTS message_tags_at ON message_tags (at);
