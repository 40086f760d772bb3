package relay

import (
	"testing"

	"parley/store"
)

// The attempts under way of a gate count for its account, also when that is known only while they are
// under way, or is another one then: none is left over when they have ended.
func TestAttemptsCountForTheGatesAccount(t *testing.T) {
	t.Parallel()
	b := newGateBook(16, 8)
	b.attemptBegan(1)
	for _, account := range []store.AccountID{7, 8} {
		b.noteWoken(map[store.GateID]wakeup{1: {account: account}})
		if b.underWayBy[account] != 1 || b.freeSlots(1) != 3 {
			t.Errorf("account %d has %d attempts under way and room for %d, want 1 and 3", account, b.underWayBy[account], b.freeSlots(1))
		}
	}
	b.attemptEnded(1)
	for account, n := range b.underWayBy {
		if n != 0 {
			t.Errorf("account %d has %d attempts under way, want none", account, n)
		}
	}
}
