-- +goose Up

-- The single times of one conversation that are in measure_spreads, and by which labels. A version before this one
-- measures without them, so that they are kept apart from what it writes: once none of its processes is left, all
-- conversations are measured again.
CREATE TABLE IF NOT EXISTS measure_times (
	conversation_id bigint PRIMARY KEY,
	tags text[] NOT NULL,
	intent text NOT NULL,
	mood text NOT NULL,
	times text[] NOT NULL                 -- each: day, account, team, agent, what was measured, its two lengths
) WITH (fillfactor = 80, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.05);

-- How often times of about the same length came, for medians: of the days, weeks and spans of four weeks of measure_days
-- and measure_spans. Only who holds the row of measured changes them.
CREATE TABLE IF NOT EXISTS measure_spreads (
	kind text NOT NULL,
	days int NOT NULL CHECK (days IN (1, 7, 28)),
	day date NOT NULL,                    -- the first one
	value text NOT NULL,
	account_id bigint NOT NULL,
	team_id bigint NOT NULL,
	wall bytea NOT NULL,                  -- by the clock: pairs of numbers, a length and how often it came
	open bytea NOT NULL,                  -- in business hours
	PRIMARY KEY (kind, days, day, value, account_id, team_id)
) WITH (fillfactor = 60, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.05);
