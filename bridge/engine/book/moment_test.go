package book

import (
	"fmt"
	"testing"
	"time"

	"parley/bridge"
	"parley/store"
)

// What comes long after it was typed is read again before it leaves.
func TestCameLate(t *testing.T) {
	t.Parallel()
	w := &Moment{DatabaseNow: time.Unix(1700000060, 0)}
	for order, want := range map[string]bool{"1700000059.000100": false, "1700000050.000100": true, "1700000070.000100": false, "": false} {
		if got := w.HasComeLate(order); got != want {
			t.Errorf("typed at %q: came late %v, want %v", order, got, want)
		}
	}
}

// A typed verb doesn't mean what was said after it: found late, "!send" sends the text before it and not the one behind it. Times
// of one surface are compared exactly, times of different clocks only if the verb came late.
func TestVerbMeansWhatWasSaidBefore(t *testing.T) {
	t.Parallel()
	const chat, mail = store.AccountID(1), store.AccountID(2)
	now := time.Unix(1700000600, 0)
	at := func(place string, account store.AccountID, ago time.Duration) store.Message {
		return store.Message{Fate: store.FateAsk, Place: place, AccountID: account, CreatedAt: now.Add(-ago)}
	}
	before := at("1700000050.000100", chat, 9*time.Minute)
	const earlier, later = store.MessageID(1), store.MessageID(2)
	for name, tt := range map[string]struct {
		said store.Message // after the one before, as the journal has it
		verb string        // the order of the verb
		want store.MessageID
	}{
		"typed before":               {said: at("1700000099.000100", chat, 0), verb: "1700000100.000100", want: later},
		"typed after":                {said: at("1700000101.000100", chat, 0), verb: "1700000100.000100", want: earlier},
		"typed after, not late":      {said: at("1700000599.000100", chat, 0), verb: "1700000598.000100", want: earlier},
		"in Teams, within a second":  {said: at("1700000100101", chat, 0), verb: "1700000100.522000", want: later},
		"in a form after":            {said: at("", chat, time.Minute), verb: "1700000100.000100", want: earlier},
		"in a form before":           {said: at("", chat, 510*time.Second), verb: "1700000100.000100", want: later},
		"by another clock, not late": {said: at("", mail, 0), verb: "1700000599.000100", want: later},
		"nobody knows when":          {said: at("1700000599.000100", chat, 0), verb: "", want: later},
	} {
		c, ms := &Conversation{}, newMessages(&Moment{Now: now, DatabaseNow: now})
		for id, m := range map[store.MessageID]store.Message{earlier: before, later: tt.said} {
			m.ID = id
			ms.Rows[id] = &Message{Message: m}
		}
		c.Last = []store.Message{ms.Rows[earlier].Message, ms.Rows[later].Message}
		r := Request{Conversation: c, Surface: chat, Action: bridge.Action{Verb: bridge.VerbSend, Origin: bridge.OriginCatchUp, Order: tt.verb}}
		if got := ms.newestFor(r); got == nil || got.ID != tt.want {
			t.Errorf("%s: the verb means %+v, want message %d", name, got, tt.want)
		}
	}
}

// A command that catching up finds was typed before what the customer wrote in the gap, however short that was. Clocks that differ a
// little don't matter, and a command that comes by itself within two minutes counts.
func TestTypedBeforeTheCustomerWrote(t *testing.T) {
	t.Parallel()
	now := time.Unix(1700000600, 0)
	w := &Moment{Now: now.Add(time.Hour), DatabaseNow: now} // Parley's clock is ahead
	for name, tt := range map[string]struct {
		origin       bridge.Origin
		typed, wrote time.Duration // ago
		want         bool
	}{
		"in a gap of a minute":           {origin: bridge.OriginCatchUp, typed: time.Minute, wrote: 30 * time.Second, want: true},
		"within the clocks' difference":  {origin: bridge.OriginCatchUp, typed: time.Minute, wrote: 57 * time.Second, want: false},
		"in the gap, but typed after it": {origin: bridge.OriginCatchUp, typed: 30 * time.Second, wrote: time.Minute, want: false},
		"in a long gap":                  {origin: bridge.OriginCatchUp, typed: 10 * time.Minute, wrote: time.Minute, want: true},
		"not late":                       {origin: bridge.OriginText, typed: time.Minute, wrote: 30 * time.Second, want: false},
		"late":                           {origin: bridge.OriginText, typed: 10 * time.Minute, wrote: time.Minute, want: true},
	} {
		a := bridge.Action{Origin: tt.origin, Order: fmt.Sprintf("%d.000100", now.Add(-tt.typed).Unix())}
		if got := w.WasTypedBefore(a, w.Now.Add(-tt.wrote)); got != tt.want {
			t.Errorf("%s: typed before the customer wrote: %v, want %v", name, got, tt.want)
		}
	}
}
