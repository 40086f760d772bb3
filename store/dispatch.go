package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// Claimed is the head of a lane, handed to this process until its lease ends.
type Claimed struct {
	Delivery
	With           []Delivery `db:"-"` // the rest of its run, in order: leaves with it, as one message
	AccountID      int64      `db:"account_id"`
	ConversationID int64      `db:"conversation_id"`
	Key            string     `db:"key"`
	GateID         int64      `db:"gate_id"`
	Epoch          int64      `db:"epoch"`
	LeaseSeconds   float64    `db:"lease_seconds"`
	SentAgo        float64    `db:"sent_ago"`    // seconds since the running attempt began
	FirstAgo       float64    `db:"first_ago"`   // seconds since the first attempt began
	AbsentAgo      float64    `db:"absent_ago"`  // seconds since the latest attempt was first seen absent; 0 = it was not
	CreatedAgo     float64    `db:"created_ago"` // seconds since it was queued, Parley's clock
}

// Finish is what became of a claim. It counts only while its epoch is the lane's.
type Finish struct {
	LaneID     int64
	Epoch      int64
	ID         int64 // the delivery; 0 = the lane was claimed without one
	State      string
	Advance    int     // so many deliveries are done; the one behind them becomes the head
	Wait       float64 // seconds until the lane is due again when it does not advance
	Part       int
	ExternalID string
	Progress   string
	ErrorClass string
	ErrorText  string
	Rest       float64 // seconds that the lane rests after a success, also between parts
	Absent     bool    // taken for not made, now
	Warned     bool    // the agent is told now that it is late
	Joined     int64   // as claimed
	Keep       bool    // the lane keeps its place in its gate's queue, if more waits in it
	With       []Part  // the rest of the run
	Landed     []Landed
	Facts      []NewEvent
	Gate       int64
	GateWait   float64 // seconds; > 0 blocks the gate
}

// Part is what became of a delivery that left together with the head of its lane.
type Part struct {
	ID       int64
	State    string
	Progress string
	Warned   bool
}

// Landed is what a post left in a surface, remembered with its result.
type Landed struct {
	Post   Post
	Thread *Thread // a root: the thread it opened
}

const claimedDelivery = `d.id, d.lane_id, d.seq, d.message_id, d.kind, d.payload, d.state, d.order_by, d.attempt, d.part,
	d.not_before, d.first_at, d.sent_at, d.absent_at, d.warned_at, d.external_id, d.progress, d.error_class, d.error_text,
	d.created_at, d.join_key, d.join_size, d.joined`

// Of each lane the head is handed out, and with it the rest of its run. A run that is
// under way or unclear stays as it is: it lands or fails as a whole.
//
// A claim leads with the gate, so that a throttled or stuck one costs nothing. The
// bucket holds (now - next_at) × per_second tokens, at most burst. A gate may have a second,
// wide bucket, kept alike: it gives what both hold.
//
// A claim leaves due_at, which is indexed, alone: so it rewrites no index. What is leased is
// passed over, at most a gate's attempts under way.
const claim = `
	WITH t AS MATERIALIZED (
		SELECT parley_now() AS now, clock_timestamp() AS real
	), g AS MATERIALIZED (
		SELECT gates.id, gates.per_second, gates.burst,
			CASE WHEN gates.next_at > t.real THEN 0 ELSE least(w.slots,
				CASE WHEN gates.per_second > 0
					THEN least(gates.burst, floor(extract(epoch FROM t.real - gates.next_at) * gates.per_second + 1e-6)) END,
				CASE WHEN gates.wide_per_second > 0
					THEN least(gates.wide_burst, floor(greatest(extract(epoch FROM t.real - gates.wide_next_at), 0) * gates.wide_per_second + 1e-6)) END)
			END::int AS n
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
			leased_until = t.real + make_interval(secs => lanes.lease_seconds)
		FROM p, t
		WHERE lanes.id = p.id
		RETURNING lanes.id AS lane, lanes.account_id, lanes.conversation_id, lanes.key, lanes.gate_id, lanes.epoch,
			lanes.head, lanes.lease_seconds
	), u AS (
		UPDATE gates
		SET next_at = CASE WHEN gates.per_second > 0
				THEN greatest(gates.next_at, t.real - make_interval(secs => gates.burst / gates.per_second))
					+ make_interval(secs => c.n / gates.per_second)
				ELSE gates.next_at END,
			wide_next_at = CASE WHEN gates.wide_per_second > 0
				THEN greatest(gates.wide_next_at, t.real - make_interval(secs => gates.wide_burst / gates.wide_per_second))
					+ make_interval(secs => c.n / gates.wide_per_second)
				ELSE gates.wide_next_at END
		FROM (SELECT gate_id, count(*)::double precision AS n FROM p GROUP BY gate_id) AS c, t
		WHERE gates.id = c.gate_id AND (gates.per_second > 0 OR gates.wide_per_second > 0)
	), d AS (
		UPDATE deliveries AS d
		SET state = CASE d.state WHEN 'queued' THEN 'sending' WHEN 'sending' THEN 'unknown' ELSE d.state END,
			attempt = d.attempt + CASE WHEN d.state = 'queued' THEN 1 ELSE 0 END,
			sent_at = CASE WHEN d.state = 'queued' THEN t.real ELSE coalesce(d.sent_at, t.real) END,
			joined = CASE WHEN d.state = 'queued' AND d.part = 0 THEN 0 ELSE d.joined END,
			first_at = coalesce(d.first_at, t.real)
		FROM l, t
		WHERE d.lane_id = l.lane AND d.seq = l.head + 1 AND (d.not_before IS NULL OR d.not_before <= t.now)
		RETURNING ` + claimedDelivery + `, l.account_id, l.conversation_id, l.key, l.gate_id, l.epoch, l.lease_seconds,
			coalesce(extract(epoch FROM t.real - d.sent_at), 0)::double precision AS sent_ago,
			coalesce(extract(epoch FROM t.real - d.first_at), 0)::double precision AS first_ago,
			CASE WHEN d.absent_at > d.sent_at THEN extract(epoch FROM t.real - d.absent_at) ELSE 0 END::double precision AS absent_ago,
			coalesce(extract(epoch FROM t.now - d.created_at), 0)::double precision AS created_ago
	), j AS (
		UPDATE deliveries AS d
		SET state = f.state, joined = f.id, attempt = f.attempt, sent_at = f.sent_at, first_at = coalesce(d.first_at, f.first_at)
		FROM d AS f
		CROSS JOIN t
		CROSS JOIN LATERAL (
			SELECT m.id, m.state,
				bool_and(m.state = 'cancelled' OR CASE
					WHEN f.state = 'unknown' THEN m.joined = f.id AND m.state IN ('sending', 'unknown')
					WHEN f.part > 0 THEN m.joined = f.id AND m.state = 'queued'
					ELSE $3 AND m.state = 'queued' AND m.join_key = f.join_key AND (m.not_before IS NULL OR m.not_before <= t.now)
				END) OVER w AS fits,
				sum(m.join_size) FILTER (WHERE m.state = 'queued') OVER w AS size
			FROM deliveries AS m
			WHERE m.lane_id = f.lane_id AND m.seq > f.seq AND m.seq < f.seq + 20
			WINDOW w AS (ORDER BY m.seq)) AS m
		WHERE d.id = m.id AND f.join_key <> '' AND f.state IN ('sending', 'unknown') AND m.fits AND m.state <> 'cancelled'
			AND (f.state = 'unknown' OR f.part > 0 OR f.join_size + m.size <= 1000)
		RETURNING ` + claimedDelivery + `, f.account_id, f.conversation_id, f.key, f.gate_id, f.epoch, f.lease_seconds,
			f.sent_ago, f.first_ago, f.absent_ago, f.created_ago
	)
	SELECT * FROM d
	UNION ALL
	SELECT * FROM j
	UNION ALL
	SELECT 0, l.lane, 0, 0, '', '{}', '', '', 0, 0, NULL, NULL, NULL, NULL, NULL, '', '', '', '', t.now, '', 0, 0,
		l.account_id, l.conversation_id, l.key, l.gate_id, l.epoch, l.lease_seconds, 0, 0, 0, 0
	FROM l, t
	WHERE l.lane NOT IN (SELECT lane_id FROM d)`

// Claim is what a process is ready to take.
type Claim struct {
	Gates []int64
	Slots []int32 // free places, gate by gate
	// Join lets deliveries leave as one message. Never while a process runs that doesn't
	// know of it: it would send again what went with another.
	Join bool
}

// GateDue says in how many seconds a gate can next hand out work.
type GateDue struct {
	GateID    int64   `db:"gate_id"`
	AccountID int64   `db:"account_id"`
	Wait      float64 `db:"wait"`
	Limited   bool    `db:"limited"` // by a rate
}

const dueGates = `
	SELECT g.id AS gate_id, g.account_id,
		greatest(extract(epoch FROM min(x.due_at) - parley_now()),
			extract(epoch FROM g.next_at - clock_timestamp()) + CASE WHEN g.per_second > 0 THEN 1 / g.per_second ELSE 0 END,
			CASE WHEN g.wide_per_second > 0 THEN extract(epoch FROM g.wide_next_at - clock_timestamp()) + 1 / g.wide_per_second END,
			0)::double precision AS wait, g.per_second > 0 OR g.wide_per_second > 0 AS limited
	FROM gates AS g
	CROSS JOIN (VALUES (0), (1), (2), (3)) AS pr(n)
	CROSS JOIN LATERAL (
		SELECT lanes.due_at
		FROM lanes
		WHERE lanes.gate_id = g.id AND lanes.priority = pr.n AND lanes.due_at IS NOT NULL
			AND (lanes.leased_until IS NULL OR lanes.leased_until <= (SELECT clock_timestamp()))
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
// one round trip and one commit.
func Turn(ctx context.Context, q Batcher, done []Finish, take Claim) ([]Claimed, []GateDue, error) {
	var batch pgx.Batch
	if err := queueFinish(&batch, done); err != nil {
		return nil, nil, err
	}
	var claimed []Claimed
	if len(take.Gates) > 0 {
		batch.Queue(claim, take.Gates, take.Slots, take.Join).Query(func(rows pgx.Rows) error {
			list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Claimed])
			claimed = runs(list)
			return err
		})
	}
	var due []GateDue
	touched := slices.Clone(take.Gates)
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

// runs puts what was claimed of one lane behind its head.
func runs(list []Claimed) []Claimed {
	slices.SortFunc(list, func(a, b Claimed) int { return cmp.Or(cmp.Compare(a.LaneID, b.LaneID), cmp.Compare(a.Seq, b.Seq)) })
	heads := list[:0]
	for _, c := range list {
		if n := len(heads); n > 0 && heads[n-1].LaneID == c.LaneID {
			heads[n-1].With = append(heads[n-1].With, c.Delivery)
			continue
		}
		heads = append(heads, c)
	}
	return heads
}

// Seconds makes a duration of what the database counts.
func Seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
