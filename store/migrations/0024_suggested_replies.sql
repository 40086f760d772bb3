-- +goose Up

-- The replies that an analysis suggested last, a row for each conversation that has some. They go when the
-- conversation ends.
CREATE TABLE IF NOT EXISTS suggested_replies (
	conversation_id bigint PRIMARY KEY REFERENCES conversations ON DELETE CASCADE,
	event_id bigint NOT NULL,             -- the event of the latest message that was analysed: it names this row's replies
	replies jsonb NOT NULL                -- a list, the best first
) WITH (autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);

-- Where an admin lets suggestions be drawn from: folders of this machine and web sites.
CREATE TABLE IF NOT EXISTS knowledge_places (
	place text PRIMARY KEY,               -- a folder's path, or the address at which a web site is entered
	read_at timestamptz,                  -- when it was last looked through, Parley's clock; NULL = never
	problem text NOT NULL DEFAULT ''      -- why something in it could not be read, for people
);

-- What was read there: a file or a web page.
CREATE TABLE IF NOT EXISTS knowledge_pages (
	place text NOT NULL REFERENCES knowledge_places ON DELETE CASCADE,
	address text NOT NULL,                -- a path below the folder, or the page's address
	etag text NOT NULL DEFAULT '',        -- by which a server tells that nothing has changed
	modified text NOT NULL DEFAULT '',    -- the same, as the server writes times
	links text[] NOT NULL DEFAULT '{}',   -- the pages of the site that it leads to
	PRIMARY KEY (place, address)
);

-- The parts of a page, below a heading each, and their words in the language that they are written in.
CREATE TABLE IF NOT EXISTS knowledge_sections (
	place text NOT NULL,
	address text NOT NULL,
	position int NOT NULL,
	title text NOT NULL,
	body text NOT NULL,
	config regconfig NOT NULL,            -- the language, as PostgreSQL's search calls it
	words tsvector NOT NULL,
	PRIMARY KEY (place, address, position),
	FOREIGN KEY (place, address) REFERENCES knowledge_pages ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS knowledge_sections_words ON knowledge_sections USING gin (words);
