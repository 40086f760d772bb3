package dispatch

import (
	"context"
	"fmt"
	"time"

	"parley/store"
)

// A mark is the emoji under an agent's message that shows what became of it. Marks have the lowest priority, so after a
// flood they may come so late that nobody needs them.

// dropOldMarks looks at lanes of marks that have been due for longer than age (late), and cancels the old marks among the
// first hundred deliveries of each (cancelled). If only cancelled marks stand at the beginning of a lane, it goes on behind
// them (passed). Claimed lanes stay as they are. Rows are selected by arrays of ids, because with a join the planner would
// read the whole tables.
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

// DropOldMarks cancels marks that have waited for longer than age, in at most limit lanes of each
// gate, and returns the number of lanes that advanced.
func DropOldMarks(ctx context.Context, q store.Execer, age time.Duration, limit int) (int64, error) {
	tag, err := q.Exec(ctx, dropOldMarks, age.Seconds(), limit, store.PriorityMark)
	if err != nil {
		return 0, fmt.Errorf("store: drop old marks: %w", err)
	}
	return tag.RowsAffected(), nil
}
