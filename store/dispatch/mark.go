package dispatch

import (
	"context"
	"fmt"
	"time"

	"parley/store"
)

// Looks at lanes of marks that have been due for longer than age, and at the first hundred deliveries
// in each. Claimed lanes are left alone. Rows are selected by arrays of ids, because with a join the
// planner would read the whole tables.
const dropOldMarks = `
	WITH t AS MATERIALIZED (
		SELECT parley_now() AS now, parley_now() - make_interval(secs => $1) AS old
	), l AS MATERIALIZED (
		SELECT x.id, x.head
		FROM gates
		CROSS JOIN t
		CROSS JOIN LATERAL (
			SELECT lanes.id, lanes.head
			FROM lanes
			WHERE lanes.gate_id = gates.id AND lanes.priority = $3 AND lanes.due_at < t.old AND lanes.leased_until IS NULL
			ORDER BY lanes.due_at
			LIMIT $2
			FOR NO KEY UPDATE SKIP LOCKED) AS x
	), d AS (
		UPDATE deliveries
		SET state = 'cancelled', error_text = 'It waited too long.'
		WHERE id = ANY(ARRAY(
			SELECT x.id
			FROM l
			CROSS JOIN t
			CROSS JOIN LATERAL (
				SELECT d.id
				FROM deliveries AS d
				WHERE d.lane_id = l.id AND d.seq > l.head AND d.kind = 'mark' AND d.state = 'queued' AND d.created_at < t.old
				ORDER BY d.seq
				LIMIT 100) AS x))
		RETURNING lane_id, seq
	), n AS (
		SELECT l.id, max(d.seq) AS last
		FROM d
		JOIN l ON l.id = d.lane_id
		GROUP BY l.id, l.head
		HAVING max(d.seq) = l.head + count(*)
	)
	UPDATE lanes
	SET head = n.last, due_at = CASE WHEN lanes.tail > n.last THEN t.now END
	FROM n, t
	WHERE lanes.id = ANY(ARRAY(SELECT id FROM n)) AND lanes.id = n.id`

// DropOldMarks cancels marks that have waited for longer than age, in at most limit lanes of each
// gate, and returns the number of lanes in which it did.
func DropOldMarks(ctx context.Context, q store.Execer, age time.Duration, limit int) (int64, error) {
	tag, err := q.Exec(ctx, dropOldMarks, age.Seconds(), limit, store.PriorityMark)
	if err != nil {
		return 0, fmt.Errorf("store: drop old marks: %w", err)
	}
	return tag.RowsAffected(), nil
}
