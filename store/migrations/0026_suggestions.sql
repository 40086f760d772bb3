-- +goose Up

-- What notes of analyses suggested, each once for a conversation, and what became of it.
CREATE TABLE IF NOT EXISTS suggestions (
	conversation_id bigint NOT NULL,
	kind text NOT NULL,                   -- tag, template, priority, reply, assign, snooze
	value text NOT NULL,                  -- the tag's name, the template's, the priority …
	shown_at timestamptz NOT NULL,        -- Parley's clock
	fate text NOT NULL DEFAULT '',        -- used, edited, ignored; '' = nobody knows yet
	PRIMARY KEY (conversation_id, kind, value)
);
CREATE INDEX IF NOT EXISTS suggestions_shown ON suggestions (shown_at);
