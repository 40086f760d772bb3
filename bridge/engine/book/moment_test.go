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
			t.Errorf("%q: %v", order, got)
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
	for name, tt := range map[string]struct {
		said  store.Message // after before, as the journal has it
		order string
		want  store.MessageID
	}{
		"typed before":               {at("1700000099.000100", chat, 0), "1700000100.000100", 2},
		"typed after":                {at("1700000101.000100", chat, 0), "1700000100.000100", 1},
		"typed after, not late":      {at("1700000599.000100", chat, 0), "1700000598.000100", 1},
		"in Teams, within a second":  {at("1700000100101", chat, 0), "1700000100.522000", 2},
		"in a form after":            {at("", chat, time.Minute), "1700000100.000100", 1},
		"in a form before":           {at("", chat, 510*time.Second), "1700000100.000100", 2},
		"by another clock, not late": {at("", mail, 0), "1700000599.000100", 2},
		"nobody knows when":          {at("1700000599.000100", chat, 0), "", 2},
	} {
		c, ms := &Conversation{}, newMessages(&Moment{Now: now, DatabaseNow: now})
		for i, m := range []store.Message{before, tt.said} {
			m.ID = store.MessageID(i + 1)
			ms.Rows[m.ID] = &Message{Message: m}
			c.Last = append(c.Last, m)
		}
		r := Request{Conversation: c, Surface: chat, Action: bridge.Action{Verb: bridge.VerbSend, Origin: bridge.OriginCatchUp, Order: tt.order}}
		if got := ms.newestFor(r); got == nil || got.ID != tt.want {
			t.Errorf("%s: it means %+v, want %d", name, got, tt.want)
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
		"in a gap of a minute":           {bridge.OriginCatchUp, time.Minute, 30 * time.Second, true},
		"within the clocks' difference":  {bridge.OriginCatchUp, time.Minute, 57 * time.Second, false},
		"in the gap, but typed after it": {bridge.OriginCatchUp, 30 * time.Second, time.Minute, false},
		"in a long gap":                  {bridge.OriginCatchUp, 10 * time.Minute, time.Minute, true},
		"not late":                       {bridge.OriginText, time.Minute, 30 * time.Second, false},
		"late":                           {bridge.OriginText, 10 * time.Minute, time.Minute, true},
	} {
		a := bridge.Action{Origin: tt.origin, Order: fmt.Sprintf("%d.000100", now.Add(-tt.typed).Unix())}
		if got := w.WasTypedBefore(a, w.Now.Add(-tt.wrote)); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
