-- +goose Up

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
