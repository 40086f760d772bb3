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

// If a batch of an account takes too long, a second one may begin beside it, but no third.
func TestAccountWithASlowBatchGetsASecondApplier(t *testing.T) {
	s := newBusyAccount(t)
	s.accountLocked(7).began = time.Now().Add(-slowBatch)
	wantAccounts(t, "beside a slow batch", beginBatch(s), 7)

	s.accountLocked(7).began = time.Now().Add(-slowBatch)
	s.accountLocked(7).due = true
	wantAccounts(t, "beside two slow batches", beginBatch(s))

	s.batchEnded([]store.Share{{Account: 7, Events: 1}}, nil)
	wantAccounts(t, "after the end of one of them", beginBatch(s), 7)
}

// An account with a flood isn't in the same batch as accounts that have little to apply.
func TestLittleDoesNotWaitForMuch(t *testing.T) {
	const flood store.AccountID = 8
	s := newTestSchedule()
	s.wake(time.Now(), 7, flood, 9)
	first := beginBatch(s)
	if got, want := accountsIn(first), []store.AccountID{7, flood, 9}; !slices.Equal(got, want) {
		t.Fatalf("first batch: got accounts %v, want %v", got, want)
	}
	endBatch(s, flood, first[flood], first[flood], time.Millisecond, true)
	endBatch(s, 7, first[7], 1, time.Millisecond, true)
	endBatch(s, 9, first[9], 1, time.Millisecond, true)
	s.accountLocked(flood).restsUntil = time.Time{} // it has rested

	batches := [][]store.AccountID{accountsIn(beginBatch(s)), accountsIn(beginBatch(s))}
	ofFlood, ofOthers := []store.AccountID{flood}, []store.AccountID{7, 9}
	isEither := func(got []store.AccountID) bool { return slices.Equal(got, ofFlood) || slices.Equal(got, ofOthers) }
	for i, got := range batches {
		if !isEither(got) {
			t.Errorf("batch %d after the first: got accounts %v, want %v or %v", i+1, got, ofFlood, ofOthers)
		}
	}
}

// applyFullBatch begins a batch of account 7 and ends it after the given time. It returns the number of events in the
// batch, which is the maximum.
func applyFullBatch(s *schedule, took time.Duration) (events int) {
	s.wake(time.Now(), 7)
	events = beginBatch(s)[7]
	endBatch(s, 7, events, events, took, false)
	return events
}

// Batches grow if they are full and take less time than they may.
func TestFastBatchesGrow(t *testing.T) {
	s := newTestSchedule()
	for range 5 {
		applyFullBatch(s, batchTime/4)
	}
	if got := applyFullBatch(s, batchTime); got != maxApply {
		t.Errorf("after fast batches: got %d events, want %d", got, maxApply)
	}
	if got := applyFullBatch(s, batchTime); got != maxApply {
		t.Errorf("after a batch that took as long as it may: got %d events, want %d", got, maxApply)
	}
}

// Batches shrink if they take more time than they may, but never so much that most of their time would be overhead.
func TestSlowBatchesShrink(t *testing.T) {
	s := newTestSchedule()
	for range 5 {
		applyFullBatch(s, batchTime/4)
	}
	for range 10 {
		applyFullBatch(s, 20*batchTime)
	}
	if got := applyFullBatch(s, batchTime); got != minApply {
		t.Errorf("after slow batches: got %d events, want %d", got, minApply)
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

func TestFloodAloneDoesNotRest(t *testing.T) {
	s := newTestSchedule()
	if got := waitAfterFlood(s, 7); got != 0 {
		t.Errorf("wait: got %s, want none", got)
	}
}

func TestFloodBesideAgentsChatDoesNotRest(t *testing.T) {
	s := newTestSchedule()
	applyOneEvent(s, chatAccount)
	if got := waitAfterFlood(s, 7); got != 0 {
		t.Errorf("wait: got %s, want none", got)
	}
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

func TestFloodInAgentsChatDoesNotRest(t *testing.T) {
	s := newTestSchedule()
	applyOneEvent(s, 8)
	if got := waitAfterFlood(s, chatAccount); got != 0 {
		t.Errorf("wait: got %s, want none", got)
	}
}

func TestFloodBesideSilentChannelDoesNotRest(t *testing.T) {
	s := newTestSchedule()
	applyOneEvent(s, 8)
	s.accountLocked(8).ended = time.Now().Add(-activeWindow)
	if got := waitAfterFlood(s, 7); got != 0 {
		t.Errorf("wait: got %s, want none", got)
	}
}

// Events whose storing took long became visible long after they were due. By then appliers may only look at later due
// times, so they once look for all queues of the account. Events that are stored at once need no such look.
func TestLateCommitIsLookedFor(t *testing.T) {
	s := newTestSchedule()
	w := journalWriter{&Relay{schedule: s, metrics: newMetrics()}}
	for account, took := range map[store.AccountID]time.Duration{7: lateCommit, 8: 0} {
		s.accountLocked(account).from = time.Now()
		w.wakeForStored([]store.Inserted{{AccountID: account, Share: account}}, time.Now().Add(-took))
		isLookedFor := s.lookFrom()[account].IsZero()
		if isLate := took > 0; isLookedFor != isLate {
			t.Errorf("stored in %s: all queues are looked for: %v, want %v", took, isLookedFor, isLate)
		}
	}
}
