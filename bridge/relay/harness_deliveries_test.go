package relay_test

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
	"parley/store/storetest"
)

// leaseTime is the lease of every lane. It ends only if a test lets that much time pass.
const leaseTime = 2 * time.Minute

// lane is a lane that is due, with this many queued deliveries.
type lane struct {
	id         store.LaneID
	priority   int
	deliveries int
}

// deliveryID returns the id of the n-th delivery of a lane, counted from 1.
func deliveryID(lane store.LaneID, n int) store.DeliveryID {
	return store.DeliveryID(int64(lane)*1000 + int64(n))
}

// addReply makes a lane with one delivery behind gate 1, and returns the delivery's id. It is for tests with only this
// lane.
func (h *harness) addReply() store.DeliveryID {
	h.t.Helper()
	h.addLane(1, 1)
	return deliveryID(1, 1)
}

// addTwoReplies makes a lane with two deliveries behind gate 1, and returns their ids. It is for tests with only this
// lane.
func (h *harness) addTwoReplies() (first, second store.DeliveryID) {
	h.t.Helper()
	h.addLane(1, 2)
	return deliveryID(1, 1), deliveryID(1, 2)
}

// addLane makes a lane with this many deliveries behind gate 1.
func (h *harness) addLane(id store.LaneID, deliveries int) {
	h.t.Helper()
	h.addGate(1)
	h.addLaneBehind(1, lane{id: id, priority: store.PrioritySay, deliveries: deliveries})
}

// addLaneBehind makes a lane behind a gate. It belongs to the conversation with the same number.
func (h *harness) addLaneBehind(gate store.GateID, l lane) {
	h.t.Helper()
	const insertLane = `
		INSERT INTO lanes (id, account_id, key, conversation_id, gate_id, priority, tail, due_at, lease_seconds)
		VALUES (@lane, 1, @key, @lane, @gate, @priority, @deliveries, parley_now(), @lease)`
	const insertDeliveries = `
		INSERT INTO deliveries (id, lane_id, seq, kind, created_at)
		SELECT @lane::bigint * 1000 + n, @lane::bigint, n, 'reply', parley_now()
		FROM generate_series(1, @deliveries::int) AS n`
	args := pgx.NamedArgs{
		"lane":       int64(l.id),
		"key":        fmt.Sprint("c", l.id),
		"gate":       gate,
		"priority":   l.priority,
		"deliveries": l.deliveries,
		"lease":      leaseTime.Seconds(),
	}
	check(h.t, pgx.BeginFunc(h.t.Context(), h.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(h.t.Context(), insertLane, args); err != nil {
			return err
		}
		_, err := tx.Exec(h.t.Context(), insertDeliveries, args)
		return err
	}))
	h.Wake()
}

// addGate makes a gate without a rate, if there is none with this id.
func (h *harness) addGate(id store.GateID) {
	h.t.Helper()
	const withoutRate, burst = 0, 1
	h.addGateWithRate(id, withoutRate, burst)
}

// addGateWithRate makes a gate that lets perSecond attempts through per second, and burst at once at first.
func (h *harness) addGateWithRate(id store.GateID, perSecond float64, burst int) {
	h.t.Helper()
	h.exec(`INSERT INTO gates (id, account_id, key, per_second, burst) OVERRIDING SYSTEM VALUE
		VALUES ($1, 1, $2, $3, $4) ON CONFLICT DO NOTHING`, id, fmt.Sprint("g", id), perSecond, burst)
}

// openGate ends the pause of a gate.
func (h *harness) openGate(id store.GateID) {
	h.t.Helper()
	h.exec(`UPDATE gates SET next_at = clock_timestamp() WHERE id = $1`, id)
	h.Wake()
}

// longUnclear is longer than Options.UnclearAfter: after that time an attempt isn't looked for any more if nobody can
// tell whether it was made.
const longUnclear = 700 * time.Second

// passTime lets time pass for all deliveries: their leases, pauses, attempts and lookups become older. Timers and
// events don't.
func (h *harness) passTime(d time.Duration) {
	h.t.Helper()
	h.exec(`UPDATE deliveries
		SET first_at = first_at - $1::interval, sent_at = sent_at - $1::interval, absent_at = absent_at - $1::interval`, d)
	h.exec(`UPDATE lanes SET due_at = due_at - $1::interval, leased_until = leased_until - $1::interval WHERE due_at IS NOT NULL`, d)
	h.Wake()
}

// deliveryRow is what tests need to know of a delivery and its lane.
type deliveryRow struct {
	State             store.DeliveryState
	Attempt           int // attempts so far
	Part              int
	ExternalID        string
	ErrorClass        string
	ErrorText         string
	IsAbsent          bool          // it was found absent at its destination
	IsAbsentSinceSent bool          // it was found absent after its latest attempt began
	LaneHead          int64         // how many deliveries of the lane are done
	LaneEpoch         int           // how often the lane was claimed
	LaneIsLeased      bool          // some process has the lane
	LaneDueIn         time.Duration // until the lane is due; negative if it is due, 0 if nothing waits
}

// delivery reads a delivery and its lane.
func (h *harness) delivery(id store.DeliveryID) deliveryRow {
	h.t.Helper()
	const read = `
		SELECT d.state, d.attempt, d.part, d.external_id, d.error_class, d.error_text,
			d.absent_at IS NOT NULL, coalesce(d.absent_at > d.sent_at, false),
			l.head, l.epoch, l.leased_until IS NOT NULL, coalesce(l.due_at - parley_now(), interval '0')
		FROM deliveries AS d
		JOIN lanes AS l ON l.id = d.lane_id
		WHERE d.id = $1`
	return storetest.Rows(h.t, h.pool, pgx.RowToStructByPos[deliveryRow], read, id)[0]
}

// waitDelivery waits until holds returns true for a delivery and its lane. what describes that in the message.
func (h *harness) waitDelivery(id store.DeliveryID, what string, holds func(deliveryRow) bool) {
	h.t.Helper()
	var got deliveryRow
	h.waitFor(func() string { return fmt.Sprintf("delivery %d: got %+v, want that %s", id, got, what) }, func() bool {
		got = h.delivery(id)
		return holds(got)
	})
}

// waitState waits until a delivery is in a state.
func (h *harness) waitState(id store.DeliveryID, want store.DeliveryState) {
	h.t.Helper()
	h.waitDelivery(id, "it is "+string(want), func(d deliveryRow) bool { return d.State == want })
}

// waitStateAfter waits until a delivery is in a state after this many attempts.
func (h *harness) waitStateAfter(id store.DeliveryID, attempts int, want store.DeliveryState) {
	h.t.Helper()
	h.waitDelivery(id, fmt.Sprintf("it is %s after %d attempts", want, attempts), func(d deliveryRow) bool {
		return d.State == want && d.Attempt == attempts
	})
}

// waitQueuedAgain waits until a delivery is queued again after an attempt that failed with this class.
func (h *harness) waitQueuedAgain(id store.DeliveryID, class channels.Class) {
	h.t.Helper()
	h.waitDelivery(id, fmt.Sprintf("it is queued again after a failure of class %s", class), func(d deliveryRow) bool {
		return d.State == store.Queued && d.ErrorClass == string(class)
	})
}

// waitFoundAbsent waits until a delivery is unknown, and a lookup has found that its destination doesn't have it.
func (h *harness) waitFoundAbsent(id store.DeliveryID) {
	h.t.Helper()
	h.waitDelivery(id, "it is unknown and was found to be absent", func(d deliveryRow) bool {
		return d.State == store.Unknown && d.IsAbsent
	})
}

// waitLaneDone waits until the lane of addReply has gone past its delivery.
func (h *harness) waitLaneDone(id store.DeliveryID) {
	h.t.Helper()
	h.waitDelivery(id, "its lane has gone on", func(d deliveryRow) bool { return d.LaneHead == 1 })
}

// waitNumberAccepted waits until this many deliveries are accepted.
func (h *harness) waitNumberAccepted(n int) {
	h.t.Helper()
	h.waitValue("accepted deliveries", n, `SELECT count(*) FROM deliveries WHERE state = 'accepted'`)
}

// waitNumberAcceptedOf waits until this many deliveries of a lane are accepted.
func (h *harness) waitNumberAcceptedOf(lane store.LaneID, n int) {
	h.t.Helper()
	const accepted = `SELECT count(*) FROM deliveries WHERE lane_id = $1 AND state = 'accepted'`
	h.waitValue(fmt.Sprintf("accepted deliveries of lane %d", lane), n, accepted, lane)
}

// failAlways returns a send that fails at each attempt.
func failAlways(class channels.Class) func(context.Context, store.ClaimedDelivery) (relay.Sent, error) {
	return func(context.Context, store.ClaimedDelivery) (relay.Sent, error) {
		return relay.Sent{}, &channels.SendError{Class: class, Text: "It did not work."}
	}
}

// failFirst returns a send that fails at the first attempts at each delivery, with these classes in turn, and then
// succeeds.
func failFirst(classes ...channels.Class) func(context.Context, store.ClaimedDelivery) (relay.Sent, error) {
	return func(ctx context.Context, c store.ClaimedDelivery) (relay.Sent, error) {
		if c.Attempt > len(classes) {
			return relay.Sent{}, nil
		}
		return failAlways(classes[c.Attempt-1])(ctx, c)
	}
}

// find returns a reconcile that always has the same outcome.
func find(outcome channels.Outcome) func(store.ClaimedDelivery) (channels.Outcome, relay.Sent, error) {
	return func(store.ClaimedDelivery) (channels.Outcome, relay.Sent, error) { return outcome, relay.Sent{}, nil }
}

// attemptsMade returns all attempts in order.
func (h *harness) attemptsMade() []attempt {
	return locked(h, func() []attempt { return slices.Clone(h.attempts) })
}

// attemptsAt returns how many attempts were made at a delivery.
func (h *harness) attemptsAt(id store.DeliveryID) (n int) {
	for _, a := range h.attemptsMade() {
		if a.Delivery == id {
			n++
		}
	}
	return n
}

// wantAttemptsAt checks how many attempts were made at a delivery.
func (h *harness) wantAttemptsAt(id store.DeliveryID, want int) {
	h.t.Helper()
	if got := h.attemptsAt(id); got != want {
		h.t.Errorf("attempts at delivery %d: got %d, want %d; all attempts: %+v", id, got, want, h.attemptsMade())
	}
}

// wantAttempts checks which attempts were made, and their order.
func (h *harness) wantAttempts(want ...attempt) {
	h.t.Helper()
	if got := h.attemptsMade(); !slices.Equal(got, want) {
		h.t.Errorf("attempts: got %+v, want %+v", got, want)
	}
}

// numberOfLooks returns how many lookups there were.
func (h *harness) numberOfLooks() int { return locked(h, func() int { return h.looks }) }

// wantLooks checks how many lookups there were.
func (h *harness) wantLooks(want int) {
	h.t.Helper()
	if got := h.numberOfLooks(); got != want {
		h.t.Errorf("looks for attempts: got %d, want %d", got, want)
	}
}

// reported returns all reports on deliveries in order.
func (h *harness) reported() []report {
	return locked(h, func() []report { return slices.Clone(h.reports) })
}

// wantReports checks which reports were made, and their order.
func (h *harness) wantReports(want ...report) {
	h.t.Helper()
	if got := h.reported(); !slices.Equal(got, want) {
		h.t.Errorf("reports: got %+v, want %+v", got, want)
	}
}
