-- +goose NO TRANSACTION
-- +goose Up

-- Everything here can be repeated, like 0002.

-- What happens by itself, as package routing encodes it.
ALTER TABLE settings ADD COLUMN IF NOT EXISTS automations jsonb NOT NULL DEFAULT '[]';

-- How many waits ended while their account had a target, and how many of them in time: until somebody took the conversation
-- (ack) and until the customer was answered (reply). As in 0031, NULL in measure_shares is 0.
ALTER TABLE measure_shares ADD COLUMN IF NOT EXISTS ack_count bigint, ADD COLUMN IF NOT EXISTS ack_kept bigint,
	ADD COLUMN IF NOT EXISTS reply_count bigint, ADD COLUMN IF NOT EXISTS reply_kept bigint;
ALTER TABLE measure_days ADD COLUMN IF NOT EXISTS ack_count bigint NOT NULL DEFAULT 0, ADD COLUMN IF NOT EXISTS ack_kept bigint NOT NULL DEFAULT 0,
	ADD COLUMN IF NOT EXISTS reply_count bigint NOT NULL DEFAULT 0, ADD COLUMN IF NOT EXISTS reply_kept bigint NOT NULL DEFAULT 0;
ALTER TABLE measure_spans ADD COLUMN IF NOT EXISTS ack_count bigint NOT NULL DEFAULT 0, ADD COLUMN IF NOT EXISTS ack_kept bigint NOT NULL DEFAULT 0,
	ADD COLUMN IF NOT EXISTS reply_count bigint NOT NULL DEFAULT 0, ADD COLUMN IF NOT EXISTS reply_kept bigint NOT NULL DEFAULT 0;

-- Counts these in the spans that the triggers of 0042 have made: triggers run in the order of their names.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION count_targets_of_spans() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	before text := '';
BEGIN
	IF TG_OP = 'UPDATE' THEN
		before := 'UNION ALL SELECT -1 AS sign, * FROM stale';
	END IF;
	EXECUTE format($sql$
		UPDATE measure_spans AS s SET ack_count = s.ack_count + n.ack_count, ack_kept = s.ack_kept + n.ack_kept,
			reply_count = s.reply_count + n.reply_count, reply_kept = s.reply_kept + n.reply_kept
		FROM (
			SELECT kind, d.days, day - (day - DATE '2001-01-01') %% d.days AS day, value, account_id, team_id,
				sum(sign * ack_count) AS ack_count, sum(sign * ack_kept) AS ack_kept,
				sum(sign * reply_count) AS reply_count, sum(sign * reply_kept) AS reply_kept
			FROM (SELECT 1 AS sign, * FROM fresh %s) AS changed, (VALUES (7), (28)) AS d (days)
			GROUP BY 1, 2, 3, 4, 5, 6) AS n
		WHERE (n.ack_count, n.ack_kept, n.reply_count, n.reply_kept) <> (0, 0, 0, 0) AND s.kind = n.kind AND s.days = n.days
			AND s.day = n.day AND s.value = n.value AND s.account_id = n.account_id AND s.team_id = n.team_id
	$sql$, before);
	RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE OR REPLACE TRIGGER measure_days_targets_added AFTER INSERT ON measure_days
	REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION count_targets_of_spans();
CREATE OR REPLACE TRIGGER measure_days_targets_changed AFTER UPDATE ON measure_days
	REFERENCING NEW TABLE AS fresh OLD TABLE AS stale FOR EACH STATEMENT EXECUTE FUNCTION count_targets_of_spans();
