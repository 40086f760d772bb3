package relay

import (
	"testing"
	"time"

	"parley/store"
)

// Sixteen accounts whose providers don't answer want sixteen places each, as many as there are in all. Some are kept for the others: a
// gate of which nothing is under way still gets one.
func TestSilentAccountsLeavePlacesForOthers(t *testing.T) {
	t.Parallel()
	const perGate, places, silent = 16, 256, 16
	b := newGateBook(perGate, places)
	due := time.Now().Add(-time.Second)
	for id := store.GateID(1); id <= silent; id++ {
		b.dueAt[id] = due
		b.setAccount(b.memoryOf(id), store.AccountID(id))
	}
	for range 2 { // what is left over after the first round is offered again
		for _, claim := range b.chooseGates() {
			for range claim.Slots {
				b.attemptBegan(claim.ID)
			}
		}
	}

	const other = store.GateID(silent + 1)
	b.dueAt[other] = due
	b.setAccount(b.memoryOf(other), silent+1)
	slots := 0
	for _, claim := range b.chooseGates() {
		if claim.ID == other {
			slots += claim.Slots
		}
	}

	if slots != 1 {
		t.Errorf("with %d attempts of silent accounts under way the other account gets %d places, want 1", b.underWay, slots)
	}
}
