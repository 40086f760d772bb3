-- +goose Up

-- The schema of the oldest Parley that may work with these tables: one that is older refuses to start. A migration that removes
-- what such a Parley may need says a newer one here, by INSERT … ON CONFLICT (id) DO UPDATE SET version = excluded.version. Until
-- then it is 10, the release before this one.
CREATE TABLE IF NOT EXISTS oldest_schema (
	id int PRIMARY KEY CHECK (id = 1),
	version bigint NOT NULL
);
INSERT INTO oldest_schema (id, version) VALUES (1, 10) ON CONFLICT DO NOTHING;
