package relay

import (
	"testing"
	"time"

	"parley/store"
	"parley/store/dispatch"
)

// What became of a delivery waits for the long batch that has its lane locked; the results of other
// conversations don't, and it doesn't wait for ever.
func TestResultsOfLockedLanesWaitAlone(t *testing.T) {
	d := &dispatcher{Relay: &Relay{lockedConversations: newLockedConversations()}}
	of := func(conversation store.ConversationID) result {
		return result{claim: dispatch.Claimed{ConversationID: conversation}}
	}
	written := func() (list []store.ConversationID) {
		d.putAside()
		for _, r := range d.unwritten {
			list = append(list, r.claim.ConversationID)
		}
		d.unwritten = nil
		return list
	}
	d.lockedConversations.add([]store.ConversationID{7, 9})
	d.unwritten = []result{of(7), of(8), of(9)}
	if got := written(); len(got) != 1 || got[0] != 8 {
		t.Errorf("beside a batch that has conversations 7 and 9 results of %v are written, want 8", got)
	}
	d.lockedConversations.remove([]store.ConversationID{7, 9})
	d.lockedConversations.add([]store.ConversationID{9}) // the next batch
	if got := written(); len(got) != 1 || got[0] != 7 {
		t.Errorf("after the batch results of %v are written, want 7", got)
	}
	d.aside[0].since = time.Now().Add(-maxAside)
	if got := written(); len(got) != 1 || got[0] != 9 {
		t.Errorf("at the end of its patience results of %v are written, want 9", got)
	}
}

// Only a batch with much of one account lets results pass it.
func TestMuchOfOneAccount(t *testing.T) {
	events := func(account store.AccountID, n int) store.Run {
		return store.Run{Share: account, Events: make([]store.Event, n)}
	}
	few := newBatch(store.Taken{Runs: []store.Run{events(1, 20), events(2, 20), events(3, 20)}})
	many := newBatch(store.Taken{Runs: []store.Run{events(1, 20), events(2, 1), events(1, 20)}})
	if few.isLong() || !many.isLong() {
		t.Errorf("much of one account: %v with 20 of each of three, %v with 40 of one", few.isLong(), many.isLong())
	}
}
