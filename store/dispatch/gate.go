package dispatch

import (
	"context"
	"math"
	"slices"
	"time"

	"parley/store"
	"parley/store/internal/query"
)

// A gate is one limit of a provider, such as the messages per second of a phone number, and stands before all lanes that
// spend it. A lane is the queue of what leaves for one conversation at one place. The relay asks here which gates have work,
// and when.

const blockGates = `
	UPDATE gates
	SET next_at = greatest(gates.next_at, clock_timestamp() + make_interval(secs => blocked.wait))
	FROM unnest($1::bigint[], $2::double precision[]) AS blocked(id, wait)
	WHERE gates.id = blocked.id`

// GateSince asks about a gate: which of its lanes are due?
type GateSince struct {
	ID store.GateID
	// Since is a time of Parley's clock, usually GateDue.Oldest. Lanes that were due earlier are not found. The zero time
	// finds all lanes.
	Since time.Time
}

// GateDue says when a gate can next hand out work.
type GateDue struct {
	GateID    store.GateID    `db:"gate_id"`
	AccountID store.AccountID `db:"account_id"`
	Waiting   uint8           `db:"waiting"` // bit n is set when an unclaimed lane of priority n waits
	Wait      float64         `db:"wait"`    // seconds until the gate can hand out work; 0 means now
	Limited   bool            `db:"limited"` // the gate has a rate
	// Oldest is a time of Parley's clock, never later than now. No lane that waits behind the gate, or is claimed, was due
	// earlier. Only a lane that another transaction has made due and not committed yet may be older, by as long as that
	// transaction takes.
	Oldest time.Time `db:"oldest"`
}

// dueGates finds, for each gate, the first lane of each priority that is not claimed (free). If $3 is true, it also finds
// the first lane of all, claimed or not (oldest). The scan of the index lanes_due begins at the gate's oldest lane (since).
// Entries before that belong to lanes that were handed out. While somebody holds a snapshot, for example for a dump,
// PostgreSQL can't remove them, and a scan would have to step over each.
const dueGates = `
	WITH clock AS MATERIALIZED (
		SELECT parley_now() AS now, clock_timestamp() AS real
	)
	SELECT gate.id AS gate_id, gate.account_id, coalesce(free.priorities, 0) AS waiting,
		greatest(extract(epoch FROM free.due_at - clock.now),
			extract(epoch FROM gate.next_at - clock.real) + CASE WHEN gate.per_second > 0 THEN 1 / gate.per_second ELSE 0 END,
			CASE WHEN gate.wide_per_second > 0 THEN extract(epoch FROM gate.wide_next_at - clock.real) + 1 / gate.wide_per_second END,
			0)::double precision AS wait,
		gate.per_second > 0 OR gate.wide_per_second > 0 AS limited,
		least(oldest.due_at, clock.now) AS oldest
	FROM unnest($1::bigint[], $2::timestamptz[]) AS asked(gate, since)
	CROSS JOIN clock
	JOIN gates AS gate ON gate.id = asked.gate
	CROSS JOIN LATERAL (
		SELECT min(first.due_at) AS due_at, bit_or(1 << priorities.priority) AS priorities
		FROM (VALUES (0), (1), (2), (3)) AS priorities(priority)
		CROSS JOIN LATERAL (
			SELECT lanes.due_at
			FROM lanes
			WHERE lanes.gate_id = gate.id AND lanes.priority = priorities.priority AND lanes.due_at >= asked.since
				AND (lanes.leased_until IS NULL OR lanes.leased_until <= clock.real)
			ORDER BY lanes.due_at
			LIMIT 1) AS first) AS free
	CROSS JOIN LATERAL (
		SELECT min(first.due_at) AS due_at
		FROM (VALUES (0), (1), (2), (3)) AS priorities(priority)
		CROSS JOIN LATERAL (
			SELECT lanes.due_at
			FROM lanes
			WHERE lanes.gate_id = gate.id AND lanes.priority = priorities.priority AND lanes.due_at >= asked.since
			ORDER BY lanes.due_at
			LIMIT CASE WHEN $3 THEN 1 ELSE 0 END) AS first) AS oldest`

// DueGates returns when gates have work next. It leaves out none.
func DueGates(ctx context.Context, q store.Querier, gates []GateSince) ([]GateDue, error) {
	ids, since := gateColumns(gates)
	const withOldest = true
	return query.Collect[GateDue](ctx, q, "due gates", dueGates, ids, since, withOldest)
}

// gateColumns returns the fields of gates as parallel lists, as SQL takes them.
func gateColumns(gates []GateSince) (ids []store.GateID, since []time.Time) {
	ids = query.Field(gates, func(g *GateSince) store.GateID { return g.ID })
	since = query.Field(gates, func(g *GateSince) time.Time { return g.Since })
	return ids, since
}

// otherGates looks into gaps between known gates. Each step finds the next gate that has a lane with one look into the
// index lanes_due. So gates without lanes cost nothing, however many there are.
const otherGates = `
	WITH RECURSIVE found(gate_id, upto) AS (
		SELECT next.gate_id, gap.upto
		FROM unnest($1::bigint[], $2::bigint[]) AS gap(above, upto)
		CROSS JOIN LATERAL (
			SELECT lanes.gate_id
			FROM lanes
			WHERE lanes.due_at IS NOT NULL AND lanes.gate_id > gap.above AND lanes.gate_id < gap.upto
			ORDER BY lanes.gate_id, lanes.priority, lanes.due_at
			LIMIT 1) AS next
		UNION ALL
		SELECT next.gate_id, found.upto
		FROM found
		CROSS JOIN LATERAL (
			SELECT lanes.gate_id
			FROM lanes
			WHERE lanes.due_at IS NOT NULL AND lanes.gate_id > found.gate_id AND lanes.gate_id < found.upto
			ORDER BY lanes.gate_id, lanes.priority, lanes.due_at
			LIMIT 1) AS next
	)
	SELECT gate_id FROM found`

// OtherGates returns, in no order, the gates behind which lanes wait or are claimed, without the known ones. known must be
// sorted.
func OtherGates(ctx context.Context, q store.Querier, known []store.GateID) ([]store.GateID, error) {
	above, upto := findGaps(known)
	return query.Column[store.GateID](ctx, q, "other gates", otherGates, above, upto)
}

// findGaps returns the ranges between known ids, which must be sorted. The ends don't belong to them: for 3 and 7 the
// ranges are (0, 3), (3, 7) and (7, the largest id).
func findGaps(known []store.GateID) (above, upto []store.GateID) {
	last := store.GateID(0)
	for _, id := range append(slices.Clip(known), math.MaxInt64) {
		if id-last > 1 {
			above = append(above, last)
			upto = append(upto, id)
		}
		last = id
	}
	return above, upto
}
