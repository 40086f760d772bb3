package relay

import (
	"context"
	"slices"
	"sync"
	"time"

	"parley/store"
)

const (
	// batchTime is about how long a batch may take. New events of its accounts may have to wait that long.
	batchTime  = 100 * time.Millisecond
	maxApply   = 256 // events of one batch
	firstApply = 128 // events of one account in its first batch, if it is alone in that
	minApply   = 128 // least share of an account that is alone in a batch, in events
	minShare   = 4   // least share of an account in a batch, in events
	maxPerKey  = 32  // events of one queue in one batch; then it goes behind the account's other queues
	maxShares  = 16  // accounts in one batch
	// maxBatchesOfAccount is how many batches may have events of one account. The second begins only when the first
	// has taken slowBatch already, perhaps because it waits for a lock of a stopped process. So a busy account
	// uses one applier, its new events make one large batch, and the other appliers are free.
	maxBatchesOfAccount = 2
	slowBatch           = 4 * batchTime
	// lateCommit is how long after its due time a queue may become visible and still be found at once. A
	// queue that becomes visible later is found by the thorough sweep.
	lateCommit = 5 * time.Second
	// activeWindow is how long an account counts as active after its last batch.
	activeWindow = time.Second
	// floodRests: after a batch that took d, a flood rests for floodRests times d while others are active.
	floodRests = 3
)

// schedule decides whose events are applied next. An account is one mailbox, number or agents' chat; the events that it
// brought wait in its queues. Appliers ask the schedule for the accounts of their next batch, each with a share: how many
// of its events the batch may have. Accounts come in turn, so one with a million events waits as long for its next batch
// as one with a few. The schedule itself reads no database: it is told when an account may have events (wake, noteSweep),
// and what a batch left (batchEnded).
type schedule struct {
	mu        sync.Mutex
	accounts  map[store.AccountID]*account
	turns     []store.AccountID // accounts in the order of their turns
	changed   chan struct{}     // closed and replaced when something may have become due
	isChannel func(account store.AccountID) bool
}

// account is what is known of one account's queues. Its methods must be called with the schedule's lock held.
type account struct {
	due         bool      // there may be events to apply
	nextWake    time.Time // when there may be some next, by this process's clock; zero means nothing is known
	batches     int       // how many batches have events of it now
	began       time.Time // when the last batch began
	ended       time.Time // when the last batch ended
	filled      bool      // it had at least as many events as its share of the last batch
	restsUntil  time.Time // until then it is left out; see adaptShares
	from        time.Time // its queues are due from then on, by the database's clock (store.Share.From)
	batchEvents int       // about how many of its events are applied within batchTime
}

func newSchedule(isChannel func(account store.AccountID) bool) *schedule {
	return &schedule{accounts: map[store.AccountID]*account{}, changed: make(chan struct{}), isChannel: isChannel}
}

// accountLocked returns what is known of an account, which may be new.
func (s *schedule) accountLocked(id store.AccountID) *account {
	a := s.accounts[id]
	if a == nil {
		a = &account{batchEvents: firstApply}
		s.accounts[id] = a
		s.turns = append(s.turns, id)
	}
	return a
}

// wake notes that accounts may have something to apply at a time, and wakes appliers.
func (s *schedule) wake(at time.Time, ids ...store.AccountID) {
	if len(ids) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		s.accountLocked(id).wake(at)
	}
	s.wakeAppliersLocked()
}

// wake notes that there may be events to apply at a time.
func (a *account) wake(at time.Time) {
	if !at.After(time.Now()) {
		a.due = true
	} else if a.nextWake.IsZero() || at.Before(a.nextWake) {
		a.nextWake = at
	}
}

// wakeAppliersLocked wakes all appliers that wait in waitUntilDue.
func (s *schedule) wakeAppliersLocked() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// waitUntilDue waits until an account has events that an applier may take now. It returns false when ctx has ended.
func (s *schedule) waitUntilDue(ctx context.Context) bool {
	for ctx.Err() == nil {
		due, wait, changed := s.firstReady()
		if due {
			return true
		}

		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-changed:
		case <-timer.C:
		}

		timer.Stop()
	}
	return false
}

// firstReady reports whether a batch may have events of some account now. If not, it returns for how long that will be
// so, and a channel that is closed if something changes before that.
func (s *schedule) firstReady() (due bool, wait time.Duration, changed <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	wait = time.Hour // for an account of which nothing is known; a change wakes before that
	for _, id := range s.turns {
		a := s.accounts[id]
		a.becomeDue(now)
		if a.isReady(now) {
			return true, 0, nil
		}
		if at := a.nextLook(now); !at.IsZero() {
			wait = min(wait, max(at.Sub(now), time.Millisecond))
		}
	}
	return false, wait, s.changed
}

// becomeDue makes the account due once the time of nextWake has come.
func (a *account) becomeDue(now time.Time) {
	if !a.nextWake.IsZero() && !a.nextWake.After(now) {
		a.due = true
		a.nextWake = time.Time{}
	}
}

// isReady reports whether a batch may have events of the account now.
func (a *account) isReady(now time.Time) bool {
	rests := a.restsUntil.After(now)
	return a.due && !rests && !a.hasEnoughBatches(now)
}

// pick returns the shares of a batch: how many events it may take of each account whose turn it is. The
// accounts count as in work until batchEnded is called.
func (s *schedule) pick() (shares []store.Share) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	var picked, others []store.AccountID
	for _, id := range s.turns {
		a := s.accounts[id]
		a.becomeDue(now)
		// Accounts with few events must not wait for those with many, so they aren't in one batch: another applier takes
		// the others.
		isUnlikeFirst := len(shares) > 0 && a.filled != s.accounts[shares[0].Account].filled
		hasPlace := len(shares) < maxShares && !isUnlikeFirst
		if !a.isReady(now) || !hasPlace {
			others = append(others, id)
			continue
		}

		picked = append(picked, id)
		shares = append(shares, store.Share{Account: id, From: a.from})
		a.due = false // what becomes due from now on wakes again
		a.batches++
		a.began = now
	}

	s.turns = slices.Concat(others, picked) // the others come first next time
	for i := range shares {
		shares[i].Events = max(s.accounts[shares[i].Account].batchEvents/len(shares), minShare)
	}
	return shares
}

// hasMuch reports whether the accounts of shares have more to apply than goes into a batch. shares must not be empty.
func (s *schedule) hasMuch(shares []store.Share) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.accountLocked(shares[0].Account).filled // pick puts only accounts that agree on this together
}

// nextLook returns when to look at an account again even if nobody wakes it, or the zero time for never.
func (a *account) nextLook(now time.Time) time.Time {
	if !a.due {
		return a.nextWake
	}
	if a.restsUntil.After(now) {
		return a.restsUntil
	}
	mayHaveAnother := a.batches < maxBatchesOfAccount // once the one that runs has taken long
	if mayHaveAnother && a.hasEnoughBatches(now) {
		return a.began.Add(slowBatch)
	}
	return a.nextWake
}

// hasEnoughBatches reports whether no further batch may have events of the account now.
func (a *account) hasEnoughBatches(now time.Time) bool {
	if a.batches == 0 {
		return false
	}
	return a.batches >= maxBatchesOfAccount || now.Before(a.began.Add(slowBatch))
}

// batchEnded notes that a batch with shares has ended. more names the accounts that have further events due.
func (s *schedule) batchEnded(shares []store.Share, more map[store.AccountID]bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	due := false
	for _, share := range shares {
		a := s.accountLocked(share.Account)
		a.batches--
		a.due = a.due || more[share.Account]
		due = due || a.due
	}
	if due {
		s.wakeAppliersLocked()
	}
}

// adaptShares adapts the shares to how long a batch took. If an account filled its share, its next one becomes larger or
// smaller by the ratio of batchTime to that time. The time for one event would be a bad measure: much of a batch's cost
// doesn't grow with its events, so a small batch would make the next one smaller still.
//
// A channel that filled a whole batch is a flood. While other channels are active, it rests for floodRests times as long
// as the batch took, so that it gets at most a quarter of an applier's time. A batch that took more than batchTime counts
// as one that took batchTime.
func (s *schedule) adaptShares(shares []store.Share, taken map[store.AccountID]int, took time.Duration) {
	factor := min(max(float64(batchTime)/float64(took), 0.5), 2) // one batch alone says little: no share changes fast
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for _, share := range shares {
		a := s.accountLocked(share.Account)
		a.ended = now
		a.filled = taken[share.Account] >= share.Events
		if a.filled {
			a.batchEvents = min(max(int(float64(a.batchEvents)*factor), minApply), maxApply)
		}
	}

	if !s.hasCalmChannelLocked(now) {
		return
	}
	for _, share := range shares {
		a := s.accountLocked(share.Account)
		isFlood := a.filled && share.Events >= minApply
		if isFlood && s.isChannel(share.Account) {
			a.restsUntil = now.Add(floodRests * min(took, batchTime))
		}
	}
}

// hasCalmChannelLocked reports whether some channel was active lately and had no more to apply than its share.
func (s *schedule) hasCalmChannelLocked(now time.Time) bool {
	for id, a := range s.accounts {
		isActive := now.Sub(a.ended) < activeWindow
		if isActive && !a.filled && s.isChannel(id) {
			return true
		}
	}
	return false
}

// noteSweep notes when the first queue of each account is due, which a sweep (runSweep) has found out. Later looks for the
// account's queues begin at that time or at databaseNow, whichever is earlier, less lateCommit.
func (s *schedule) noteSweep(list []store.ShareDue, databaseNow time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	hasQueues := map[store.AccountID]bool{}
	for _, d := range list {
		a := s.accountLocked(d.AccountID)
		hasQueues[d.AccountID] = true
		a.from = d.Due
		if d.Due.After(databaseNow) {
			a.from = databaseNow
		}

		a.from = a.from.Add(-lateCommit)
		a.wake(now.Add(store.Seconds(d.Wait)))
	}

	for id, a := range s.accounts {
		if !hasQueues[id] {
			a.from = databaseNow.Add(-lateCommit)
		}
	}

	s.wakeAppliersLocked()
}

// lookFrom returns, for each account, the due time from which its queues are looked for.
func (s *schedule) lookFrom() map[store.AccountID]time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	from := make(map[store.AccountID]time.Time, len(s.accounts))
	for id, a := range s.accounts {
		from[id] = a.from
	}
	return from
}

// lookFromOldest makes the next look for the accounts' queues find all, because one may have become visible long after it
// became due.
func (s *schedule) lookFromOldest(ids ...store.AccountID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		s.accountLocked(id).from = time.Time{}
	}
}
