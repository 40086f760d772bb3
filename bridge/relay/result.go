package relay

import (
	"context"
	"time"

	"parley/store"
	"parley/store/dispatch"
)

// maxTurnTries is how often a turn is tried at once while it collides with other transactions.
const maxTurnTries = 3

const (
	// maxAside is how long results wait at most for batches that hold their lanes.
	maxAside = 100 * time.Millisecond
	// asideInterval is the pause between two looks whether the batches have ended.
	asideInterval = 5 * time.Millisecond
)

// refusedText is what people read about a delivery whose result the database doesn't take.
const refusedText = "What became of it could not be written down: the database refused it."

// result is what an attempt to send a delivery sends back to the dispatcher, which writes the Finish in its next turn.
type result struct {
	dispatch.Finish
	claim dispatch.Claimed
	since time.Time // when the dispatcher could have written it first; zero until putAside has seen it
}

// finishesOf returns what is written of results.
func finishesOf(list []result) []dispatch.Finish {
	done := make([]dispatch.Finish, len(list))
	for i, r := range list {
		done[i] = r.Finish
	}
	return done
}

// putAside sorts the results into unwritten, which the next turn writes, and aside. Put aside are those whose lanes are
// locked by a long batch of an applier: a turn that writes one of them would wait for the batch, and all others with it.
// They wait until the batch ends, but not longer than maxAside.
func (d *dispatcher) putAside() {
	now := time.Now()
	all := append(d.aside, d.unwritten...)
	d.aside, d.unwritten = nil, nil
	for _, r := range all {
		if r.since.IsZero() {
			r.since = now
		}
		if d.lockedConversations.has(r.claim.ConversationID) && now.Sub(r.since) < maxAside {
			d.aside = append(d.aside, r)
		} else {
			d.unwritten = append(d.unwritten, r)
		}
	}
}

// commit calls dispatch.Turn, and calls it again if it collided with another transaction.
func (d *dispatcher) commit(ctx context.Context, done []dispatch.Finish, take dispatch.Claim, ask []dispatch.GateSince) (
	claimed []dispatch.Claimed, due []dispatch.GateDue, err error) {
	for range maxTurnTries {
		claimed, due, err = dispatch.Turn(ctx, d.sessions, done, take, ask)
		if !isConflict(err) {
			break
		}
	}
	return claimed, due, err
}

// writeSingly writes each result in a transaction of its own, after the database refused to write them together, so that
// the one that it doesn't take doesn't keep the others from being written.
func (d *dispatcher) writeSingly(ctx context.Context) error {
	for len(d.unwritten) > 0 {
		r := d.unwritten[0]
		if err := d.writeOne(ctx, r); err != nil {
			return err
		}
		d.wakeForResults(ctx, d.unwritten[:1])
		d.unwritten = d.unwritten[1:]
		d.toAsk[r.Gate] = true
	}
	return nil
}

// writeOne writes one result. If the database refuses it, writeOne has a person asked what becomes of the delivery. If even
// that is refused, it leaves the delivery as it is: once the claim's lease is over, whoever claims the lane next looks for
// what was sent.
func (d *dispatcher) writeOne(ctx context.Context, r result) error {
	// Each is made only when the one before was refused, because making them counts and reports.
	fallbacks := []func() dispatch.Finish{func() dispatch.Finish { return r.Finish }}
	if r.ID != 0 {
		fallbacks = append(fallbacks,
			func() dispatch.Finish { return d.askAboutResult(r) },
			func() dispatch.Finish { return withoutFacts(r) })
	}

	for _, makeFinish := range fallbacks {
		f := makeFinish()
		_, _, err := d.commit(ctx, []dispatch.Finish{f}, dispatch.Claim{}, nil) // claims and asks nothing
		if err == nil || !isRefusal(err) {
			return err
		}

		d.log.Error("result refused", "delivery_id", r.ID, "conversation_id", r.claim.ConversationID, "state", f.State, "error", err)
	}
	return nil
}

// askAboutResult returns a result for a delivery whose own the database refused: a person decides what becomes of it. A
// post, about which nobody is asked, has failed.
func (d *dispatcher) askAboutResult(r result) dispatch.Finish {
	f := withoutFacts(r)
	f.With = nil
	d.attempts.report(&f, r.claim, Report{Kind: ReportUnclear, Text: refusedText})
	if len(f.Facts) == 0 { // a post, about which no person decides
		f.State = store.Failed
		d.attempts.report(&f, r.claim, Report{Kind: ReportFailed, Text: refusedText})
	}
	finishRun(&f, r.claim)
	d.metrics.Account(r.claim.AccountID).Undecided.Add(1)
	return f
}

// withoutFacts returns that a person has to decide about a delivery, but no fact that tells her so: facts may be what the
// database refuses.
func withoutFacts(r result) dispatch.Finish {
	c := r.claim
	f := dispatch.Finish{
		LaneID:    c.LaneID,
		Epoch:     c.Epoch,
		ID:        c.ID,
		Gate:      c.GateID,
		Joined:    c.Joined,
		State:     store.NeedsDecision,
		Advance:   1,
		Part:      c.Part,
		ErrorText: refusedText,
	}

	finishRun(&f, c)
	return f
}
