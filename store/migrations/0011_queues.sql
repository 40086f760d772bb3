-- +goose NO TRANSACTION
-- +goose Up

-- Everything here can be repeated, like 0002.

-- The journal's queues: a row for each order key that has events to apply. Its events are applied
-- in the order of their places. The next one stands in the row, those behind it in queue_events.
CREATE TABLE IF NOT EXISTS queues (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	key text NOT NULL UNIQUE,                    -- the events' order_key
	account_id bigint NOT NULL,                  -- the account whose share of the appliers' time it uses
	version int NOT NULL,                        -- the newest store.FactVersion among its events
	first_event bigint NOT NULL,                 -- the next event
	place bigint NOT NULL,                       -- its place
	last_place bigint NOT NULL,                  -- the place of the newest event
	due_at timestamptz NOT NULL,                 -- when the next event may be applied, database's clock
	tries smallint NOT NULL DEFAULT 0,           -- attempts to apply the next event that failed; above 0 it is applied alone
	suspect_upto bigint NOT NULL DEFAULT 0,      -- events up to this place are applied alone: one of them made a batch fail
	waits smallint NOT NULL DEFAULT 0,           -- how often the next event was put off, since it can't be applied yet
	waits_for text,                              -- what it waits for; NULL = nothing that has a name
	epoch bigint NOT NULL DEFAULT 0,             -- rises each time an applier takes the queue: the fence
	holder int                                   -- the applier that works on it (holders); NULL = nobody
) WITH (fillfactor = 70, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.05,
	autovacuum_analyze_threshold = 5000, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX IF NOT EXISTS queues_due ON queues (account_id, due_at);
CREATE INDEX IF NOT EXISTS queues_suspect ON queues (due_at) WHERE tries > 0;
CREATE INDEX IF NOT EXISTS queues_waiting ON queues (waits_for) WHERE waits_for IS NOT NULL;

CREATE TABLE IF NOT EXISTS queue_events (
	queue_id bigint NOT NULL,
	place bigint NOT NULL,
	event_id bigint NOT NULL,
	PRIMARY KEY (queue_id, place)
) WITH (autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);

-- A fifth of a table of millions is a lot to leave dead.
ALTER TABLE lanes SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
ALTER TABLE deliveries SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
ALTER TABLE events SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);

-- All events that are not applied yet.
CREATE OR REPLACE VIEW queued AS
	SELECT id AS queue_id, place, first_event AS event_id FROM queues
	UNION ALL
	SELECT queue_id, place, event_id FROM queue_events;

-- Appliers that live. Each holds the advisory lock of its number, in the session with which it
-- writes: when that ends, so does what it has in hand. One that was stopped is given up at until.
CREATE SEQUENCE IF NOT EXISTS holder_ids AS int CYCLE;
CREATE TABLE IF NOT EXISTS holders (
	id int PRIMARY KEY,
	until timestamptz NOT NULL                   -- database's clock
);

-- A statement's way to end its transaction when what it expects is not so.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION parley_require(ok boolean, what text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	IF NOT ok THEN
		RAISE EXCEPTION '% changed meanwhile', what USING ERRCODE = 'PY001';
	END IF;
	RETURN true;
END $$;
-- +goose StatementEnd

-- What is known of facts whose events are gone: that they were here. Facts of Parley itself, which
-- nobody brings again, are not listed.
CREATE TABLE IF NOT EXISTS seen (
	account_id bigint NOT NULL,
	fact uuid NOT NULL,                          -- the first half of the SHA-256 of the external_id
	PRIMARY KEY (account_id, fact)
);

-- How far each round of retention has come, by ids.
ALTER TABLE retention
	ADD COLUMN IF NOT EXISTS seen_upto bigint NOT NULL DEFAULT 0,       -- events up to here are in seen
	ADD COLUMN IF NOT EXISTS dropped_upto bigint NOT NULL DEFAULT 0,    -- emptied events up to here were removed
	ADD COLUMN IF NOT EXISTS deliveries_upto bigint NOT NULL DEFAULT 0, -- deliveries up to here were looked at
	ADD COLUMN IF NOT EXISTS lanes_upto bigint NOT NULL DEFAULT 0,      -- lanes up to here were looked at in this round
	ADD COLUMN IF NOT EXISTS drop_from timestamptz;                     -- from then on events are removed: until then the version before can take over again

-- How many slots of a gate with a rate were given: every fourth goes to another priority.
ALTER TABLE gates ADD COLUMN IF NOT EXISTS given bigint NOT NULL DEFAULT 0;

-- Who opened conversations lately, by account: an address, or a mail domain with its @. Like a
-- gate's bucket: free_at is when all that was taken has come back. A row whose time has passed
-- says nothing and is removed.
CREATE TABLE IF NOT EXISTS openings (
	account_id bigint NOT NULL,
	origin text NOT NULL,
	free_at timestamptz NOT NULL,                -- Parley's clock
	PRIMARY KEY (account_id, origin)
);

-- The thread of a day in which mails above that limit are collected: kind automatic, without a day.
ALTER TABLE conversations ADD COLUMN IF NOT EXISTS collects date; -- whose day it is; NULL = it collects nothing
DROP INDEX CONCURRENTLY IF EXISTS conversations_collects;
CREATE UNIQUE INDEX CONCURRENTLY conversations_collects ON conversations (account_id, collects) WHERE collects IS NOT NULL;

-- Channels to which their surface gave another id. Threads, posts and messages follow in batches.
CREATE TABLE IF NOT EXISTS channel_moves (
	account_id bigint NOT NULL,
	former text NOT NULL,
	current text NOT NULL,
	began_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	done_at timestamptz,                         -- a whole pass found nothing left to move; NULL = it goes on
	leased_until timestamptz,
	PRIMARY KEY (account_id, former)
);

-- What follows serves processes of the version before, which queue events in pending: they go
-- on accepting, and leave all applying to processes of this version.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION queue_pending() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	WITH gone AS (
		DELETE FROM pending RETURNING event_id, tries
	), fresh AS MATERIALIZED (
		SELECT e.id, e.account_id, e.order_key, gone.tries, row_number() OVER (PARTITION BY e.order_key ORDER BY e.id) AS rank,
			count(*) OVER (PARTITION BY e.order_key) AS n
		FROM gone
		JOIN events AS e ON e.id = gone.event_id
	), put AS (
		INSERT INTO queues AS q (key, account_id, version, first_event, place, last_place, due_at, tries)
		SELECT f.order_key, f.account_id, 0, f.id, f.id, f.id + f.n - 1,
			greatest(clock_timestamp(), (SELECT b.until FROM blocked AS b WHERE b.order_key = f.order_key)), f.tries
		FROM fresh AS f
		WHERE f.rank = 1
		ORDER BY f.order_key
		ON CONFLICT (key) DO UPDATE
		SET last_place = greatest(q.last_place, EXCLUDED.place - 1) + EXCLUDED.last_place - EXCLUDED.place + 1
		RETURNING q.id, q.key, q.first_event, q.last_place
	)
	INSERT INTO queue_events (queue_id, place, event_id)
	SELECT put.id, put.last_place - f.n + f.rank, f.id
	FROM fresh AS f
	JOIN put ON put.key = f.order_key
	WHERE f.id <> put.first_event;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION queue_new_pending() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM queue_pending();
	RETURN NULL;
END $$;
-- +goose StatementEnd

-- In one transaction: what waits moves, and nothing comes in between. Whoever writes to pending
-- waits until it has ended.
-- +goose StatementBegin
DO $$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = 'pending'::regclass AND tgname = 'pending_queued') THEN
		LOCK TABLE pending IN SHARE ROW EXCLUSIVE MODE;
		PERFORM queue_pending();
		CREATE TRIGGER pending_queued AFTER INSERT ON pending FOR EACH STATEMENT EXECUTE FUNCTION queue_new_pending();
	END IF;
END $$;
-- +goose StatementEnd
