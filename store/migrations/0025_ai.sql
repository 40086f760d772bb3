-- +goose NO TRANSACTION
-- +goose Up

-- Everything here can be repeated, like 0002.

-- How the model is that reads what customers write, as the process saw it that asked it last. One row.
CREATE TABLE IF NOT EXISTS ai_condition (
	id int PRIMARY KEY CHECK (id = 1),
	status text NOT NULL,            -- an analysis.Status
	text text NOT NULL,              -- what happened, for people
	hint text NOT NULL,
	told text NOT NULL DEFAULT '',   -- the trouble that the admins were told of, and that is not over; '' = none
	since timestamptz NOT NULL,      -- Parley's clock, as the next one
	seen_at timestamptz NOT NULL
);

-- What the model cost an account on a day, by UTC and Parley's clock.
CREATE TABLE IF NOT EXISTS ai_tokens (
	account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
	day date NOT NULL,
	tokens bigint NOT NULL DEFAULT 0,   -- used, and reserved by requests that are under way
	refused bigint NOT NULL DEFAULT 0,  -- requests that didn't fit into the day's limit
	PRIMARY KEY (account_id, day)
);

-- What the model was asked about conversations and answered, for whoever asks why. Rows go when the account's
-- ai_audit says, and with their conversation.
CREATE TABLE IF NOT EXISTS ai_exchanges (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	conversation_id bigint NOT NULL REFERENCES conversations ON DELETE CASCADE,
	account_id bigint NOT NULL,
	at timestamptz NOT NULL,             -- Parley's clock
	sealed bytea NOT NULL                -- sealed by the master key, and bound to the conversation
);
CREATE INDEX IF NOT EXISTS ai_exchanges_of ON ai_exchanges (conversation_id, id);
CREATE INDEX IF NOT EXISTS ai_exchanges_old ON ai_exchanges (account_id, at);
