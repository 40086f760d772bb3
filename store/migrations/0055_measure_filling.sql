-- +goose Up

-- Days that were closed before there were medians have sums and no spreads (0051). The times of conversations below a
-- number are still to be counted there, of days before one; 0 = they are all counted. One row, or none where nothing was to
-- be counted. Only who holds the row of measured changes it. A version that doesn't know this table leaves closed days
-- alone, so that each time is counted once, whoever measures meanwhile.
CREATE TABLE IF NOT EXISTS measure_filling (
	id int PRIMARY KEY CHECK (id = 1),
	below bigint NOT NULL,
	before date NOT NULL
);

-- Where there are medians already, the first day that has some was the first open one when they came. Two days more, as
-- days are those of zones.
INSERT INTO measure_filling (id, below, before)
SELECT 1, (SELECT coalesce(max(c.id), 0) + 1 FROM conversations AS c WHERE c.created_at < m.before + 2), m.before
FROM (SELECT least(closed, coalesce((SELECT min(day) FROM measure_spreads WHERE kind = 'all' AND days = 1), closed)) AS before FROM measured) AS m
WHERE m.before > DATE '0001-01-01'
ON CONFLICT DO NOTHING;
