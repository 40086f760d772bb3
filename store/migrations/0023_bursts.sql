-- +goose Up

-- What customers wrote and nobody has analysed yet, a row for each conversation. Everything that a customer
-- writes until it is due is analysed together. Times are Parley's clock, but for the lease.
CREATE TABLE IF NOT EXISTS bursts (
	conversation_id bigint PRIMARY KEY,
	first_event bigint NOT NULL,          -- the event of its first message
	last_event bigint NOT NULL,           -- the event of its latest message
	began_at timestamptz NOT NULL,
	due_at timestamptz NOT NULL,          -- when it is to be analysed: a little after its latest message
	attempt int NOT NULL DEFAULT 0,       -- attempts to analyse it
	epoch bigint NOT NULL DEFAULT 0,      -- rises each time a process takes it: the fence
	leased_until timestamptz              -- the process that took it has it until then; the database's clock
) WITH (fillfactor = 70, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX IF NOT EXISTS bursts_due ON bursts (due_at);
