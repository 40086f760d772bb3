package store

import (
	"context"
	"math"
	"slices"
	"time"

	"parley/store/internal/query"
)

// A gate is one rate limit of a provider, such as the messages per second of a phone number. A lane is the queue of one
// conversation's deliveries to one destination; each lane belongs to one gate. The relay, which sends the deliveries, asks
// here which gates have work, and when: a gate has work when a lane is due and the rate limit permits another delivery.

// blockGates blocks gates for some seconds, for example after a provider's "Retry-After". It never shortens a block.
const blockGates = `
	UPDATE gates
	SET next_at = greatest(gates.next_at, clock_timestamp() + make_interval(secs => blocked.wait))
	FROM unnest($1::bigint[], $2::double precision[]) AS blocked(id, wait)
	WHERE gates.id = blocked.id`

// GateSince selects the lanes of a gate.
type GateSince struct {
	ID GateID
	// Since excludes lanes that were due earlier, by Parley's clock. It is usually GateDue.Oldest. The zero time includes all
	// lanes.
	Since time.Time
}

// GateDue is when a gate has work next.
type GateDue struct {
	GateID    GateID    `db:"gate_id"`
	AccountID AccountID `db:"account_id"`
	Waiting   uint8     `db:"waiting"` // bit n is set if an unclaimed lane of priority n waits
	Wait      float64   `db:"wait"`    // seconds until the gate has work; 0 means now
	Limited   bool      `db:"limited"` // the gate has a rate
	// Oldest is the earliest due time of the gate's waiting and claimed lanes, by Parley's clock, and never later than now.
	// Only a lane whose transaction isn't committed yet may have been due earlier, by the duration of that transaction.
	Oldest time.Time `db:"oldest"`
}

// dueGates finds, for each gate, the first unclaimed lane of each priority (free). If $3 is true, it also finds the first
// lane of all, claimed or not (oldest).
//
// The scan of the index lanes_due begins at GateSince.Since. Earlier entries are dead: their lanes are due later or not at all.
// While a long transaction such as a dump is open, PostgreSQL can't remove them, and a scan would have to skip each one.
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

// DueGates returns when gates have work next. The result has an element for each of the gates.
func DueGates(ctx context.Context, q Querier, gates []GateSince) ([]GateDue, error) {
	ids, since := gateColumns(gates)
	const withOldest = true
	return query.Collect[GateDue](ctx, q, "due gates", dueGates, ids, since, withOldest)
}

// gateColumns returns the fields of gates as parallel lists, for unnest.
func gateColumns(gates []GateSince) (ids []GateID, since []time.Time) {
	ids = query.Field(gates, func(g *GateSince) GateID { return g.ID })
	since = query.Field(gates, func(g *GateSince) time.Time { return g.Since })
	return ids, since
}

// otherGates searches the gaps between known gates. Each step finds the next gate that has a lane, by one lookup in the index
// lanes_due, so gates without lanes cost nothing, however many there are.
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

// OtherGates returns the gates with waiting or claimed lanes, except the known ones. known must be sorted; the result isn't.
func OtherGates(ctx context.Context, q Querier, known []GateID) ([]GateID, error) {
	above, upto := findGaps(known)
	return query.Column[GateID](ctx, q, "other gates", otherGates, above, upto)
}

// findGaps returns the open ranges between known ids, which must be sorted. For 3 and 7 these are (0, 3), (3, 7) and
// (7, math.MaxInt64).
func findGaps(known []GateID) (above, upto []GateID) {
	last := GateID(0)
	for _, id := range append(slices.Clip(known), math.MaxInt64) {
		if id-last > 1 {
			above = append(above, last)
			upto = append(upto, id)
		}
		last = id
	}
	return above, upto
}
