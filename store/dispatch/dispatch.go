// Package dispatch hands out what waits in lanes and takes the results: which delivery is next behind
// each gate (a claim), and what became of it (a finish). Only the relay does so. Beside it, marks that
// waited for too long are taken back.
//
// A claim takes the head of a lane. Several replies of a lane may leave as one message: these are a run, the head with those
// that are joined to it.
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
	LaneID store.LaneID
	Epoch  int64

	// The delivery's new state.
	ID         store.DeliveryID // 0 if the lane was claimed without a delivery
	Joined     store.DeliveryID // Delivery.Joined as it was claimed: the head with which it leaves, 0 if it leaves alone
	State      store.DeliveryState
	Part       int    // the part that is sent next; a long text is sent in parts
	ExternalID string // the destination's id of the message; empty means unchanged
	Progress   string // what the channel or surface needs to continue the delivery
	Warned     bool   // its agent is told now that it is late
	With       []Part // the results of Claimed.With

	// What is known after an attempt that didn't end well.
	ErrorClass string // empty if there was no error
	ErrorText  string // the error for people
	Absent     bool   // the destination was found not to have it, now
	Unsure     bool   // an earlier attempt may have landed, and it is attempted again all the same

	// When the lane and its gate go on; times are in seconds.
	Advance  int     // how many deliveries are done; the one behind them becomes the head
	Wait     float64 // until the lane is due again if it does not advance
	Rest     float64 // how long the lane rests after a success, also between parts
	Keep     bool    // the lane keeps its place in its gate's queue, if more deliveries wait in it
	Uncalled bool    // no call was needed any more, so that the gate gets the slot back
	Gate     store.GateID
	GateWait float64 // for how long the gate is blocked; 0 leaves it as it is

	// What is recorded together with the result.
	Landed []Landed         // the messages that now are in the surface
	Facts  []store.NewEvent // what is journalled about the result
}

// Part is the result of a delivery that left in one message with the head of its lane.
type Part struct {
	ID       store.DeliveryID
	State    store.DeliveryState
	Progress string
	Warned   bool
}

// Landed is a message that was posted in a surface. It is recorded together with its result.
type Landed struct {
	Post     store.Post
	Thread   *store.Thread // the thread that it opened, if it is a root; else nil
	LeftRoot *store.Post   // the root that nobody knew to be left before this one landed; nil means none
}

// Claim says how many deliveries a process is ready to take.
type Claim struct {
	Gates []GateClaim
	// Join lets runs leave. It must be false while a process of an older version uses the database that
	// doesn't know of runs (store.KnowsRuns): it would send again what left with another delivery.
	Join bool
}

// GateClaim is how many deliveries a process is ready to take from one gate.
type GateClaim struct {
	GateSince
	Slots int // how many deliveries at most
	// Given is how many deliveries the process has taken from the gate before: by this number, claimShared
	// gives every fourth slot to another priority. It is ignored for a gate with a rate, whose row counts.
	Given int64
	// Mixed is true if lanes of several priorities may wait.
	Mixed bool
}

// Turn writes the results of earlier claims, claims the heads of due lanes, and returns when the
// gates in ask have work next (without GateDue.Oldest), in one round trip and one commit.
func Turn(
	ctx context.Context, q store.Batcher, done []Finish, take Claim, ask []GateSince,
) (claimed []Claimed, due []GateDue, err error) {
	var batch pgx.Batch
	if err := queueFinish(&batch, done); err != nil {
		return nil, nil, err
	}

	var rows []Claimed
	if len(take.Gates) > 0 {
		query.Read(&batch, &rows, take.chooseStatement(), take.statementArguments()...)
	}

	ids, since := gateColumns(ask)
	const withOldest = false
	query.Read(&batch, &due, dueGates, ids, since, withOldest)

	if err := q.SendBatch(ctx, &batch).Close(); err != nil {
		return nil, nil, fmt.Errorf("store: turn: %w", err)
	}

	return groupRuns(rows), due, nil
}

// chooseStatement returns claimShared if lanes of several priorities may wait at one of the gates, or else claim.
func (c Claim) chooseStatement() string {
	if slices.ContainsFunc(c.Gates, func(g GateClaim) bool { return g.Mixed }) {
		return claimShared
	}
	return claim
}

// statementArguments returns the arguments of claim and claimShared.
func (c Claim) statementArguments() []any {
	gates := query.Field(c.Gates, func(g *GateClaim) store.GateID { return g.ID })
	slots := query.Field(c.Gates, func(g *GateClaim) int { return g.Slots })
	given := query.Field(c.Gates, func(g *GateClaim) int64 { return g.Given })
	since := query.Field(c.Gates, func(g *GateClaim) time.Time { return g.Since })
	return []any{gates, slots, c.Join, given, since}
}

// groupRuns returns the heads of the claimed lanes, each with the rest of its run in With. A run is torn if a place in it is
// missing: a delivery changed while it was being claimed. Then the run may not leave as one message.
func groupRuns(rows []Claimed) []Claimed {
	slices.SortFunc(rows, func(a, b Claimed) int { return cmp.Or(cmp.Compare(a.LaneID, b.LaneID), cmp.Compare(a.Seq, b.Seq)) })
	heads := rows[:0]
	for _, row := range rows {
		last := len(heads) - 1
		if last < 0 || heads[last].LaneID != row.LaneID {
			heads = append(heads, row)
			continue
		}

		head := &heads[last]
		head.With = append(head.With, row.Delivery)
		if row.Place != len(head.With) {
			head.Torn = true
		}
	}

	return heads
}
