-- +goose Up

-- Texts that are asked for, such as a summary, and that nobody has written yet. What was answered stays for a day
-- without its words, so that the same, asked twice by a double click, is answered once. Times are Parley's clock,
-- but for the lease.
CREATE TABLE IF NOT EXISTS text_requests (
	conversation_id bigint NOT NULL,
	name text NOT NULL,                   -- the same for the same request
	ask jsonb NOT NULL,                   -- what is asked for, and by whom
	asked_at timestamptz NOT NULL,
	due_at timestamptz NOT NULL,          -- when it is to be tried next
	done_at timestamptz,                  -- when it was answered or given up
	attempt int NOT NULL DEFAULT 0,       -- attempts to answer it
	epoch bigint NOT NULL DEFAULT 0,      -- rises each time a process takes it: the fence
	leased_until timestamptz,             -- the process that took it has it until then; the database's clock
	PRIMARY KEY (conversation_id, name)
) WITH (fillfactor = 70, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX IF NOT EXISTS text_requests_due ON text_requests (due_at) WHERE done_at IS NULL;
CREATE INDEX IF NOT EXISTS text_requests_done ON text_requests (done_at) WHERE done_at IS NOT NULL;
