-- +goose Up

-- Chats that agents work in, and whether they can be reached. Times are Parley's clock.
CREATE TABLE IF NOT EXISTS outages (
	account_id bigint PRIMARY KEY,               -- the surface
	reached_at timestamptz NOT NULL,             -- when a process reached it last, or first asked
	asked_at timestamptz NOT NULL,               -- when a process asked last
	told_at timestamptz                          -- when admins were told that it is away; NULL = it is there
);

-- Mails of Parley's own to admins, for what they can't be told in a chat.
CREATE TABLE IF NOT EXISTS notices (
	id bigint PRIMARY KEY,
	address text NOT NULL,
	subject text NOT NULL,
	body text NOT NULL,
	account_id bigint NOT NULL DEFAULT 0,        -- the mailbox of the last attempt; 0 = there was none
	state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sending', 'unknown', 'sent', 'failed')),
	attempt int NOT NULL DEFAULT 0,
	first_at timestamptz,                        -- of the first attempt, database's clock
	due_at timestamptz NOT NULL,
	leased_until timestamptz,                    -- while an attempt runs, database's clock
	error_text text NOT NULL DEFAULT '',
	created_at timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS notices_due ON notices (due_at) WHERE state IN ('queued', 'sending', 'unknown');
