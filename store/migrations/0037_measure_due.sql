-- +goose NO TRANSACTION
-- +goose Up

-- Everything here can be repeated, like 0002.

-- Conversations in which something was said or done since they were measured: a row for each batch, written with what it
-- changed. Whoever measures removes rows, and reads the conversations after that, in one transaction: what is committed
-- later has a row of its own. No index: rows are only added, and read as a whole.
CREATE TABLE IF NOT EXISTS measure_due (
	conversations bigint[] NOT NULL,
	since timestamptz NOT NULL            -- the server's clock
) WITH (autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);

-- Days before this one are closed: their sums stay as they are, and the shares of which they were made are gone.
ALTER TABLE measured ADD COLUMN IF NOT EXISTS closed date NOT NULL DEFAULT '0001-01-01';

-- When a team is told how its week was, as a cron expression; '' = never.
ALTER TABLE teams ADD COLUMN IF NOT EXISTS weekly text NOT NULL DEFAULT '';

-- A share that changes finds room beside itself, so that no index has to be written.
ALTER TABLE measure_shares SET (fillfactor = 70, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.05);

-- What processes of the versions before change is due, too. They leave messages.changed and log_entries.changed to
-- their defaults, and this version writes NULL there. The next version can do without the columns and the triggers.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION conversation_due() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO measure_due (conversations, since) VALUES (ARRAY[NEW.conversation_id], clock_timestamp());
	RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE OR REPLACE TRIGGER messages_due AFTER INSERT OR UPDATE ON messages FOR EACH ROW
	WHEN (NEW.changed IS NOT NULL) EXECUTE FUNCTION conversation_due();
CREATE OR REPLACE TRIGGER log_entries_due AFTER INSERT ON log_entries FOR EACH ROW
	WHEN (NEW.changed IS NOT NULL) EXECUTE FUNCTION conversation_due();

-- What was changed before the triggers and is not in the figures yet.
INSERT INTO measure_due (conversations, since)
SELECT DISTINCT ARRAY[m.conversation_id], (SELECT clock_timestamp()) FROM measured AS p JOIN messages AS m ON m.changed >= p.upto
ON CONFLICT DO NOTHING;
INSERT INTO measure_due (conversations, since)
SELECT DISTINCT ARRAY[l.conversation_id], (SELECT clock_timestamp()) FROM measured AS p JOIN log_entries AS l ON l.changed >= p.upto
ON CONFLICT DO NOTHING;

-- A process of the version before that measures meanwhile finds what it looks for without them, only slower.
DROP INDEX CONCURRENTLY IF EXISTS messages_changed;
DROP INDEX CONCURRENTLY IF EXISTS log_entries_changed;
