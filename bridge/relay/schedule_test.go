package relay

import (
	"testing"
	"time"

	"parley/store"
)

// newTestSchedule returns a schedule in which all accounts but the agents' chat rest.
func newTestSchedule() *schedule {
	return newSchedule(func(account store.AccountID) bool { return account != chatAccount })
}

// pickNext takes the next batch, and returns the accounts of which it may have events, and how many of each.
func pickNext(s *schedule) map[store.AccountID]int {
	shares := s.pick()
	events := map[store.AccountID]int{}
	for _, share := range shares {
		events[share.Account] = share.Events
	}
	return events
}

// chatAccount is the agents' chat: it never rests, and nobody rests because of it.
const chatAccount = 5

func shareOf(account store.AccountID, events int) []store.Share {
	return []store.Share{{Account: account, Events: events}}
}

// A busy account uses one applier, whatever arrives for it meanwhile; it gets a second one when the
// first does not come to an end.
func TestBusyAccountUsesOneApplier(t *testing.T) {
	s := newTestSchedule()
	s.wake(time.Now(), 7)
	if got := pickNext(s); len(got) != 1 {
		t.Fatalf("the first batch has accounts %v, want account 7", got)
	}
	s.wake(time.Now(), 7, 8)
	if got := pickNext(s); len(got) != 1 || got[8] == 0 {
		t.Errorf("the next batch has accounts %v, want account 8 alone", got)
	}
	if _, wait, _ := s.firstReady(); wait > slowBatch {
		t.Errorf("an applier waits for %s, want at most %s: account 7 has something to apply", wait, slowBatch)
	}
	s.accountOf(7).began = time.Now().Add(-slowBatch)
	if got := pickNext(s); got[7] == 0 {
		t.Errorf("beside a batch that takes long there is one of accounts %v, want account 7", got)
	}
	s.accountOf(7).began, s.accountOf(7).due = time.Now().Add(-slowBatch), true
	if got := pickNext(s); len(got) != 0 {
		t.Errorf("a third batch has accounts %v, want none", got)
	}
	s.batchEnded(shareOf(7, 1), nil)
	if got := pickNext(s); got[7] == 0 {
		t.Errorf("after the end of a batch the next one has accounts %v, want account 7", got)
	}
}

// An account with a flood is not in the batch of accounts which have little to apply.
func TestLittleDoesNotWaitForMuch(t *testing.T) {
	s := newTestSchedule()
	s.wake(time.Now(), 7, 8, 9)
	first := pickNext(s)
	if len(first) != 3 {
		t.Fatalf("the first batch has accounts %v, want three", first)
	}
	for account, events := range first {
		taken := 1
		if account == 8 {
			taken = events
		}
		s.adaptShares(shareOf(account, events), map[store.AccountID]int{account: taken}, time.Millisecond)
		s.batchEnded(shareOf(account, events), map[store.AccountID]bool{account: true})
	}
	s.accountOf(8).restsUntil = time.Time{} // it has rested
	for range 2 {
		got := pickNext(s)
		if both := got[8] > 0 && len(got) > 1; both || len(got) == 0 {
			t.Errorf("a batch has accounts %v, want account 8 alone or the two others", got)
		}
	}
}

// Batches grow while there is more to apply than fits, and it takes less time than it may. They get
// smaller when it takes more, but never so small that most of what they take is their overhead.
func TestSizeOfBatches(t *testing.T) {
	s := newTestSchedule()
	batch := func(took time.Duration) int {
		s.wake(time.Now(), 7)
		events := pickNext(s)[7]
		s.adaptShares(shareOf(7, events), map[store.AccountID]int{7: events}, took)
		s.batchEnded(shareOf(7, events), nil)
		return events
	}
	for range 5 {
		batch(batchTime / 4)
	}
	if got := batch(batchTime); got != maxApply {
		t.Errorf("after fast batches one has %d events, want %d", got, maxApply)
	}
	if got := batch(batchTime); got != maxApply {
		t.Errorf("after a batch that took as long as it may one has %d events, want %d", got, maxApply)
	}
	for range 10 {
		batch(20 * batchTime)
	}
	if got := batch(batchTime); got != minApply {
		t.Errorf("after slow batches one has %d events, want %d", got, minApply)
	}
}

// While other channels are active, one with a flood rests after each batch, the longer the batch took;
// when it is alone, or beside what is done in the agents' chat, it doesn't.
func TestFloodRestsWhileOthersAreActive(t *testing.T) {
	s := newTestSchedule()
	flood := func(account store.AccountID) (wait time.Duration) {
		s.wake(time.Now(), account)
		events := pickNext(s)[account]
		s.adaptShares(shareOf(account, events), map[store.AccountID]int{account: events}, batchTime)
		s.batchEnded(shareOf(account, events), map[store.AccountID]bool{account: true})
		due, wait, _ := s.firstReady()
		if due {
			return 0
		}
		return wait
	}
	if wait := flood(7); wait != 0 {
		t.Errorf("a flood alone waits %s, want no wait", wait)
	}
	said := func(account store.AccountID) {
		s.accountOf(7).due = false
		s.wake(time.Now(), account)
		events := pickNext(s)[account]
		s.adaptShares(shareOf(account, events), map[store.AccountID]int{account: 1}, time.Millisecond)
		s.batchEnded(shareOf(account, events), nil)
	}
	said(chatAccount)
	if wait := flood(7); wait != 0 {
		t.Errorf("a flood beside the agents' chat waits %s, want no wait", wait)
	}
	said(8)
	if wait := flood(7); wait <= floodRests*batchTime/2 || wait > floodRests*batchTime {
		t.Errorf("a flood beside an active account waits %s, want up to %s", wait, floodRests*batchTime)
	}
	s.accountOf(7).due = false
	if wait := flood(chatAccount); wait != 0 {
		t.Errorf("the agents' chat waits %s, want no wait", wait)
	}
	s.accountOf(chatAccount).due = false
	s.accountOf(7).restsUntil, s.accountOf(8).ended = time.Time{}, time.Now().Add(-activeWindow)
	if wait := flood(7); wait != 0 {
		t.Errorf("a flood beside an account that is silent again waits %s, want no wait", wait)
	}
}
