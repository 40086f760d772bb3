package relay

import (
	"slices"
	"testing"
	"time"

	"parley/store"
	"parley/store/dispatch"
)

// newAsideDispatcher returns a dispatcher with results of deliveries of the conversations 7, 8 and 9, beside a long batch that has the
// lanes of 7 and 9 locked. The result of 8 is written already.
func newAsideDispatcher(t *testing.T) *dispatcher {
	t.Helper()
	d := &dispatcher{Relay: &Relay{lockedConversations: newLockedConversations()}}
	d.lockedConversations.add([]store.ConversationID{7, 9})
	for _, conversation := range []store.ConversationID{7, 8, 9} {
		d.unwritten = append(d.unwritten, result{claim: dispatch.Claimed{ConversationID: conversation}})
	}
	wantWritten(t, d, "beside the batch", 8)
	return d
}

// wantWritten puts the results of locked lanes aside, and checks of which conversations results are left to be written now.
func wantWritten(t *testing.T, d *dispatcher, when string, want ...store.ConversationID) {
	t.Helper()
	d.putAside()
	var got []store.ConversationID
	for _, r := range d.unwritten {
		got = append(got, r.claim.ConversationID)
	}
	d.unwritten = nil
	if !slices.Equal(got, want) {
		t.Errorf("%s: got results of the conversations %v, want %v", when, got, want)
	}
}

// A result waits for the long batch that has its lane locked; the results of other conversations don't. It is written once no batch
// has its lane locked any more.
func TestResultsOfLockedLanesWaitAlone(t *testing.T) {
	d := newAsideDispatcher(t)
	d.lockedConversations.remove([]store.ConversationID{7, 9})
	d.lockedConversations.add([]store.ConversationID{9}) // the next batch
	wantWritten(t, d, "after the batch", 7)
}

// A result waits no longer than maxAside for a locked lane.
func TestResultOfALockedLaneIsWrittenInTheEnd(t *testing.T) {
	d := newAsideDispatcher(t)
	for i := range d.aside {
		d.aside[i].since = time.Now().Add(-maxAside)
	}
	wantWritten(t, d, "after maxAside", 7, 9)
}

// Results may pass only a batch that is long, which is one with many events of one account.
func TestLongBatch(t *testing.T) {
	run := func(account store.AccountID, events int) store.Run {
		return store.Run{Share: account, Events: make([]store.Event, events)}
	}
	tests := []struct {
		name string
		runs []store.Run
		want bool
	}{
		{name: "20 events of each of three accounts", runs: []store.Run{run(1, 20), run(2, 20), run(3, 20)}, want: false},
		{name: "40 events of one account, in two queues", runs: []store.Run{run(1, 20), run(2, 1), run(1, 20)}, want: true},
	}
	for _, tt := range tests {
		if got := newBatch(store.Taken{Runs: tt.runs}).isLong(); got != tt.want {
			t.Errorf("%s: isLong() = %t, want %t", tt.name, got, tt.want)
		}
	}
}
