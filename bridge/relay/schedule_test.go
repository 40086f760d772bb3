package relay

import (
	"maps"
	"slices"
	"testing"
	"time"

	"parley/store"
)

// A schedule decides from which accounts the next batch may take events, and how many. In these tests batches begin and
// end when the test says so.

// chatAccount is the agents' chat: it never rests, and channels don't rest because of it. All other accounts are
// channels.
const chatAccount store.AccountID = 5

func newTestSchedule() *schedule {
	return newSchedule(func(account store.AccountID) bool { return account != chatAccount })
}

// beginBatch picks the shares of the next batch, which runs from then on. It returns how many events of each account
// the batch may take.
func beginBatch(s *schedule) map[store.AccountID]int {
	events := map[store.AccountID]int{}
	for _, share := range s.pick() {
		events[share.Account] = share.Events
	}
	return events
}

// accountsIn returns the accounts of a batch, in ascending order.
func accountsIn(batch map[store.AccountID]int) []store.AccountID {
	return slices.Sorted(maps.Keys(batch))
}

// wantAccounts checks from which accounts a batch may take events.
func wantAccounts(t *testing.T, what string, batch map[store.AccountID]int, want ...store.AccountID) {
	t.Helper()
	if got := accountsIn(batch); !slices.Equal(got, want) {
		t.Errorf("%s: got accounts %v, want %v", what, got, want)
	}
}

// endBatch ends a batch of one account. The batch had a share, of which it took this many events, in this time.
func endBatch(s *schedule, account store.AccountID, share, taken int, took time.Duration, hasMore bool) {
	shares := []store.Share{{Account: account, Events: share}}
	s.adaptShares(shares, map[store.AccountID]int{account: taken}, took)
	s.batchEnded(shares, map[store.AccountID]bool{account: hasMore})
}

// newBusyAccount returns a schedule in which a batch of account 7 runs, while account 7 has more events to apply.
func newBusyAccount(t *testing.T) *schedule {
	t.Helper()
	s := newTestSchedule()
	s.wake(time.Now(), 7)
	if got := accountsIn(beginBatch(s)); !slices.Equal(got, []store.AccountID{7}) {
		t.Fatalf("first batch: got accounts %v, want 7", got)
	}
	s.wake(time.Now(), 7)
	return s
}

// A busy account uses one applier, however many events arrive for it meanwhile: the next batch is for other accounts.
func TestBusyAccountUsesOneApplier(t *testing.T) {
	s := newBusyAccount(t)
	s.wake(time.Now(), 8)
	wantAccounts(t, "next batch", beginBatch(s), 8)
	if _, wait, _ := s.firstReady(); wait > slowBatch {
		t.Errorf("an applier waits for %s, want at most %s: account 7 has something to apply", wait, slowBatch)
	}
}

// waitAfterFlood applies a full batch of an account that has more to apply, in batchTime. It returns how long an
// applier then waits, which is how long the account rests.
func waitAfterFlood(s *schedule, account store.AccountID) time.Duration {
	s.wake(time.Now(), account)
	events := beginBatch(s)[account]
	endBatch(s, account, events, events, batchTime, true)
	isReady, wait, _ := s.firstReady()
	if isReady {
		return 0
	}
	return wait
}

// applyOneEvent applies the only event of an account, so that the account counts as active.
func applyOneEvent(s *schedule, account store.AccountID) {
	s.wake(time.Now(), account)
	endBatch(s, account, beginBatch(s)[account], 1, time.Millisecond, false)
}

// While another channel is active, a channel with a flood rests after each batch, for a multiple of the batch's time.
func TestFloodBesideActiveChannelRests(t *testing.T) {
	s := newTestSchedule()
	applyOneEvent(s, 8)
	const most = floodPause * batchTime
	if got := waitAfterFlood(s, 7); got <= most/2 || got > most {
		t.Errorf("wait: got %s, want more than %s and at most %s", got, most/2, most)
	}
}
