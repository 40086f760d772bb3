-- +goose Up

-- The replies that an analysis suggested last, a row for each conversation that has some. They go when the
-- conversation ends.
CREATE TABLE IF NOT EXISTS suggested_replies (
	conversation_id bigint PRIMARY KEY REFERENCES conversations ON DELETE CASCADE,
	event_id bigint NOT NULL,             -- the event of the latest message that was analysed: it names this row's replies
	replies jsonb NOT NULL                -- a list, the best first
) WITH (autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);

-- What was answered in conversations that were resolved, without who their customers are: it helps to answer
-- others. A row for each, while it is resolved.
CREATE TABLE IF NOT EXISTS solved (
	conversation_id bigint NOT NULL REFERENCES conversations ON DELETE CASCADE,
	account_id bigint NOT NULL,
	team_id bigint NOT NULL,              -- 0 = none
	intent text NOT NULL,                 -- "" = nobody knows
	tags text[] NOT NULL,
	agent_id bigint NOT NULL,             -- who answered last; 0 = nobody
	asked text NOT NULL,
	answered text NOT NULL,               -- "" = nothing that could be said to somebody else
	config regconfig NOT NULL,            -- the language, as PostgreSQL's search calls it
	words tsvector NOT NULL,
	PRIMARY KEY (account_id, team_id, conversation_id)
);
-- A hash has no order, so that no plan looks for an account's newest by walking through all accounts.
CREATE INDEX IF NOT EXISTS solved_conversation ON solved USING hash (conversation_id);

-- Conversations that were resolved and are not in solved yet.
CREATE TABLE IF NOT EXISTS solved_due (
	conversation_id bigint PRIMARY KEY REFERENCES conversations ON DELETE CASCADE
) WITH (autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);
INSERT INTO solved_due (conversation_id) SELECT id FROM conversations WHERE status = 'resolved' ORDER BY id DESC LIMIT 2000 ON CONFLICT DO NOTHING;

-- By a trigger, since processes of the version before resolve and reopen conversations, too.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION conversation_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.status = 'resolved' THEN
		INSERT INTO solved_due (conversation_id) VALUES (NEW.id) ON CONFLICT DO NOTHING;
	ELSE
		DELETE FROM solved_due WHERE conversation_id = NEW.id;
		DELETE FROM solved WHERE conversation_id = NEW.id;
	END IF;
	RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE OR REPLACE TRIGGER conversations_ended AFTER UPDATE ON conversations FOR EACH ROW
	WHEN (NEW.status <> OLD.status AND 'resolved' IN (NEW.status, OLD.status))
	EXECUTE FUNCTION conversation_ended();

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
