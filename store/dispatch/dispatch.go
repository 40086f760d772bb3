// Package dispatch hands out what waits in lanes and takes the results: which delivery is next behind
// each gate (a claim), and what became of it (a finish). Only the relay does so. Beside it, marks that
// waited for too long are taken back.
//
// What does not belong here: what is put into lanes and what a delivery says. Lanes, deliveries and
// gates as nouns are in package store.
package dispatch

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/store"
	"parley/store/internal/query"
)

// Finish is the result of a claim. It is ignored unless Epoch still is the lane's.
type Finish struct {
	LaneID     store.LaneID
	Epoch      int64
	ID         store.DeliveryID // the delivery; 0 = the lane was claimed without one
	State      string           // the delivery's new state
	Advance    int              // how many deliveries are done; the one behind them becomes the head
	Wait       float64          // seconds until the lane is due again when it does not advance
	Part       int              // the part of the delivery that is sent next; a long text is sent in parts
	ExternalID string           // the destination's id of the message; "" = unchanged
	Progress   string           // what the channel or surface needs to continue the delivery
	ErrorClass string           // of the last error; "" = none
	ErrorText  string           // the last error for people
	Rest       float64          // seconds that the lane rests after a success, also between parts
	Absent     bool             // the destination was found not to have it, now
	Unsure     bool             // it is attempted again although an earlier attempt may have landed; see finishDeliveries
	Warned     bool             // the agent is told now that it is late
	Joined     store.DeliveryID // Delivery.Joined as it was claimed
	Uncalled   bool             // it needed no call any more: its gate gets the slot back
	Keep       bool             // the lane keeps its place in its gate's queue, if more deliveries wait in it
	With       []Part           // the results of Claimed.With
	Landed     []Landed         // the messages that now are in the surface
	Facts      []store.NewEvent // what is journalled about the result
	Gate       store.GateID
	GateWait   float64 // seconds; > 0 blocks the gate
}

// Part is the result of a delivery that left in one message with the head of its lane.
type Part struct {
	ID       store.DeliveryID
	State    string
	Progress string
	Warned   bool
}

// Landed is a message that was posted in a surface. It is recorded together with its result.
type Landed struct {
	Post   store.Post
	Thread *store.Thread // a root: the thread it opened
}

// Claim is how many deliveries a process is ready to take.
type Claim struct {
	Gates []GateClaim
	// Join lets several deliveries leave as one message. It must be false while an older process
	// that doesn't know of joined deliveries (see KnowsRuns) uses the database: it would send
	// again what left with another delivery.
	Join bool
}

// GateClaim is how many deliveries a process is ready to take from one gate.
type GateClaim struct {
	GateSince
	Slots int // how many deliveries at most
	// Given is how many deliveries the process has taken from the gate before: claimShared gives
	// every fourth slot to another priority. Ignored where a rate limits the gate: its row counts.
	Given int64
	// Mixed is true when lanes of several priorities may wait.
	Mixed bool
}

// Turn writes the results of earlier claims, claims the heads of due lanes, and returns when the
// gates in ask have work next (without GateDue.Oldest), in one round trip and one commit.
func Turn(ctx context.Context, q store.Batcher, done []Finish, take Claim, ask []GateSince) ([]Claimed, []GateDue, error) {
	var batch pgx.Batch
	if err := queueFinish(&batch, done); err != nil {
		return nil, nil, err
	}
	var claimed []Claimed
	if len(take.Gates) > 0 {
		sql := claim
		if slices.ContainsFunc(take.Gates, func(g GateClaim) bool { return g.Mixed }) {
			sql = claimShared
		}
		batch.Queue(sql, take.arguments()...).Query(func(rows pgx.Rows) error {
			list, err := query.Rows[Claimed](rows)
			claimed = runs(list)
			return err
		})
	}
	var due []GateDue
	ids, since := gateColumns(ask)
	batch.Queue(dueGates, ids, since, false).Query(func(rows pgx.Rows) (err error) {
		due, err = query.Rows[GateDue](rows)
		return err
	})
	if err := q.SendBatch(ctx, &batch).Close(); err != nil {
		return nil, nil, fmt.Errorf("store: turn: %w", err)
	}
	return claimed, due, nil
}

// arguments returns the arguments of claim and claimShared.
func (c Claim) arguments() []any {
	n := len(c.Gates)
	gates, slots, given, since := make([]store.GateID, n), make([]int32, n), make([]int64, n), make([]time.Time, n)
	for i, g := range c.Gates {
		gates[i], slots[i], given[i], since[i] = g.ID, int32(g.Slots), g.Given, g.Since //nolint:gosec // a process' places
	}
	return []any{gates, slots, c.Join, given, since}
}

// runs moves the claimed deliveries of a lane, other than its head, into the head's With.
func runs(list []Claimed) []Claimed {
	slices.SortFunc(list, func(a, b Claimed) int { return cmp.Or(cmp.Compare(a.LaneID, b.LaneID), cmp.Compare(a.Seq, b.Seq)) })
	heads := list[:0]
	for _, c := range list {
		if n := len(heads); n > 0 && heads[n-1].LaneID == c.LaneID {
			head := &heads[n-1]
			head.With = append(head.With, c.Delivery)
			head.Torn = head.Torn || c.Place != len(head.With)
			continue
		}
		heads = append(heads, c)
	}
	return heads
}
