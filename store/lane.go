package store

import (
	"cmp"
	"context"
	"encoding/json"
	"time"

	"parley/store/internal/query"
)

// Everything that Parley sends is a delivery: a reply to a customer, or a post, a file or an emoji in the agents' chat. The
// deliveries of one conversation to one destination form a lane, which is a queue: only its head, the first delivery that
// isn't done, may be sent. To send it, a process claims the lane. The claim has a lease, which expires, and an epoch, which
// is a number that rises with each claim. If the process was too slow and another one has claimed the lane, its epoch no
// longer matches, and its result is discarded. So a late result can't overwrite that of a newer attempt.

// Lane is the queue of the deliveries of one conversation to one destination, in the order of Delivery.Seq. DueAt, RestUntil
// and NotBefore are by parley_now(), the database's clock, which tests can move.
type Lane struct {
	ID             LaneID         `db:"id" json:"id"`
	AccountID      AccountID      `db:"account_id" json:"account_id"` // the destination: a channel's or a surface's account
	Key            string         `db:"key" json:"key"`               // unique in the account
	ConversationID ConversationID `db:"conversation_id" json:"conversation_id"`
	GateID         GateID         `db:"gate_id" json:"gate_id"`
	Priority       int            `db:"priority" json:"priority"` // PriorityRoot, …
	Head           int64          `db:"head" json:"head"`         // Delivery.Seq of the last delivery that is done; the next one may be sent
	Tail           int64          `db:"tail" json:"tail"`         // Delivery.Seq of the newest delivery; equal to Head if nothing waits
	Epoch          int64          `db:"epoch" json:"epoch"`       // rises with each claim; results of earlier claims are discarded
	DueAt          *time.Time     `db:"due_at" json:"due_at"`     // when the next delivery may be sent; nil if nothing waits
	LeasedUntil    *time.Time     `db:"leased_until" json:"leased_until"`
	LeaseSeconds   float64        `db:"lease_seconds" json:"lease_seconds"` // duration of a claim
	RestUntil      *time.Time     `db:"rest_until" json:"rest_until"`       // the lane can't be claimed before this
}

// Delivery is one message, or post, to one destination.
type Delivery struct {
	ID        DeliveryID      `db:"id" json:"id"`
	LaneID    LaneID          `db:"lane_id" json:"lane_id"`
	Seq       int64           `db:"seq" json:"seq"`
	MessageID MessageID       `db:"message_id" json:"message_id"`
	Kind      string          `db:"kind" json:"kind"`
	Payload   json.RawMessage `db:"payload" json:"payload"`
	State     DeliveryState   `db:"state" json:"state"`
	// The sort key of agents' messages from their chat; empty means in order of insertion.
	OrderBy string `db:"order_by" json:"order_by"`
	Attempt int    `db:"attempt" json:"attempt"` // number of attempts
	Part    int    `db:"part" json:"part"`       // index of the part of a long text that is sent next
	DeliveryTimes
	ExternalID string    `db:"external_id" json:"external_id"` // the destination's id of the message
	Progress   string    `db:"progress" json:"progress"`       // state that the channel or chat needs to continue a partial delivery
	ErrorClass string    `db:"error_class" json:"error_class"`
	ErrorText  string    `db:"error_text" json:"error_text"`
	CreatedAt  time.Time `db:"created_at" json:"created_at"`
	Joining
}

// DeliveryTimes are the times that matter to the attempts of a delivery. Those that don't apply are nil.
type DeliveryTimes struct {
	// It isn't sent before this time, so that it can be taken back; nil if it may be sent at once.
	NotBefore *time.Time `db:"not_before" json:"not_before"`
	FirstAt   *time.Time `db:"first_at" json:"first_at"`   // when the first attempt began
	SentAt    *time.Time `db:"sent_at" json:"sent_at"`     // when the current attempt began
	AbsentAt  *time.Time `db:"absent_at" json:"absent_at"` // when a lookup found that the destination doesn't have it
	WarnedAt  *time.Time `db:"warned_at" json:"warned_at"` // when its agent was warned that it is late
}

// Joining says which deliveries are sent as one message.
type Joining struct {
	// Consecutive deliveries with the same JoinKey may be sent as one message if the sum of their JoinSize is at most
	// JoinRoom. A delivery without a JoinKey is sent alone.
	JoinKey  string `db:"join_key" json:"join_key"`
	JoinSize int    `db:"join_size" json:"join_size"`
	// Joined is the first of the deliveries that are sent as one message with this one. It is 0 in the first one itself, and
	// in a delivery that is sent alone.
	Joined DeliveryID `db:"joined" json:"joined"`
}

// Priorities of lanes, the most urgent first. A new thread needn't wait for all messages of a busy one. Every fourth slot goes
// to a lane of a lower priority, so that none starves (see claimShared in dispatch*.go).
const (
	PriorityRoot = iota // the root, a thread's first post, has not been posted yet
	PrioritySay         // a message
	PriorityCard        // an update of the root, which shows the conversation's card
	PriorityMark        // an emoji on an agent's message
)

// JoinRoom is the maximum size of a joined message, in the unit of Delivery.JoinSize.
const JoinRoom = 1000

// DeliveryState is the state of a delivery. Accepted, Sent, Delivered, Read and Failed are also what providers report about
// replies (channels.DeliveryState).
type DeliveryState string

// States of a delivery.
const (
	Queued        DeliveryState = "queued"         // waits for its turn, for NotBefore, or for the next attempt
	Sending       DeliveryState = "sending"        // an attempt is running, or its process died
	Unknown       DeliveryState = "unknown"        // it is unknown whether an attempt succeeded; the destination is searched for it
	Accepted      DeliveryState = "accepted"       // the destination has it
	Sent          DeliveryState = "sent"           // the provider has passed it on
	Delivered     DeliveryState = "delivered"      // the customer's device, or mail server, has it
	Read          DeliveryState = "read"           // the customer has seen it
	Failed        DeliveryState = "failed"         // it will not arrive
	Cancelled     DeliveryState = "cancelled"      // it was taken back
	NeedsDecision DeliveryState = "needs_decision" // it is unknown whether it was sent; a person has to decide
)

const laneColumns = `id, account_id, key, conversation_id, gate_id, priority, head, tail, epoch, due_at, leased_until,
	lease_seconds, rest_until`

// lockLanes locks all lanes in use that a batch of events may touch, in the order of their ids. It is one statement, because
// with two of them, two transactions could deadlock. It looks up the ids first: with OR, the planner would read the whole
// table, and a lane whose last delivery finishes at the same time would be left out.
//
// Idle lanes of conversations are not locked. They stay idle, because only a transaction that has locked the conversation
// appends to them. If retention*.go removes such a lane in between, updateLanes fails.
const lockLanes = `
	SELECT ` + laneColumns + ` FROM lanes WHERE conversation_id = ANY($1) AND conversation_id <> 0 AND ` + idleLane + `
	UNION ALL
	SELECT ` + laneColumns + ` FROM (
		SELECT * FROM lanes
		WHERE id = ANY(ARRAY(
			SELECT id FROM lanes WHERE conversation_id = ANY($1) AND conversation_id <> 0 AND NOT (` + idleLane + `)
			UNION
			SELECT named.id FROM unnest($2::bigint[], $3::text[]) AS given(account_id, key)
			JOIN lanes AS named ON named.account_id = given.account_id AND named.key = given.key))
		ORDER BY id
		FOR NO KEY UPDATE) AS used`

// idleLane is the condition that nothing waits in a lane and no process has claimed it.
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
		UPDATE lanes
		SET tail = given.tail, due_at = given.due_at, priority = given.priority, gate_id = given.gate_id,
			lease_seconds = given.lease_seconds, epoch = given.epoch
		FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::int[], $5::bigint[], $6::double precision[], $7::bigint[])
			AS given(id, tail, due_at, priority, gate_id, lease_seconds, epoch)
		WHERE lanes.id = given.id
		RETURNING 1
	)
	SELECT parley_require(count(*) = cardinality($1::bigint[]), 'lane') FROM changed`

// UpdateLanes updates Tail, DueAt, Priority, GateID, LeaseSeconds and Epoch of lanes that LockLanes returned. If one of them
// no longer exists, the transaction fails (IsLost), because deliveries in it would never be sent.
func UpdateLanes(ctx context.Context, q Execer, rows []Lane) error {
	if len(rows) == 0 {
		return nil
	}
	return query.Exec(ctx, q, "update lanes", updateLanes,
		query.Field(rows, func(l *Lane) LaneID { return l.ID }),
		query.Field(rows, func(l *Lane) int64 { return l.Tail }),
		query.Field(rows, func(l *Lane) *time.Time { return l.DueAt }),
		query.Field(rows, func(l *Lane) int { return l.Priority }),
		query.Field(rows, func(l *Lane) GateID { return l.GateID }),
		query.Field(rows, func(l *Lane) float64 { return l.LeaseSeconds }),
		query.Field(rows, func(l *Lane) int64 { return l.Epoch }))
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
		AS given(` + deliveryColumns + `)`

// InsertDeliveries inserts deliveries. It passes their columns as arrays, which PostgreSQL reads three times as fast as JSON.
func InsertDeliveries(ctx context.Context, q Execer, rows []Delivery) error {
	if len(rows) == 0 {
		return nil
	}
	texts := func(field func(*Delivery) string) []string {
		return query.Field(rows, func(d *Delivery) string { return Clean(field(d)) })
	}
	return query.Exec(ctx, q, "insert deliveries", insertDeliveries,
		query.Field(rows, func(d *Delivery) DeliveryID { return d.ID }),
		query.Field(rows, func(d *Delivery) LaneID { return d.LaneID }),
		query.Field(rows, func(d *Delivery) int64 { return d.Seq }),
		query.Field(rows, func(d *Delivery) MessageID { return d.MessageID }),
		texts(func(d *Delivery) string { return d.Kind }),
		texts(func(d *Delivery) string { return cmp.Or(string(d.Payload), "{}") }),
		texts(func(d *Delivery) string { return string(d.State) }),
		texts(func(d *Delivery) string { return d.OrderBy }),
		query.Field(rows, func(d *Delivery) int { return d.Attempt }),
		query.Field(rows, func(d *Delivery) int { return d.Part }),
		query.Field(rows, func(d *Delivery) *time.Time { return d.NotBefore }),
		query.Field(rows, func(d *Delivery) *time.Time { return d.FirstAt }),
		query.Field(rows, func(d *Delivery) *time.Time { return d.SentAt }),
		query.Field(rows, func(d *Delivery) *time.Time { return d.AbsentAt }),
		query.Field(rows, func(d *Delivery) *time.Time { return d.WarnedAt }),
		texts(func(d *Delivery) string { return d.ExternalID }),
		texts(func(d *Delivery) string { return d.Progress }),
		texts(func(d *Delivery) string { return d.ErrorClass }),
		texts(func(d *Delivery) string { return d.ErrorText }),
		query.Field(rows, func(d *Delivery) time.Time { return d.CreatedAt }),
		texts(func(d *Delivery) string { return d.JoinKey }),
		query.Field(rows, func(d *Delivery) int { return d.JoinSize }),
		query.Field(rows, func(d *Delivery) DeliveryID { return d.Joined }))
}

const updateDeliveries = `
	UPDATE deliveries
	SET seq = given.seq, lane_id = given.lane_id, state = given.state, not_before = given.not_before, payload = given.payload,
		attempt = given.attempt, part = given.part, sent_at = given.sent_at, absent_at = given.absent_at, first_at = given.first_at,
		warned_at = given.warned_at, error_class = given.error_class, error_text = given.error_text, join_key = given.join_key,
		join_size = given.join_size, joined = given.joined, external_id = given.external_id
	FROM json_populate_recordset(NULL::deliveries, $1) AS given
	WHERE deliveries.id = given.id`

// UpdateDeliveries updates deliveries of locked lanes.
func UpdateDeliveries(ctx context.Context, q Execer, rows []Delivery) error {
	return execRows(ctx, q, "update deliveries", updateDeliveries, rows)
}

const shiftDeliveries = `UPDATE deliveries SET seq = seq + 1 WHERE lane_id = $1 AND seq >= $2`

// ShiftDeliveries makes room for a delivery at seq in a locked lane: it adds one to the Seq of those from seq on.
func ShiftDeliveries(ctx context.Context, q Execer, lane LaneID, seq int64) error {
	return query.Exec(ctx, q, "shift deliveries", shiftDeliveries, lane, seq)
}

const waitingDeliveries = `
	SELECT ` + deliveryColumns + `
	FROM unnest($1::bigint[]) AS given(lane)
	CROSS JOIN LATERAL (
		SELECT waiting.*
		FROM deliveries AS waiting
		JOIN lanes AS lane ON lane.id = waiting.lane_id
		WHERE waiting.lane_id = given.lane AND waiting.seq > lane.head AND waiting.order_by <> ''
		ORDER BY waiting.seq
		LIMIT 200) AS waiting`

const sentLately = `
	SELECT ` + deliveryColumns + `
	FROM unnest($1::bigint[]) AS given(lane)
	CROSS JOIN LATERAL (
		SELECT * FROM deliveries
		WHERE lane_id = given.lane
		ORDER BY seq DESC
		LIMIT 100) AS newest
	WHERE kind = 'reply' AND state IN ('sending', 'accepted', 'sent', 'delivered')`

const deliveriesOf = `
	SELECT ` + deliveryColumns + ` FROM deliveries
	WHERE (message_id = ANY($1) AND message_id <> 0 AND kind IN ('reply', 'mark', 'line')) OR id = ANY($2)
	ORDER BY id`

// unshown also finds customers' edits, which are posted as lines of the kind 'changed' (bridge.Line).
const unshown = `
	SELECT DISTINCT lane.conversation_id
	FROM unnest($1::bigint[]) AS given(id)
	JOIN lanes AS lane ON lane.conversation_id = given.id AND lane.tail > lane.head
	JOIN deliveries AS delivery ON delivery.lane_id = lane.id AND delivery.seq > lane.head
		AND delivery.state IN ('queued', 'sending', 'unknown')
		AND (delivery.kind IN ('said', 'files') OR delivery.kind = 'line' AND delivery.payload -> 'line' ->> 'Kind' = 'changed')`

const repliesBefore = `
	SELECT ` + deliveryColumns + `
	FROM (
		SELECT newest.*
		FROM (
			SELECT $2::bigint AS id WHERE $2 <> 0
			UNION ALL
			(SELECT id FROM conversations
			WHERE $2 = 0 AND identity_id = (SELECT id FROM identities WHERE account_id = $1 AND key = $3)
			ORDER BY id DESC
			LIMIT 50)) AS conversation
		JOIN lanes AS lane ON lane.conversation_id = conversation.id AND lane.account_id = $1
		CROSS JOIN LATERAL (
			SELECT * FROM deliveries
			WHERE lane_id = lane.id
			ORDER BY seq DESC
			LIMIT 100) AS newest) AS found
	WHERE kind = 'reply' AND state NOT IN ('queued', 'cancelled') AND sent_at BETWEEN $4::timestamptz - interval '72 hours' AND $4
	ORDER BY lane_id, seq`

// RepliesBefore returns the replies of an account that were sent, or being sent, within the 72 hours before at. If
// conversation isn't 0, it returns those of that conversation. Otherwise it returns those of the fifty newest conversations
// of the customer with that key. It looks at the hundred newest deliveries of each conversation.
func RepliesBefore(
	ctx context.Context, q Querier, account AccountID, conversation ConversationID, customer string, at time.Time,
) ([]Delivery, error) {
	return query.Collect[Delivery](ctx, q, "replies before a time", repliesBefore, account, conversation, customer, at)
}

const joinedTo = `SELECT ` + deliveryColumns + ` FROM deliveries WHERE joined = ANY($1) AND joined <> 0 ORDER BY id`

// JoinedTo reads the deliveries that are sent as one message with a delivery in first (see Delivery.Joined).
func (p *Pipeline) JoinedTo(list *[]Delivery, first []DeliveryID) {
	if len(first) > 0 {
		read(p, list, joinedTo, first)
	}
}
