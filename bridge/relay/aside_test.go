package relay

import (
	"slices"
	"testing"
	"time"

	"parley/store"
	"parley/store/dispatch"
)

// What became of a delivery waits for the long batch that has its lane locked; the results of other
// conversations don't, and it doesn't wait for ever.
func TestResultsOfLockedLanesWaitAlone(t *testing.T) {
	d := &dispatcher{Relay: &Relay{lockedConversations: newLockedConversations()}}
	resultOf := func(conversation store.ConversationID) result {
		return result{claim: dispatch.Claimed{ConversationID: conversation}}
	}
	wantWritten := func(when string, want store.ConversationID) {
		t.Helper()
		var got []store.ConversationID
		d.putAside()
		for _, r := range d.unwritten {
			got = append(got, r.claim.ConversationID)
		}
		d.unwritten = nil
		if !slices.Equal(got, []store.ConversationID{want}) {
			t.Errorf("%s, results of the conversations %v are written, want %d alone", when, got, want)
		}
	}
	d.lockedConversations.add([]store.ConversationID{7, 9})
	d.unwritten = []result{resultOf(7), resultOf(8), resultOf(9)}
	wantWritten("beside a batch that has conversations 7 and 9", 8)

	d.lockedConversations.remove([]store.ConversationID{7, 9})
	d.lockedConversations.add([]store.ConversationID{9}) // the next batch
	wantWritten("after the batch", 7)

	d.aside[0].since = time.Now().Add(-maxAside)
	wantWritten("at the end of its patience", 9)
}

// Only a batch with much of one account lets results pass it.
func TestMuchOfOneAccount(t *testing.T) {
	events := func(account store.AccountID, n int) store.Run {
		return store.Run{Share: account, Events: make([]store.Event, n)}
	}
	if newBatch(store.Taken{Runs: []store.Run{events(1, 20), events(2, 20), events(3, 20)}}).isLong() {
		t.Error("a batch with 20 events of each of three accounts counts as long")
	}
	if !newBatch(store.Taken{Runs: []store.Run{events(1, 20), events(2, 1), events(1, 20)}}).isLong() {
		t.Error("a batch with 40 events of one account doesn't count as long")
	}
}
