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

// refusedText is what people read of a delivery whose result the database doesn't take.
const refusedText = "What became of it could not be written down: the database refused it."

// result is what became of a claim.
type result struct {
	dispatch.Finish
	claim dispatch.Claimed
	since time.Time // when the dispatcher first could have written it
}

// finishesOf returns the part of results that is written.
func finishesOf(list []result) []dispatch.Finish {
	done := make([]dispatch.Finish, len(list))
	for i, r := range list {
		done[i] = r.Finish
	}
	return done
}

// putAside sorts the results: those whose lanes a long batch has locked are put aside until the batch
// ends or they have waited for maxAside; all others are to be written now.
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

// commit is dispatch.Turn, tried again where it collided with another transaction.
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

// writeSingly writes each result by itself, since the database refused to write them together:
// one that it doesn't take must not keep the others from being written.
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

// writeOne writes one result. Where the database refuses it, a person is told and asked. If
// even that is refused, the claim is left to its lease: whoever claims the lane next finds out
// what became of the delivery.
func (d *dispatcher) writeOne(ctx context.Context, r result) error {
	// Each is made only when the one before was refused: making them counts and reports.
	fallbacks := []func() dispatch.Finish{func() dispatch.Finish { return r.Finish }}
	if r.ID != 0 {
		fallbacks = append(fallbacks,
			func() dispatch.Finish { return d.askAboutResult(r) },
			func() dispatch.Finish { return withoutFacts(r) })
	}

	for _, makeFinish := range fallbacks {
		f := makeFinish()
		_, _, err := d.commit(ctx, []dispatch.Finish{f}, dispatch.Claim{}, nil)
		if err == nil || !isRefusal(err) {
			return err
		}

		d.log.Error("result refused", "delivery_id", r.ID, "conversation_id", r.claim.ConversationID, "state", f.State, "error", err)
	}

	return nil
}

// askAboutResult makes a person decide about a delivery whose result is known, but refused by the database.
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

// withoutFacts is what askAboutResult writes, but without a fact, so that people aren't told: facts may be what is refused.
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
