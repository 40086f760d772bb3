-- +goose Up

-- The latest time that the database's clock was seen to show, about once a minute. Where it shows less by more than a
-- minute, it was ahead and has been put right: what it left in the future is brought back (store/clockback).
CREATE TABLE IF NOT EXISTS clock_seen (
	id int PRIMARY KEY CHECK (id = 1),
	at timestamptz NOT NULL
);
INSERT INTO clock_seen (id, at) VALUES (1, clock_timestamp()) ON CONFLICT DO NOTHING;
