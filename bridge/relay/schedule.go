package relay

import (
	"context"
	"slices"
	"sync"
	"time"

	"parley/store"
)

const (
	// batchTime is the target duration of a batch. New events of its accounts may have to wait that long.
	batchTime  = 100 * time.Millisecond
	maxApply   = 256 // events in one batch
	firstApply = 128 // events of an account that is alone in its first batch
	minApply   = 128 // smallest share of an account that is alone in a batch
	minShare   = 4   // smallest share of any account in a batch
	maxPerKey  = 32  // events of one queue in one batch; the account's other queues come next
	maxShares  = 16  // accounts in one batch
	// maxBatchesOfAccount limits the concurrent batches of one account. The second one begins only when the
	// first has already taken slowBatch, perhaps because it waits for a lock of a stopped process. So a busy
	// account occupies one applier, its new events form one large batch, and the other appliers are free.
	maxBatchesOfAccount = 2
	slowBatch           = 4 * batchTime
	// lateCommit is how long after its due time a queue may become visible and still be found at once. A queue
	// that becomes visible later is found by the thorough sweep.
	lateCommit = 5 * time.Second
	// activeWindow is how long an account counts as active after its last batch.
	activeWindow = time.Second
	// floodPause is how long a flood pauses while other channels are active, as a multiple of its last batch's
	// duration.
	floodPause = 3
)

// schedule decides whose events are applied next. An account is one mailbox, phone number or agents' chat, and
// its events wait in its queues. Appliers ask the schedule for the accounts of their next batch. Each account
// gets a share, which is how many of its events the batch may have.
//
// Accounts take turns, so an account with a million events waits as long for its next batch as one with only a
// few. The schedule reads no database: wake and noteSweep report that an account may have events, batchEnded
// what a batch left.
type schedule struct {
	mu        sync.Mutex
	accounts  map[store.AccountID]*account
	turns     []store.AccountID // all accounts, the next one first
	changed   chan struct{}     // closed and replaced when something may have become due
	isChannel func(account store.AccountID) bool
}

// account is what is known about one account's queues. Its methods require the schedule's lock.
type account struct {
	due         bool      // there may be events to apply
	nextWake    time.Time // when there may be some next, by this process's clock; zero if unknown
	batches     int       // running batches that have its events
	began       time.Time // when the last batch began
	ended       time.Time // when the last batch ended
	filled      bool      // it used its whole share of the last batch
	restsUntil  time.Time // it gets no batch until then; see adaptShares
	from        time.Time // look for queues due from then on, by the database's clock (store.Share.From)
	batchEvents int       // estimate of how many of its events are applied within batchTime
}

func newSchedule(isChannel func(account store.AccountID) bool) *schedule {
	return &schedule{accounts: map[store.AccountID]*account{}, changed: make(chan struct{}), isChannel: isChannel}
}

// accountLocked returns what is known about an account, and adds a new account.
func (s *schedule) accountLocked(id store.AccountID) *account {
	a := s.accounts[id]
	if a == nil {
		a = &account{batchEvents: firstApply}
		s.accounts[id] = a
		s.turns = append(s.turns, id)
	}
	return a
}

// wake records that accounts may have events to apply at a time, and wakes the appliers.
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

// wake records that there may be events to apply at a time.
func (a *account) wake(at time.Time) {
	if !at.After(time.Now()) {
		a.due = true
	} else if a.nextWake.IsZero() || at.Before(a.nextWake) {
		a.nextWake = at
	}
}

// wakeAppliersLocked wakes all appliers in waitUntilDue.
func (s *schedule) wakeAppliersLocked() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// waitUntilDue waits until an account has events that an applier may take. It returns false once ctx has ended.
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

// firstReady reports whether a batch may have events of some account now. If not, it returns how long to wait,
// and a channel that is closed if something changes before that.
func (s *schedule) firstReady() (due bool, wait time.Duration, changed <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	wait = time.Hour // if nothing is known about any account; a change ends the wait
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

// becomeDue makes the account due once nextWake has passed.
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

// pick chooses the accounts of a batch and returns their shares: how many events of each the batch may have.
// Call batchEnded when the batch has ended.
func (s *schedule) pick() (shares []store.Share) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	var picked, others []store.AccountID
	for _, id := range s.turns {
		a := s.accounts[id]
		a.becomeDue(now)
		// Accounts with few events must not wait for those with many, so a batch has accounts of one kind only. Another
		// applier takes the others.
		isUnlikeFirst := len(shares) > 0 && a.filled != s.accounts[shares[0].Account].filled
		fits := len(shares) < maxShares && !isUnlikeFirst
		if !a.isReady(now) || !fits {
			others = append(others, id)
			continue
		}

		picked = append(picked, id)
		shares = append(shares, store.Share{Account: id, From: a.from})
		a.due = false // whatever becomes due from now on sets it again
		a.batches++
		a.began = now
	}

	s.turns = slices.Concat(others, picked) // the picked ones come last next time
	for i := range shares {
		shares[i].Events = max(s.accounts[shares[i].Account].batchEvents/len(shares), minShare)
	}
	return shares
}

// hasBacklog reports whether the accounts of shares have more events than fit into a batch. shares must not be
// empty.
func (s *schedule) hasBacklog(shares []store.Share) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.accountLocked(shares[0].Account).filled // pick combines only accounts for which this is the same
}

// nextLook returns when to look at an account again even if nobody wakes it; the zero time means never.
func (a *account) nextLook(now time.Time) time.Time {
	if !a.due {
		return a.nextWake
	}
	if a.restsUntil.After(now) {
		return a.restsUntil
	}
	mayHaveAnother := a.batches < maxBatchesOfAccount // once the running batch has taken slowBatch
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

// batchEnded records that a batch with these shares has ended. more names the accounts that have more due
// events.
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

// adaptShares adapts the shares to the duration of a batch. If an account used its whole share, its next share
// changes by the ratio of batchTime to that duration. The time per event would be a bad measure: much of a
// batch's cost doesn't depend on the number of its events, so each small batch would make the next one even
// smaller.
//
// A channel that filled a whole batch is a flood. While other channels are active, it pauses for floodPause
// times the duration of the batch, so that it gets at most a quarter of an applier's time. A batch longer than
// batchTime counts as batchTime.
func (s *schedule) adaptShares(shares []store.Share, taken map[store.AccountID]int, took time.Duration) {
	factor := min(max(float64(batchTime)/float64(took), 0.5), 2) // one batch says little, so limit the change
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
			a.restsUntil = now.Add(floodPause * min(took, batchTime))
		}
	}
}

// hasCalmChannelLocked reports whether some channel was active recently without using its whole share.
func (s *schedule) hasCalmChannelLocked(now time.Time) bool {
	for id, a := range s.accounts {
		isActive := now.Sub(a.ended) < activeWindow
		if isActive && !a.filled && s.isChannel(id) {
			return true
		}
	}
	return false
}

// noteSweep records when the first queue of each account is due, which a sweep (runSweep) has read from the
// database. Later searches for the account's queues start at that time or at databaseNow, whichever is earlier,
// minus lateCommit.
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

// lookFrom returns, for each account, the due time from which its queues are searched.
func (s *schedule) lookFrom() map[store.AccountID]time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	from := make(map[store.AccountID]time.Time, len(s.accounts))
	for id, a := range s.accounts {
		from[id] = a.from
	}
	return from
}

// lookFromOldest makes the next search find all queues of the accounts, because one may have become visible
// long after it was due.
func (s *schedule) lookFromOldest(ids ...store.AccountID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		s.accountLocked(id).from = time.Time{}
	}
}
