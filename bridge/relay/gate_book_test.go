package relay

import (
	"testing"
	"time"

	"parley/store"
)

// An attempt counts for the account of its gate from when the account becomes known, even if it began before, and for the new account
// if the gate moves to another one while it runs. When it has ended, it counts for nobody.
func TestAttemptsCountForTheGatesAccount(t *testing.T) {
	t.Parallel()
	const gate, perGate, places = 1, 16, 8
	b := newGateBook(perGate, places)
	b.attemptBegan(gate)
	for _, account := range []store.AccountID{7, 8} {
		b.noteWoken(map[store.GateID]wakeup{gate: {account: account}})
		if got := b.underWayBy[account]; got != 1 {
			t.Errorf("gate of account %d: got %d attempts under way, want 1", account, got)
		}
		const want = places/2 - 1 // an account may have half of all places, and has one
		if got := b.freeSlots(gate); got != want {
			t.Errorf("gate of account %d: got %d free slots, want %d", account, got, want)
		}
	}

	b.attemptEnded(gate)
	if b.underWay != 0 {
		t.Errorf("after the attempt: got %d attempts under way, want none", b.underWay)
	}
	for account, got := range b.underWayBy {
		if got != 0 {
			t.Errorf("after the attempt: got %d attempts under way for account %d, want none", got, account)
		}
	}
}

// All gates of one account together are offered half of the places, and no more.
func TestGatesOfOneAccountShareItsPlaces(t *testing.T) {
	t.Parallel()
	const perGate, places = 16, 8
	b := newGateBook(perGate, places)
	for gate := store.GateID(1); gate <= 3; gate++ {
		b.setAccount(b.memoryOf(gate), 7)
		b.dueAt[gate] = time.Now()
	}
	total := 0
	for _, offer := range b.chooseGates() {
		total += offer.Slots
	}
	if total != places/2 {
		t.Errorf("places that are offered: got %d, want %d", total, places/2)
	}
}
