package relay_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
)

// The methods of this file make the harness a relay.Handler. They call the functions that the test has set, and note
// the calls.

// Decode implements relay.Handler.
func (h *harness) Decode(e store.Event, payload []byte) (any, error) {
	h.mu.Lock()
	decode, seePayload := h.decode, h.seePayload
	h.mu.Unlock()
	if seePayload != nil {
		seePayload(payload)
	}
	if decode == nil {
		return payload, nil
	}
	return decode(e)
}

// Apply implements relay.Handler: it writes the names of events into the table effects, in order. If an event is left
// out, all later events with its order key are left out, too.
func (h *harness) Apply(ctx context.Context, tx pgx.Tx, b relay.Batch) (relay.Outcome, error) {
	made := relay.Outcome{Write: &store.Pipeline{}, Recheck: h.recheckNames}
	events := make([]store.Event, 0, len(b.Facts))
	for _, f := range b.Facts {
		events = append(events, f.Event)
	}

	h.mu.Lock()
	apply := h.apply
	h.mu.Unlock()
	if apply != nil {
		if err := apply(ctx, tx, events); err != nil {
			return relay.Outcome{}, err
		}
	}

	leftOut := map[string]bool{} // by order key
	for _, e := range events {
		if leftOut[e.OrderKey] || h.leaveOut(e, &made) {
			leftOut[e.OrderKey] = true
			continue
		}
		if h.namesWritten != nil {
			made.Written = append(made.Written, h.namesWritten(e)...)
		}
		if h.withoutEffects {
			continue
		}
		if _, err := made.Write.Exec(ctx, `INSERT INTO effects (name, key) VALUES ($1, $2)`, e.ExternalID, e.OrderKey); err != nil {
			return relay.Outcome{}, err
		}
	}
	return made, nil
}

// recheckNames returns the names that other transactions have recorded meanwhile.
func (h *harness) recheckNames(context.Context) ([]string, error) {
	h.mu.Lock()
	recheck := h.recheck
	h.mu.Unlock()
	if recheck == nil {
		return nil, nil
	}
	return recheck(), nil
}

// leaveOut reports whether an event must wait or can never be applied. If so, it adds the event to made.
func (h *harness) leaveOut(e store.Event, made *relay.Outcome) bool {
	if h.waitOf != nil {
		if w := h.waitOf(e); w != nil {
			w.EventID = e.ID
			made.Waits = append(made.Waits, *w)
			return true
		}
	}
	if h.refusalOf != nil {
		if err := h.refusalOf(e); err != nil {
			made.Refused = append(made.Refused, relay.EventError{EventID: e.ID, Err: err})
			return true
		}
	}
	return false
}

// Quarantined implements relay.Handler: it writes the event into the table quarantine_notices.
func (h *harness) Quarantined(ctx context.Context, tx pgx.Tx, e store.Event, _ string, _ bool) error {
	if h.beforeNotice != nil {
		if err := h.beforeNotice(ctx, tx); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `INSERT INTO quarantine_notices (event_id) VALUES ($1)`, e.ID)
	return err
}

// Policy implements relay.Handler.
func (h *harness) Policy(store.ClaimedDelivery) relay.Policy {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.policy
}

// Attempts implements relay.Handler.
func (h *harness) Attempts(_ context.Context, claims []store.ClaimedDelivery) []relay.Attempt {
	if h.prepare != nil {
		h.prepare()
	}
	list := make([]relay.Attempt, 0, len(claims))
	for _, c := range claims {
		list = append(list, harnessAttempt{h: h, claim: c})
	}
	return list
}

// Facts implements relay.Handler: a report becomes one fact of its delivery's conversation. A report that a post is
// unclear becomes none, because nobody is asked about posts.
func (h *harness) Facts(c store.ClaimedDelivery, r relay.Report) []store.NewEvent {
	made := report{Delivery: c.ID, Kind: r.Kind}
	h.mu.Lock()
	h.reports = append(h.reports, made)
	isPost := h.policy.PreferDouble
	h.mu.Unlock()
	if isPost && r.Kind == relay.ReportUnclear {
		return nil
	}
	return []store.NewEvent{{
		AccountID:  store.SystemAccount,
		ExternalID: made.factName(),
		OrderKey:   store.ConversationKey(c.ConversationID),
		Payload:    []byte("{}"),
	}}
}

// Timer implements relay.Handler.
func (h *harness) Timer(t store.Timer) store.NewEvent {
	return store.NewEvent{
		AccountID:  store.SystemAccount,
		ExternalID: fmt.Sprintf("timer:%d:%s:%d", t.ConversationID, t.Kind, t.DueAt.UnixMicro()),
		OrderKey:   store.ConversationKey(t.ConversationID),
		Payload:    []byte("{}"),
	}
}

// harnessAttempt is an attempt that does what the test has set.
type harnessAttempt struct {
	h     *harness
	claim store.ClaimedDelivery
}

// Send implements relay.Attempt. If the test has set no function, the attempt succeeds.
func (a harnessAttempt) Send(ctx context.Context) (relay.Sent, error) {
	h, c := a.h, a.claim
	h.mu.Lock()
	h.attempts = append(h.attempts, attempt{Delivery: c.ID, Number: c.Attempt})
	send := h.send
	h.mu.Unlock()
	if send == nil {
		return relay.Sent{ExternalID: fmt.Sprint("x", c.ID)}, nil
	}
	return send(ctx, c)
}

// Reconcile implements relay.Attempt. If the test has set no function, nobody can tell.
func (a harnessAttempt) Reconcile(context.Context) (channels.Outcome, relay.Sent, error) {
	h := a.h
	h.mu.Lock()
	h.looks++
	reconcile := h.reconcile
	h.mu.Unlock()
	if reconcile == nil {
		return channels.CannotTell, relay.Sent{}, errors.New("no way to look")
	}
	return reconcile(a.claim)
}
