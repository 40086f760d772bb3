-- +goose NO TRANSACTION
-- +goose Up

-- Everything here can be repeated, like 0002.

-- The transaction that wrote or changed a row: by it the figures find what is new. NULL = before there were figures.
ALTER TABLE messages ADD COLUMN IF NOT EXISTS changed xid8;
ALTER TABLE messages ALTER COLUMN changed SET DEFAULT pg_current_xact_id();
DROP INDEX CONCURRENTLY IF EXISTS messages_changed;
CREATE INDEX CONCURRENTLY messages_changed ON messages (changed) WHERE changed IS NOT NULL;
ALTER TABLE log_entries ADD COLUMN IF NOT EXISTS changed xid8;
ALTER TABLE log_entries ALTER COLUMN changed SET DEFAULT pg_current_xact_id();
DROP INDEX CONCURRENTLY IF EXISTS log_entries_changed;
CREATE INDEX CONCURRENTLY log_entries_changed ON log_entries (changed) WHERE changed IS NOT NULL;

-- How far the figures are. One row; whoever holds it measures.
CREATE TABLE IF NOT EXISTS measured (
	id int PRIMARY KEY CHECK (id = 1),
	upto xid8 NOT NULL,                   -- changes by transactions before this one are in the figures
	below bigint NOT NULL,                -- conversations from this number on were measured by the present hours; 0 = all
	restored bigint NOT NULL DEFAULT 0,   -- the latest row of restores then: after another restore transactions count anew
	hours text NOT NULL DEFAULT ''        -- a hash of all accounts' business hours then
);
INSERT INTO measured (id, upto, below)
SELECT 1, pg_snapshot_xmin(pg_current_snapshot()), coalesce((SELECT max(id) FROM conversations), 0) + 1
ON CONFLICT DO NOTHING;

-- What one conversation contributes to the figures: of a day in its account's zone, for a team and an agent.
-- docs/measures.md says what the columns count. Times are whole seconds; those that end in _open count business hours.
-- NULL = 0: most are, and take no room.
CREATE TABLE IF NOT EXISTS measure_shares (
	conversation_id bigint NOT NULL,
	day date NOT NULL,
	team_id bigint NOT NULL,              -- 0 = none
	agent_id bigint NOT NULL,             -- 0 = nobody
	account_id bigint NOT NULL,
	opened bigint,
	reopened bigint,
	resolved bigint,
	abandoned bigint,
	messages_in bigint,
	messages_out bigint,
	first_count bigint,
	first_sum bigint,
	first_sum_open bigint,
	first_worst bigint,
	first_worst_open bigint,
	next_count bigint,
	next_sum bigint,
	next_sum_open bigint,
	next_worst bigint,
	next_worst_open bigint,
	ended_sum bigint,
	ended_sum_open bigint,
	ended_worst bigint,
	ended_worst_open bigint,
	PRIMARY KEY (conversation_id, day, team_id, agent_id)
);
CREATE INDEX IF NOT EXISTS measure_shares_day ON measure_shares (account_id, team_id, day);

-- By which labels a conversation's shares are in measure_days. No row = by none.
CREATE TABLE IF NOT EXISTS measure_labels (
	conversation_id bigint PRIMARY KEY,
	tags text[] NOT NULL,
	intent text NOT NULL,
	mood text NOT NULL
);

-- The sums of all shares, by day, account and team: of all conversations, and of those of each agent, tag, intent
-- and mood. The …_worst are upper bounds: they don't fall when a share is corrected.
CREATE TABLE IF NOT EXISTS measure_days (
	kind text NOT NULL CHECK (kind IN ('all', 'agent', 'tag', 'intent', 'mood')),
	day date NOT NULL,
	value text NOT NULL,                  -- kind agent: the agent's number; all: ''
	account_id bigint NOT NULL,
	team_id bigint NOT NULL,
	opened bigint NOT NULL,
	reopened bigint NOT NULL,
	resolved bigint NOT NULL,
	abandoned bigint NOT NULL,
	messages_in bigint NOT NULL,
	messages_out bigint NOT NULL,
	first_count bigint NOT NULL,
	first_sum bigint NOT NULL,
	first_sum_open bigint NOT NULL,
	first_worst bigint NOT NULL,
	first_worst_open bigint NOT NULL,
	next_count bigint NOT NULL,
	next_sum bigint NOT NULL,
	next_sum_open bigint NOT NULL,
	next_worst bigint NOT NULL,
	next_worst_open bigint NOT NULL,
	ended_sum bigint NOT NULL,
	ended_sum_open bigint NOT NULL,
	ended_worst bigint NOT NULL,
	ended_worst_open bigint NOT NULL,
	PRIMARY KEY (kind, day, value, account_id, team_id)
) WITH (fillfactor = 70, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.05);
