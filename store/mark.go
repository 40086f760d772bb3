package store

import (
	"context"
	"fmt"
	"time"
)

// A lane of marks that has been due for so long has a head that waited at least as long, and
// what waits behind it came later. What is under way is left alone. The rows are named by arrays:
// joined, the planner would read the whole tables.
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

// DropOldMarks takes marks back that waited for longer than age, in at most limit lanes of each
// gate, and says in how many lanes.
func DropOldMarks(ctx context.Context, q Execer, age time.Duration, limit int) (int64, error) {
	tag, err := q.Exec(ctx, dropOldMarks, age.Seconds(), limit, PriorityMark)
	if err != nil {
		return 0, fmt.Errorf("store: drop old marks: %w", err)
	}
	return tag.RowsAffected(), nil
}
