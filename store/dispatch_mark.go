package store

import (
	"context"
	"fmt"
	"time"
)

// A mark is an emoji reaction on an agent's message that shows its state, such as ✔ once a reply was sent. Marks are
// deliveries like any others, in queues called lanes, but with the lowest priority. After a flood they may be so late that
// nobody needs them any more. Then they are cancelled.

// dropOldMarks selects lanes of marks that have been due for longer than the age in $1 (late), and cancels up to a hundred
// old marks in each (cancelled). If all deliveries at the front of a lane were cancelled, it advances beyond them (passed).
// Claimed lanes are skipped. Rows are selected by arrays of ids, because for a join the planner would scan whole tables.
const dropOldMarks = `
	WITH clock AS MATERIALIZED (
		SELECT parley_now() AS now, parley_now() - make_interval(secs => $1) AS old
	), late AS MATERIALIZED (
		SELECT of_gate.id, of_gate.head
		FROM gates
		CROSS JOIN clock
		CROSS JOIN LATERAL (
			SELECT lanes.id, lanes.head
			FROM lanes
			WHERE lanes.gate_id = gates.id AND lanes.priority = $3 AND lanes.due_at < clock.old AND lanes.leased_until IS NULL
			ORDER BY lanes.due_at
			LIMIT $2
			FOR NO KEY UPDATE SKIP LOCKED) AS of_gate
	), cancelled AS (
		UPDATE deliveries
		SET state = 'cancelled', error_text = 'It waited too long.'
		WHERE id = ANY(ARRAY(
			SELECT mark.id
			FROM late
			CROSS JOIN clock
			CROSS JOIN LATERAL (
				SELECT d.id
				FROM deliveries AS d
				WHERE d.lane_id = late.id AND d.seq > late.head AND d.kind = 'mark' AND d.state = 'queued' AND d.created_at < clock.old
				ORDER BY d.seq
				LIMIT 100) AS mark))
		RETURNING lane_id, seq
	), passed AS (
		SELECT late.id, max(cancelled.seq) AS last
		FROM cancelled
		JOIN late ON late.id = cancelled.lane_id
		GROUP BY late.id, late.head
		HAVING max(cancelled.seq) = late.head + count(*)
	)
	UPDATE lanes
	SET head = passed.last, due_at = CASE WHEN lanes.tail > passed.last THEN clock.now END
	FROM passed, clock
	WHERE lanes.id = ANY(ARRAY(SELECT id FROM passed)) AND lanes.id = passed.id`

// DropOldMarks cancels marks that have waited for longer than age, in at most limit lanes per gate (rate limit of a provider).
// It returns the number of lanes that advanced.
func DropOldMarks(ctx context.Context, q Execer, age time.Duration, limit int) (int64, error) {
	tag, err := q.Exec(ctx, dropOldMarks, age.Seconds(), limit, PriorityMark)
	if err != nil {
		return 0, fmt.Errorf("store: drop old marks: %w", err)
	}
	return tag.RowsAffected(), nil
}
