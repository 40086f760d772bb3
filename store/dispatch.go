package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Claimed is the head of a lane, handed to this process until its lease ends.
type Claimed struct {
	Delivery
	AccountID      int64   `db:"account_id"`
	ConversationID int64   `db:"conversation_id"`
	Key            string  `db:"key"`
	GateID         int64   `db:"gate_id"`
	Epoch          int64   `db:"epoch"`
	LeaseSeconds   float64 `db:"lease_seconds"`
	SentAgo        float64 `db:"sent_ago"`    // seconds since the running attempt began
	FirstAgo       float64 `db:"first_ago"`   // seconds since the first attempt began
	AbsentAgo      float64 `db:"absent_ago"`  // seconds since it was first seen absent; 0 = never
	CreatedAgo     float64 `db:"created_ago"` // seconds since it was queued, Parley's clock
}

// Finish is what became of a claim. It counts only while its epoch is the lane's.
type Finish struct {
	LaneID     int64      `json:"lane_id"`
	Epoch      int64      `json:"epoch"`
	ID         int64      `json:"id"` // the delivery; 0 = the lane was claimed without one
	State      string     `json:"state"`
	Advance    bool       `json:"advance"` // the next delivery becomes the head
	Wait       float64    `json:"wait"`    // seconds until the lane is due again when it does not advance
	Part       int        `json:"part"`
	ExternalID string     `json:"external_id"`
	Progress   string     `json:"progress"`
	ErrorClass string     `json:"error_class"`
	ErrorText  string     `json:"error_text"`
	Absent     bool       `json:"absent"` // seen absent for the first time, now
	Warned     bool       `json:"warned"` // the agent is told now that it is late
	Landed     []Landed   `json:"-"`
	Facts      []NewEvent `json:"-"`
	Gate       int64      `json:"-"`
	GateWait   float64    `json:"-"` // seconds; > 0 blocks the gate
}

// Landed is what a post left in a surface, remembered with its result.
type Landed struct {
	Post   Post
	Thread *Thread // a root: the thread it opened
}

// A claim leads with the gate, so that a throttled or stuck one costs nothing. The
// bucket holds (now - next_at) × per_second tokens, at most burst.
const claim = `
	WITH t AS MATERIALIZED (
		SELECT parley_now() AS now, clock_timestamp() AS real
	), g AS MATERIALIZED (
		SELECT gates.id, gates.per_second, gates.burst,
			CASE
				WHEN gates.next_at > t.real THEN 0
				WHEN gates.per_second <= 0 THEN w.slots
				ELSE least(w.slots, gates.burst, floor(extract(epoch FROM t.real - gates.next_at) * gates.per_second + 1e-6))::int
			END AS n
		FROM unnest($1::bigint[], $2::int[]) AS w(gate, slots)
		JOIN gates ON gates.id = w.gate
		CROSS JOIN t
		ORDER BY gates.id
		FOR NO KEY UPDATE OF gates SKIP LOCKED
	), p AS MATERIALIZED (
		SELECT x.id, g.id AS gate_id
		FROM g
		CROSS JOIN LATERAL (
			SELECT y.id
			FROM (VALUES (0), (1), (2), (3)) AS pr(n)
			CROSS JOIN LATERAL (
				SELECT lanes.id
				FROM lanes
				WHERE lanes.gate_id = g.id AND lanes.priority = pr.n AND lanes.due_at <= (SELECT now FROM t)
					AND (lanes.leased_until IS NULL OR lanes.leased_until <= (SELECT real FROM t))
				ORDER BY lanes.due_at
				LIMIT g.n
				FOR NO KEY UPDATE SKIP LOCKED) AS y
			LIMIT g.n) AS x
		WHERE g.n > 0
	), l AS (
		UPDATE lanes
		SET epoch = lanes.epoch + 1,
			due_at = t.now + make_interval(secs => lanes.lease_seconds),
			leased_until = t.real + make_interval(secs => lanes.lease_seconds)
		FROM p, t
		WHERE lanes.id = p.id
		RETURNING lanes.id AS lane, lanes.account_id, lanes.conversation_id, lanes.key, lanes.gate_id, lanes.epoch,
			lanes.head, lanes.lease_seconds
	), u AS (
		UPDATE gates
		SET next_at = greatest(gates.next_at, t.real - make_interval(secs => gates.burst / gates.per_second))
			+ make_interval(secs => c.n / gates.per_second)
		FROM (SELECT gate_id, count(*)::double precision AS n FROM p GROUP BY gate_id) AS c, t
		WHERE gates.id = c.gate_id AND gates.per_second > 0
	), d AS (
		UPDATE deliveries AS d
		SET state = CASE d.state WHEN 'queued' THEN 'sending' WHEN 'sending' THEN 'unknown' ELSE d.state END,
			attempt = d.attempt + CASE WHEN d.state = 'queued' THEN 1 ELSE 0 END,
			sent_at = CASE WHEN d.state = 'queued' THEN t.real ELSE d.sent_at END,
			first_at = coalesce(d.first_at, t.real)
		FROM l, t
		WHERE d.lane_id = l.lane AND d.seq = l.head + 1 AND (d.not_before IS NULL OR d.not_before <= t.now)
		RETURNING d.*
	)
	SELECT coalesce(d.id, 0) AS id, l.lane AS lane_id, coalesce(d.seq, 0) AS seq, coalesce(d.message_id, 0) AS message_id,
		coalesce(d.kind, '') AS kind, coalesce(d.payload, '{}') AS payload, coalesce(d.state, '') AS state,
		coalesce(d.order_by, '') AS order_by, coalesce(d.attempt, 0) AS attempt, coalesce(d.part, 0) AS part,
		d.not_before, d.first_at, d.sent_at, d.absent_at, d.warned_at, coalesce(d.external_id, '') AS external_id,
		coalesce(d.progress, '') AS progress, coalesce(d.error_class, '') AS error_class,
		coalesce(d.error_text, '') AS error_text, coalesce(d.created_at, t.now) AS created_at,
		l.account_id, l.conversation_id, l.key, l.gate_id, l.epoch, l.lease_seconds,
		coalesce(extract(epoch FROM t.real - d.sent_at), 0)::double precision AS sent_ago,
		coalesce(extract(epoch FROM t.real - d.first_at), 0)::double precision AS first_ago,
		coalesce(extract(epoch FROM t.real - d.absent_at), 0)::double precision AS absent_ago,
		coalesce(extract(epoch FROM t.now - d.created_at), 0)::double precision AS created_ago
	FROM l
	CROSS JOIN t
	LEFT JOIN d ON d.lane_id = l.lane`

// GateDue says in how many seconds a gate can next hand out work.
type GateDue struct {
	GateID    int64   `db:"gate_id"`
	AccountID int64   `db:"account_id"`
	Wait      float64 `db:"wait"`
}

const dueGates = `
	SELECT g.id AS gate_id, g.account_id,
		greatest(extract(epoch FROM min(x.due_at) - parley_now()),
			extract(epoch FROM g.next_at - clock_timestamp()) + CASE WHEN g.per_second > 0 THEN 1 / g.per_second ELSE 0 END,
			0)::double precision AS wait
	FROM gates AS g
	CROSS JOIN (VALUES (0), (1), (2), (3)) AS pr(n)
	CROSS JOIN LATERAL (
		SELECT lanes.due_at
		FROM lanes
		WHERE lanes.gate_id = g.id AND lanes.priority = pr.n AND lanes.due_at IS NOT NULL
		ORDER BY lanes.due_at
		LIMIT 1) AS x
	WHERE $1::bigint[] IS NULL OR g.id = ANY($1)
	GROUP BY g.id`

// DueGates says when gates have work next; nil asks for all.
func DueGates(ctx context.Context, q Querier, gates []int64) ([]GateDue, error) {
	return collect[GateDue](ctx, q, "due gates", dueGates, gates)
}

// Batcher sends several statements in one round trip and one transaction.
type Batcher interface {
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

// Turn writes what became of earlier claims and claims the heads of due lanes, in
// one round trip and one commit. slots gives the free places of each gate to try.
func Turn(ctx context.Context, q Batcher, done []Finish, gates []int64, slots []int32) ([]Claimed, []GateDue, error) {
	var batch pgx.Batch
	if err := queueFinish(&batch, done); err != nil {
		return nil, nil, err
	}
	var claimed []Claimed
	if len(gates) > 0 {
		batch.Queue(claim, gates, slots).Query(func(rows pgx.Rows) (err error) {
			claimed, err = pgx.CollectRows(rows, pgx.RowToStructByName[Claimed])
			return err
		})
	}
	var due []GateDue
	touched := gates
	for _, f := range done {
		touched = append(touched, f.Gate)
	}
	batch.Queue(dueGates, touched).Query(func(rows pgx.Rows) (err error) {
		due, err = pgx.CollectRows(rows, pgx.RowToStructByName[GateDue])
		return err
	})
	if err := q.SendBatch(ctx, &batch).Close(); err != nil {
		return nil, nil, fmt.Errorf("store: turn: %w", err)
	}
	return claimed, due, nil
}

// Seconds makes a duration of what the database counts.
func Seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
