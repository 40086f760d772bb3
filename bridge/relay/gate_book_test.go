package relay

import (
	"testing"

	"parley/store"
)

// The attempts under way of a gate count for its account, also when that is known only while they are
// under way, or is another one then: none is left over when they have ended.
func TestAttemptsCountForTheGatesAccount(t *testing.T) {
	t.Parallel()
	const perGate, places = 16, 8
	b := newGateBook(perGate, places)
	b.attemptBegan(1)
	for _, account := range []store.AccountID{7, 8} {
		b.noteWoken(map[store.GateID]wakeup{1: {account: account}})
		if got := b.underWayBy[account]; got != 1 {
			t.Errorf("account %d has %d attempts under way, want 1", account, got)
		}
		if got, want := b.freeSlots(1), places/2-1; got != want { // an account may have half of all places
			t.Errorf("account %d has room for %d more attempts behind gate 1, want %d", account, got, want)
		}
	}
	b.attemptEnded(1)
	for account, n := range b.underWayBy {
		if n != 0 {
			t.Errorf("account %d has %d attempts under way, want none", account, n)
		}
	}
}
