package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

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
	Unsure     bool    // the delivery is attempted again although an earlier attempt may have landed; see finishDeliveries
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

// Claim is what a process is ready to take.
type Claim struct {
	Gates []GateClaim
	// Join lets deliveries leave as one message. Never while a process runs that doesn't
	// know of it: it would send again what went with another.
	Join bool
}

// GateClaim is what a process is ready to take from one gate.
type GateClaim struct {
	GateSince
	Slots int // free places
	// Given is how many slots of the gate the process has had before: every fourth goes to
	// another priority. Where a rate limits the gate, its row counts for all processes.
	Given int64
	// Mixed says that lanes of several priorities may wait.
	Mixed bool
}

// Batcher sends several statements in one round trip and one transaction.
type Batcher interface {
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

// Turn writes what became of earlier claims, claims the heads of due lanes, and says of the
// gates in ask when they have work next (but not Oldest), in one round trip and one commit.
func Turn(ctx context.Context, q Batcher, done []Finish, take Claim, ask []GateSince) ([]Claimed, []GateDue, error) {
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
			list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Claimed])
			claimed = runs(list)
			return err
		})
	}
	var due []GateDue
	ids, since := gateColumns(ask)
	batch.Queue(dueGates, ids, since, false).Query(func(rows pgx.Rows) (err error) {
		due, err = pgx.CollectRows(rows, pgx.RowToStructByName[GateDue])
		return err
	})
	if err := q.SendBatch(ctx, &batch).Close(); err != nil {
		return nil, nil, fmt.Errorf("store: turn: %w", err)
	}
	return claimed, due, nil
}

// arguments gives the columns of claim.
func (c Claim) arguments() []any {
	n := len(c.Gates)
	gates, slots, given, since := make([]int64, n), make([]int32, n), make([]int64, n), make([]time.Time, n)
	for i, g := range c.Gates {
		gates[i], slots[i], given[i], since[i] = g.ID, int32(g.Slots), g.Given, g.Since //nolint:gosec // a process' places
	}
	return []any{gates, slots, c.Join, given, since}
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
