package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"parley/store/internal/query"
)

// Lane is the ordered queue of one conversation to one destination.
type Lane struct {
	ID             LaneID         `db:"id" json:"id"`
	AccountID      AccountID      `db:"account_id" json:"account_id"` // the destination: a channel's or a surface's account
	Key            string         `db:"key" json:"key"`               // unique in the account
	ConversationID ConversationID `db:"conversation_id" json:"conversation_id"`
	GateID         GateID         `db:"gate_id" json:"gate_id"`
	Priority       int            `db:"priority" json:"priority"` // Priority…
	Head           int64          `db:"head" json:"head"`         // Delivery.Seq of the last one that is done; the next one is the lane's head
	Tail           int64          `db:"tail" json:"tail"`         // Delivery.Seq of the newest one; = Head when nothing waits
	Epoch          int64          `db:"epoch" json:"epoch"`       // rises with each claim: results of earlier claims don't count
	DueAt          *time.Time     `db:"due_at" json:"due_at"`     // when the head may leave, Parley's clock; nil = nothing waits
	LeasedUntil    *time.Time     `db:"leased_until" json:"leased_until"`
	LeaseSeconds   float64        `db:"lease_seconds" json:"lease_seconds"`
	RestUntil      *time.Time     `db:"rest_until" json:"rest_until"` // nothing is claimed before, Parley's clock
}

// Delivery is one message on its way to one place.
type Delivery struct {
	ID         DeliveryID      `db:"id" json:"id"`
	LaneID     LaneID          `db:"lane_id" json:"lane_id"`
	Seq        int64           `db:"seq" json:"seq"`
	MessageID  MessageID       `db:"message_id" json:"message_id"`
	Kind       string          `db:"kind" json:"kind"`
	Payload    json.RawMessage `db:"payload" json:"payload"`
	State      string          `db:"state" json:"state"`
	OrderBy    string          `db:"order_by" json:"order_by"`       // the surface's order of agents' messages; "" = in order of insertion
	Attempt    int             `db:"attempt" json:"attempt"`         // attempts so far
	Part       int             `db:"part" json:"part"`               // the part of its text that is sent next, from 0
	NotBefore  *time.Time      `db:"not_before" json:"not_before"`   // the end of its hold, Parley's clock; nil = none
	FirstAt    *time.Time      `db:"first_at" json:"first_at"`       // when the first attempt began
	SentAt     *time.Time      `db:"sent_at" json:"sent_at"`         // when the current attempt began
	AbsentAt   *time.Time      `db:"absent_at" json:"absent_at"`     // when the destination was found not to have it
	WarnedAt   *time.Time      `db:"warned_at" json:"warned_at"`     // when its agent was told that it is late
	ExternalID string          `db:"external_id" json:"external_id"` // the destination's id of the message
	Progress   string          `db:"progress" json:"progress"`       // what the channel or surface needs to continue it
	ErrorClass string          `db:"error_class" json:"error_class"`
	ErrorText  string          `db:"error_text" json:"error_text"`
	CreatedAt  time.Time       `db:"created_at" json:"created_at"`
	// Deliveries that follow each other with the same JoinKey may leave as one message (a
	// run) while the sum of their JoinSize is at most JoinRoom. "" = leaves alone.
	JoinKey  string `db:"join_key" json:"join_key"`
	JoinSize int    `db:"join_size" json:"join_size"`
	// Joined is the first delivery of the run in which this one left or is leaving; 0 = this one is
	// the first, or left alone.
	Joined DeliveryID `db:"joined" json:"joined"`
}

// Priorities of lanes: new roots overtake the tail of a chatty conversation, cards and receipts
// come last; but every fourth slot is shared (see claimShared). A lane has PriorityRoot until
// the thread's first message has landed.
const (
	PriorityRoot = iota
	PrioritySay
	PriorityCard
	PriorityMark
)

// JoinRoom is how much one message holds, in the unit of Delivery.JoinSize.
const JoinRoom = 1000

// States of a delivery.
const (
	Queued        = "queued"
	Sending       = "sending"
	Unknown       = "unknown"
	Accepted      = "accepted"
	Delivered     = "delivered"
	Read          = "read"
	Failed        = "failed"
	Cancelled     = "cancelled"
	NeedsDecision = "needs_decision"
)

const laneColumns = `id, account_id, key, conversation_id, gate_id, priority, head, tail, epoch, due_at, leased_until,
	lease_seconds, rest_until`

// One statement locks all lanes in use that a batch may touch, in the order of their ids: with two such
// statements, two transactions could deadlock. The ids are looked up first, because with OR the planner
// would read the whole table, and a lane whose last delivery is finished meanwhile would be left out.
//
// An idle lane of a conversation isn't locked: only who has locked the conversation puts something into it, so
// it stays idle. It may be tidied away (package retention); updateLanes fails then.
const lockLanes = `
	SELECT ` + laneColumns + ` FROM lanes WHERE conversation_id = ANY($1) AND conversation_id <> 0 AND ` + idleLane + `
	UNION ALL
	SELECT ` + laneColumns + ` FROM (
		SELECT * FROM lanes
		WHERE id = ANY(ARRAY(
			SELECT id FROM lanes WHERE conversation_id = ANY($1) AND conversation_id <> 0 AND NOT (` + idleLane + `)
			UNION
			SELECT l.id FROM unnest($2::bigint[], $3::text[]) AS k(account_id, key)
			JOIN lanes AS l ON l.account_id = k.account_id AND l.key = k.key))
		ORDER BY id
		FOR NO KEY UPDATE) AS used`

// idleLane says that nothing waits in a lane and nobody works on it.
const idleLane = `head = tail AND due_at IS NULL AND leased_until IS NULL`

const insertLanes = `
	WITH made AS (
		INSERT INTO lanes (id, account_id, key, conversation_id, gate_id, priority, tail, due_at, lease_seconds)
		SELECT id, account_id, key, conversation_id, gate_id, priority, tail, due_at, lease_seconds
		FROM json_populate_recordset(NULL::lanes, $1)
		ORDER BY account_id, key
		ON CONFLICT (account_id, key) DO NOTHING
		RETURNING id
	)
	SELECT parley_require(count(*) = $2, 'lane') FROM made`

const updateLanes = `
	WITH changed AS (
		UPDATE lanes AS l
		SET tail = r.tail, due_at = r.due_at, priority = r.priority, gate_id = r.gate_id, lease_seconds = r.lease_seconds
		FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::int[], $5::bigint[], $6::double precision[])
			AS r(id, tail, due_at, priority, gate_id, lease_seconds)
		WHERE l.id = r.id
		RETURNING 1
	)
	SELECT parley_require(count(*) = cardinality($1::bigint[]), 'lane') FROM changed`

// UpdateLanes writes back Tail, DueAt, Priority, GateID and LeaseSeconds of lanes that LockLanes returned. The
// transaction fails (IsLost) when one of them is gone: what was put into it would be lost.
func UpdateLanes(ctx context.Context, q Execer, rows []Lane) error {
	if len(rows) == 0 {
		return nil
	}
	if _, err := q.Exec(ctx, updateLanes, column(rows, func(l *Lane) LaneID { return l.ID }), column(rows, func(l *Lane) int64 { return l.Tail }),
		column(rows, func(l *Lane) *time.Time { return l.DueAt }), column(rows, func(l *Lane) int { return l.Priority }),
		column(rows, func(l *Lane) GateID { return l.GateID }), column(rows, func(l *Lane) float64 { return l.LeaseSeconds })); err != nil {
		return fmt.Errorf("store: update lanes: %w", err)
	}
	return nil
}

const deliveryColumns = `id, lane_id, seq, message_id, kind, payload, state, order_by, attempt, part, not_before,
	first_at, sent_at, absent_at, warned_at, external_id, progress, error_class, error_text, created_at, join_key, join_size, joined`

const insertDeliveries = `
	INSERT INTO deliveries (` + deliveryColumns + `)
	SELECT id, lane_id, seq, message_id, kind, payload::jsonb, state, order_by, attempt, part, not_before,
		first_at, sent_at, absent_at, warned_at, external_id, progress, error_class, error_text, created_at, join_key, join_size, joined
	FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::int[], $10::int[],
			$11::timestamptz[], $12::timestamptz[], $13::timestamptz[], $14::timestamptz[], $15::timestamptz[],
			$16::text[], $17::text[], $18::text[], $19::text[], $20::timestamptz[], $21::text[], $22::int[], $23::bigint[])
		AS r(` + deliveryColumns + `)`

// InsertDeliveries adds deliveries. Their columns go as lists: PostgreSQL takes a third of the time that it
// takes to read them from JSON.
func InsertDeliveries(ctx context.Context, q Execer, rows []Delivery) error {
	if len(rows) == 0 {
		return nil
	}
	text := func(of func(*Delivery) string) []string {
		return column(rows, func(d *Delivery) string { return Clean(of(d)) })
	}
	_, err := q.Exec(ctx, insertDeliveries,
		column(rows, func(d *Delivery) DeliveryID { return d.ID }), column(rows, func(d *Delivery) LaneID { return d.LaneID }),
		column(rows, func(d *Delivery) int64 { return d.Seq }), column(rows, func(d *Delivery) MessageID { return d.MessageID }),
		text(func(d *Delivery) string { return d.Kind }), text(func(d *Delivery) string { return cmp.Or(string(d.Payload), "{}") }),
		text(func(d *Delivery) string { return d.State }), text(func(d *Delivery) string { return d.OrderBy }),
		column(rows, func(d *Delivery) int { return d.Attempt }), column(rows, func(d *Delivery) int { return d.Part }),
		column(rows, func(d *Delivery) *time.Time { return d.NotBefore }), column(rows, func(d *Delivery) *time.Time { return d.FirstAt }),
		column(rows, func(d *Delivery) *time.Time { return d.SentAt }), column(rows, func(d *Delivery) *time.Time { return d.AbsentAt }),
		column(rows, func(d *Delivery) *time.Time { return d.WarnedAt }), text(func(d *Delivery) string { return d.ExternalID }),
		text(func(d *Delivery) string { return d.Progress }), text(func(d *Delivery) string { return d.ErrorClass }),
		text(func(d *Delivery) string { return d.ErrorText }), column(rows, func(d *Delivery) time.Time { return d.CreatedAt }),
		text(func(d *Delivery) string { return d.JoinKey }), column(rows, func(d *Delivery) int { return d.JoinSize }),
		column(rows, func(d *Delivery) DeliveryID { return d.Joined }))
	if err != nil {
		return fmt.Errorf("store: insert deliveries: %w", err)
	}
	return nil
}

// column gives one column of rows.
func column[R, C any](rows []R, of func(*R) C) []C {
	list := make([]C, len(rows))
	for i := range rows {
		list[i] = of(&rows[i])
	}
	return list
}

const updateDeliveries = `
	UPDATE deliveries AS d
	SET seq = r.seq, lane_id = r.lane_id, state = r.state, not_before = r.not_before, payload = r.payload,
		attempt = r.attempt, part = r.part, sent_at = r.sent_at, absent_at = r.absent_at, first_at = r.first_at,
		warned_at = r.warned_at, error_class = r.error_class, error_text = r.error_text, join_key = r.join_key,
		join_size = r.join_size, joined = r.joined
	FROM json_populate_recordset(NULL::deliveries, $1) AS r
	WHERE d.id = r.id`

// UpdateDeliveries writes back deliveries of locked lanes.
func UpdateDeliveries(ctx context.Context, q Execer, rows []Delivery) error {
	return execRows(ctx, q, "update deliveries", updateDeliveries, rows)
}

const shiftDeliveries = `UPDATE deliveries SET seq = seq + 1 WHERE lane_id = $1 AND seq >= $2`

// ShiftDeliveries moves the deliveries of a locked lane from seq on back by one, to make room for
// another one.
func ShiftDeliveries(ctx context.Context, q Execer, lane LaneID, seq int64) error {
	if _, err := q.Exec(ctx, shiftDeliveries, lane, seq); err != nil {
		return fmt.Errorf("store: shift deliveries: %w", err)
	}
	return nil
}

const waitingDeliveries = `
	SELECT ` + deliveryColumns + `
	FROM unnest($1::bigint[]) AS w(lane)
	CROSS JOIN LATERAL (
		SELECT d.*
		FROM deliveries AS d
		JOIN lanes AS l ON l.id = d.lane_id
		WHERE d.lane_id = w.lane AND d.seq > l.head AND d.order_by <> ''
		ORDER BY d.seq
		LIMIT 200) AS d`

const sentLately = `
	SELECT ` + deliveryColumns + `
	FROM unnest($1::bigint[]) AS w(lane)
	CROSS JOIN LATERAL (
		SELECT * FROM deliveries
		WHERE lane_id = w.lane
		ORDER BY seq DESC
		LIMIT 100) AS d
	WHERE kind = 'reply' AND state IN ('sending', 'accepted', 'sent', 'delivered')`

const deliveriesOf = `
	SELECT ` + deliveryColumns + ` FROM deliveries
	WHERE message_id = ANY($1) AND message_id <> 0 AND kind IN ('reply', 'mark', 'line') OR id = ANY($2)
	ORDER BY id`

const unshown = `
	SELECT DISTINCT l.conversation_id
	FROM unnest($1::bigint[]) AS c(id)
	JOIN lanes AS l ON l.conversation_id = c.id AND l.tail > l.head
	JOIN deliveries AS d ON d.lane_id = l.id AND d.seq > l.head AND d.kind IN ('said', 'files')
		AND d.state IN ('queued', 'sending', 'unknown')`

const joinedTo = `SELECT ` + deliveryColumns + ` FROM deliveries WHERE joined = ANY($1) AND joined <> 0 ORDER BY id`

// JoinedTo returns the deliveries that left, or are leaving, in one message with one of those in first.
func JoinedTo(ctx context.Context, q Querier, first []DeliveryID) ([]Delivery, error) {
	return query.Collect[Delivery](ctx, q, "joined deliveries", joinedTo, first)
}
