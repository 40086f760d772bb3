-- +goose Up

-- The replies that an analysis suggested last, a row for each conversation that has some. They go when the
-- conversation ends, whichever version of Parley ends it.
CREATE TABLE IF NOT EXISTS suggestions (
	conversation_id bigint PRIMARY KEY REFERENCES conversations ON DELETE CASCADE,
	event_id bigint NOT NULL,             -- the event of the latest message that was analysed: it names this row's replies
	replies jsonb NOT NULL                -- a list, the best first
) WITH (autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION conversation_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM suggestions WHERE conversation_id = OLD.id;
	RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE OR REPLACE TRIGGER conversations_ended AFTER UPDATE ON conversations FOR EACH ROW
	WHEN (NEW.status IN ('resolved', 'closed') AND OLD.status NOT IN ('resolved', 'closed'))
	EXECUTE FUNCTION conversation_ended();
