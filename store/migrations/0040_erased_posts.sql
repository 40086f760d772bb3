-- +goose Up

-- What stands in chats about contacts that are being erased: Parley's own posts, which go one by one, and what
-- colleagues wrote, which only people can delete. The rows go with the end of the erasure.
CREATE TABLE IF NOT EXISTS erased_posts (
	erasure_id uuid NOT NULL,
	account_id bigint NOT NULL,             -- the chat
	channel text NOT NULL,                  -- '' = a direct message
	message text NOT NULL,
	thread text NOT NULL DEFAULT '',        -- the first message of its thread
	recipient text NOT NULL DEFAULT '',     -- of a direct message
	kind text NOT NULL,                     -- as posts.kind
	conversation_id bigint NOT NULL,
	message_id bigint NOT NULL DEFAULT 0,
	asked boolean NOT NULL DEFAULT false,   -- it is on its way out: posts.version says what became of it
	PRIMARY KEY (erasure_id, account_id, channel, message)
);
