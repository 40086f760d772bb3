package relay

import (
	"context"
	"time"

	"parley/store"
)

// maxTurnTries is how often a turn is tried at once if it conflicts with other transactions.
const maxTurnTries = 3

const (
	// maxAside limits how long results wait for batches that have their lanes locked.
	maxAside = 100 * time.Millisecond
	// asideInterval is how often they check whether those batches have ended.
	asideInterval = 5 * time.Millisecond
)

// refusedText is what people read about a delivery whose result the database refused.
const refusedText = "What became of it could not be written down: the database refused it."

// result is the outcome of an attempt to send one delivery (a message in a lane, the queue of its conversation
// and destination). The attempt passes it to the dispatcher, which writes the Finish to the database in its
// next turn.
type result struct {
	store.FinishedDelivery
	claim store.ClaimedDelivery
	since time.Time // when putAside first saw it; zero until then
}

// finishesOf returns what has to be written for these results.
func finishesOf(list []result) []store.FinishedDelivery {
	done := make([]store.FinishedDelivery, len(list))
	for i, r := range list {
		done[i] = r.FinishedDelivery
	}
	return done
}

// putAside sorts the results into unwritten, which the next turn writes, and aside. It sets those aside whose
// lanes are locked by an applier's long batch, because a turn that writes one of them would wait for the batch,
// and hold up all other results. They wait until the batch ends, but at most maxAside.
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

// commit calls dispatch.Turn and retries after conflicts with other transactions.
func (d *dispatcher) commit(ctx context.Context, done []store.FinishedDelivery, take store.DeliveryClaim, ask []store.GateSince) (
	claimed []store.ClaimedDelivery, due []store.GateDue, err error) {
	for range maxTurnTries {
		claimed, due, err = store.TurnDeliveries(ctx, d.sessions, done, take, ask)
		if !isConflict(err) {
			break
		}
	}
	return claimed, due, err
}

// writeSingly writes each result in its own transaction. It is used after the database refused to write them
// together, so that one refused result doesn't block the others.
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

// writeOne writes one result. If the database refuses it, writeOne has a person decide what happens to the
// delivery. If even that is refused, the delivery stays as it is: once the lease of its claim has expired,
// the process that claims the lane next finds out what was sent.
func (d *dispatcher) writeOne(ctx context.Context, r result) error {
	// Each fallback is made only after the previous one was refused, because making it counts and reports.
	fallbacks := []func() store.FinishedDelivery{func() store.FinishedDelivery { return r.FinishedDelivery }}
	if r.ID != 0 {
		fallbacks = append(fallbacks,
			func() store.FinishedDelivery { return d.askAboutResult(r) },
			func() store.FinishedDelivery { return withoutFacts(r) })
	}

	for _, makeFinish := range fallbacks {
		f := makeFinish()
		_, _, err := d.commit(ctx, []store.FinishedDelivery{f}, nil, nil) // claims and asks nothing
		if err == nil || !isRefusal(err) {
			return err
		}

		d.log.Error("result refused", "delivery_id", r.ID, "conversation_id", r.claim.ConversationID, "state", f.State, "error", err)
	}
	return nil
}

// askAboutResult returns the result to write if the database refused the original one: a person decides what
// happens to the delivery. Nobody is asked about a post, so a post has failed.
func (d *dispatcher) askAboutResult(r result) store.FinishedDelivery {
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

// withoutFacts returns a result by which a person has to decide about a delivery, but without the fact that
// notifies that person, because the facts may be what the database refuses.
func withoutFacts(r result) store.FinishedDelivery {
	c := r.claim
	f := store.FinishedDelivery{
		LaneID:          c.LaneID,
		Epoch:           c.Epoch,
		ID:              c.ID,
		GatePace:        store.GatePace{Gate: c.GateID, Advance: 1},
		Joined:          c.Joined,
		State:           store.NeedsDecision,
		Part:            c.Part,
		DeliveryFailure: store.DeliveryFailure{ErrorText: refusedText},
	}

	finishRun(&f, c)
	return f
}
