-- +goose Up

-- Sums of the days of a week, and of four weeks, for figures of a long time: a thousand agents have 365,000 days a year.
-- A span begins on a Monday; of four weeks, on every fourth one, counted from 1 January 2001.
CREATE TABLE IF NOT EXISTS measure_spans (
	kind text NOT NULL,
	days int NOT NULL CHECK (days IN (7, 28)),
	day date NOT NULL,                    -- the first one
	value text NOT NULL,
	account_id bigint NOT NULL,
	team_id bigint NOT NULL,
	opened bigint NOT NULL,
	reopened bigint NOT NULL,
	resolved bigint NOT NULL,
	abandoned bigint NOT NULL,
	messages_in bigint NOT NULL,
	messages_out bigint NOT NULL,
	first_count bigint NOT NULL,
	first_sum bigint NOT NULL,
	first_sum_open bigint NOT NULL,
	first_worst bigint NOT NULL,
	first_worst_open bigint NOT NULL,
	next_count bigint NOT NULL,
	next_sum bigint NOT NULL,
	next_sum_open bigint NOT NULL,
	next_worst bigint NOT NULL,
	next_worst_open bigint NOT NULL,
	ended_sum bigint NOT NULL,
	ended_sum_open bigint NOT NULL,
	ended_worst bigint NOT NULL,
	ended_worst_open bigint NOT NULL,
	PRIMARY KEY (kind, days, day, value, account_id, team_id)
) WITH (fillfactor = 70, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.05);

-- Whoever changes sums of days, also a process of the version before, changes those of their spans. As there, a …_worst
-- is an upper bound.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION count_spans() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'INSERT' THEN
		INSERT INTO measure_spans AS s (kind, days, day, value, account_id, team_id,
			opened, reopened, resolved, abandoned, messages_in, messages_out, first_count, first_sum, first_sum_open,
			first_worst, first_worst_open, next_count, next_sum, next_sum_open, next_worst, next_worst_open, ended_sum,
			ended_sum_open, ended_worst, ended_worst_open)
		SELECT n.kind, d.days, n.day - (n.day - DATE '2001-01-01') % d.days, n.value, n.account_id, n.team_id,
			sum(n.opened), sum(n.reopened), sum(n.resolved), sum(n.abandoned), sum(n.messages_in), sum(n.messages_out),
			sum(n.first_count), sum(n.first_sum), sum(n.first_sum_open), max(n.first_worst), max(n.first_worst_open),
			sum(n.next_count), sum(n.next_sum), sum(n.next_sum_open), max(n.next_worst), max(n.next_worst_open),
			sum(n.ended_sum), sum(n.ended_sum_open), max(n.ended_worst), max(n.ended_worst_open)
		FROM fresh AS n, (VALUES (7), (28)) AS d (days)
		GROUP BY 1, 2, 3, 4, 5, 6
		ORDER BY 1, 2, 3, 4, 5, 6
		ON CONFLICT (kind, days, day, value, account_id, team_id) DO UPDATE SET
		opened = s.opened + EXCLUDED.opened, reopened = s.reopened + EXCLUDED.reopened,
		resolved = s.resolved + EXCLUDED.resolved, abandoned = s.abandoned + EXCLUDED.abandoned,
		messages_in = s.messages_in + EXCLUDED.messages_in, messages_out = s.messages_out + EXCLUDED.messages_out,
		first_count = s.first_count + EXCLUDED.first_count, first_sum = s.first_sum + EXCLUDED.first_sum,
		first_sum_open = s.first_sum_open + EXCLUDED.first_sum_open,
		first_worst = greatest(s.first_worst, EXCLUDED.first_worst),
		first_worst_open = greatest(s.first_worst_open, EXCLUDED.first_worst_open),
		next_count = s.next_count + EXCLUDED.next_count, next_sum = s.next_sum + EXCLUDED.next_sum,
		next_sum_open = s.next_sum_open + EXCLUDED.next_sum_open,
		next_worst = greatest(s.next_worst, EXCLUDED.next_worst),
		next_worst_open = greatest(s.next_worst_open, EXCLUDED.next_worst_open),
		ended_sum = s.ended_sum + EXCLUDED.ended_sum, ended_sum_open = s.ended_sum_open + EXCLUDED.ended_sum_open,
		ended_worst = greatest(s.ended_worst, EXCLUDED.ended_worst),
		ended_worst_open = greatest(s.ended_worst_open, EXCLUDED.ended_worst_open);
	ELSE
		INSERT INTO measure_spans AS s (kind, days, day, value, account_id, team_id,
			opened, reopened, resolved, abandoned, messages_in, messages_out, first_count, first_sum, first_sum_open,
			first_worst, first_worst_open, next_count, next_sum, next_sum_open, next_worst, next_worst_open, ended_sum,
			ended_sum_open, ended_worst, ended_worst_open)
		SELECT n.kind, d.days, n.day - (n.day - DATE '2001-01-01') % d.days, n.value, n.account_id, n.team_id,
			sum(n.sign * n.opened), sum(n.sign * n.reopened), sum(n.sign * n.resolved), sum(n.sign * n.abandoned),
			sum(n.sign * n.messages_in), sum(n.sign * n.messages_out), sum(n.sign * n.first_count),
			sum(n.sign * n.first_sum), sum(n.sign * n.first_sum_open), max(CASE WHEN n.sign > 0 THEN n.first_worst END),
			max(CASE WHEN n.sign > 0 THEN n.first_worst_open END), sum(n.sign * n.next_count), sum(n.sign * n.next_sum),
			sum(n.sign * n.next_sum_open), max(CASE WHEN n.sign > 0 THEN n.next_worst END),
			max(CASE WHEN n.sign > 0 THEN n.next_worst_open END), sum(n.sign * n.ended_sum),
			sum(n.sign * n.ended_sum_open), max(CASE WHEN n.sign > 0 THEN n.ended_worst END),
			max(CASE WHEN n.sign > 0 THEN n.ended_worst_open END)
		FROM (SELECT *, 1 AS sign FROM fresh UNION ALL SELECT *, -1 FROM stale) AS n, (VALUES (7), (28)) AS d (days)
		GROUP BY 1, 2, 3, 4, 5, 6
		ORDER BY 1, 2, 3, 4, 5, 6
		ON CONFLICT (kind, days, day, value, account_id, team_id) DO UPDATE SET
		opened = s.opened + EXCLUDED.opened, reopened = s.reopened + EXCLUDED.reopened,
		resolved = s.resolved + EXCLUDED.resolved, abandoned = s.abandoned + EXCLUDED.abandoned,
		messages_in = s.messages_in + EXCLUDED.messages_in, messages_out = s.messages_out + EXCLUDED.messages_out,
		first_count = s.first_count + EXCLUDED.first_count, first_sum = s.first_sum + EXCLUDED.first_sum,
		first_sum_open = s.first_sum_open + EXCLUDED.first_sum_open,
		first_worst = greatest(s.first_worst, EXCLUDED.first_worst),
		first_worst_open = greatest(s.first_worst_open, EXCLUDED.first_worst_open),
		next_count = s.next_count + EXCLUDED.next_count, next_sum = s.next_sum + EXCLUDED.next_sum,
		next_sum_open = s.next_sum_open + EXCLUDED.next_sum_open,
		next_worst = greatest(s.next_worst, EXCLUDED.next_worst),
		next_worst_open = greatest(s.next_worst_open, EXCLUDED.next_worst_open),
		ended_sum = s.ended_sum + EXCLUDED.ended_sum, ended_sum_open = s.ended_sum_open + EXCLUDED.ended_sum_open,
		ended_worst = greatest(s.ended_worst, EXCLUDED.ended_worst),
		ended_worst_open = greatest(s.ended_worst_open, EXCLUDED.ended_worst_open);
	END IF;
	RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE OR REPLACE TRIGGER measure_days_added AFTER INSERT ON measure_days
	REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION count_spans();
CREATE OR REPLACE TRIGGER measure_days_changed AFTER UPDATE ON measure_days
	REFERENCING NEW TABLE AS fresh OLD TABLE AS stale FOR EACH STATEMENT EXECUTE FUNCTION count_spans();

-- The triggers keep others from changing sums until this is done.
INSERT INTO measure_spans (kind, days, day, value, account_id, team_id,
			opened, reopened, resolved, abandoned, messages_in, messages_out, first_count, first_sum, first_sum_open,
			first_worst, first_worst_open, next_count, next_sum, next_sum_open, next_worst, next_worst_open, ended_sum,
			ended_sum_open, ended_worst, ended_worst_open)
SELECT n.kind, d.days, n.day - (n.day - DATE '2001-01-01') % d.days, n.value, n.account_id, n.team_id,
			sum(n.opened), sum(n.reopened), sum(n.resolved), sum(n.abandoned), sum(n.messages_in), sum(n.messages_out),
			sum(n.first_count), sum(n.first_sum), sum(n.first_sum_open), max(n.first_worst), max(n.first_worst_open),
			sum(n.next_count), sum(n.next_sum), sum(n.next_sum_open), max(n.next_worst), max(n.next_worst_open),
			sum(n.ended_sum), sum(n.ended_sum_open), max(n.ended_worst), max(n.ended_worst_open)
FROM measure_days AS n, (VALUES (7), (28)) AS d (days)
GROUP BY 1, 2, 3, 4, 5, 6
ON CONFLICT DO NOTHING;
