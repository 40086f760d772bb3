package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/store/internal/query"
)

// FinishedDelivery is the result of a claim. It is ignored if the lane's epoch isn't Epoch any more, because then another process has
// claimed the lane since.
type FinishedDelivery struct {
	LaneID LaneID
	Epoch  int64

	// The delivery's new state.
	ID         DeliveryID // 0 if the lane was claimed without a delivery
	Joined     DeliveryID // Delivery.Joined as it was claimed: the head of its run, 0 if it has none
	State      DeliveryState
	Part       int            // the part that is sent next; a long text is sent in parts
	ExternalID string         // the destination's id of the message; empty means unchanged
	Progress   string         // what the sending channel needs to continue the delivery
	Warned     bool           // its agent is being warned that it is late
	With       []DeliveryPart // the results of Claimed.With
	Recovered  bool           // it has arrived, and an earlier attempt had failed

	DeliveryFailure
	GatePace

	// What is recorded together with the result.
	Landed []LandedPart // the messages that were posted in an agents' chat
	Facts  []NewEvent   // events about the result
}

// DeliveryFailure is what is known after an unsuccessful attempt.
type DeliveryFailure struct {
	ErrorClass string // empty if there was no error
	ErrorText  string // the error in words for people
	Absent     bool   // the message was looked for and not found at the destination
	Unsure     bool   // it is attempted again although an earlier attempt may have arrived
}

// GatePace says when a lane and its gate continue. Times are in seconds.
type GatePace struct {
	Advance  int     // how many deliveries are done; the next one becomes the head
	Wait     float64 // until the lane is due again if it does not advance
	Rest     float64 // how long the lane rests after a success, also between parts
	Keep     bool    // the lane keeps its place among the gate's lanes, if it has more deliveries
	Uncalled bool    // the provider wasn't called, so the gate gets its token back
	Gate     GateID
	GateWait float64 // for how long the gate is blocked; 0 leaves it as it is
}

// DeliveryPart is the result of a delivery that was sent in one message with the head of its lane.
type DeliveryPart struct {
	ID       DeliveryID
	State    DeliveryState
	Progress string
	Warned   bool
}

// LandedPart is a message that was posted in an agents' chat.
type LandedPart struct {
	Post     Post
	Thread   *Thread // the thread that it opened, if it is a root (the first message of a thread); else nil
	LeftRoot *Post   // an earlier root that this one replaces and that wasn't known to be abandoned; nil if none
}

// DeliveryClaim requests deliveries.
type DeliveryClaim []GateClaim

// GateClaim requests deliveries from one gate.
type GateClaim struct {
	GateSince
	Slots int // the maximum number of deliveries
	// Given is how many deliveries the process has taken from the gate so far. With it, claimShared gives every
	// fourth slot to another priority. It is ignored for a gate with a rate, whose row in the database counts.
	Given int64
	// Mixed is true if lanes of several priorities may be waiting.
	Mixed bool
}

// TurnDeliveries stores the results of earlier claims, claims the heads of due lanes, and returns when the gates in ask have work next
// (without GateDue.Oldest). All of this takes one round trip and one commit.
func TurnDeliveries(
	ctx context.Context, q Batcher, done []FinishedDelivery, take DeliveryClaim, ask []GateSince,
) (claimed []ClaimedDelivery, due []GateDue, err error) {
	var batch pgx.Batch
	if err := queueFinish(&batch, done); err != nil {
		return nil, nil, err
	}

	var rows []ClaimedDelivery
	if len(take) > 0 {
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

// chooseStatement returns claimShared if one of the gates may have lanes of several priorities, or else claim.
func (c DeliveryClaim) chooseStatement() string {
	if slices.ContainsFunc(c, func(g GateClaim) bool { return g.Mixed }) {
		return claimShared
	}
	return claimedRow
}

// statementArguments returns the arguments of claim and claimShared.
func (c DeliveryClaim) statementArguments() []any {
	gates := query.Field(c, func(g *GateClaim) GateID { return g.ID })
	slots := query.Field(c, func(g *GateClaim) int { return g.Slots })
	given := query.Field(c, func(g *GateClaim) int64 { return g.Given })
	since := query.Field(c, func(g *GateClaim) time.Time { return g.Since })
	return []any{gates, slots, given, since}
}

// groupRuns returns the heads of the claimed lanes, each with the rest of its run in With. A run is torn if a position in it is
// missing, because a delivery changed while it was being claimed. Such a run must not be sent.
func groupRuns(rows []ClaimedDelivery) []ClaimedDelivery {
	slices.SortFunc(rows, func(a, b ClaimedDelivery) int {
		return cmp.Or(cmp.Compare(a.LaneID, b.LaneID), cmp.Compare(a.Seq, b.Seq))
	})
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
