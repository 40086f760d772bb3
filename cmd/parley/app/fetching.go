package app

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"parley/store"
)

// Some accounts are fetched from: a mailbox, for example, is read over a permanent IMAP connection. Several processes of
// Parley may share a database, but only one of them should fetch from a mailbox at a time. This file distributes the
// accounts among the processes.
//
// It does so by leases. A lease is a row of the database that belongs to one process, its holder, until it expires. Each
// process holds a membership lease, by which the others see that it is alive, and a lease for each account that it
// fetches from. A hash (ownerOf) assigns each account to a member, its owner. With members A, B and C, for example, a
// third of the accounts belongs to each; when C is killed, A and B take over C's accounts as soon as C's leases expire or
// are released. An owner that is alive but doesn't take the lease of an account for two thirds of a lease's time may be
// stuck, so another member adopts the account.
//
// Fetching twice would be inefficient but harmless: messages are deduplicated when they are stored.

const (
	defaultLease     = 30 * time.Second // leases are renewed after a third of this time
	maxRoundInterval = 2 * time.Second
	restartPause     = time.Second     // before a channel that stopped by itself is restarted
	stopTimeout      = 2 * time.Second // for releasing leases when the process stops

	memberPrefix = "fetcher:" // starts the names of membership leases
)

// fetchers runs the channels that fetch, each in one of all live processes. One goroutine calls runRound and stopAll.
type fetchers struct {
	db     store.Querier
	log    *slog.Logger
	holder string // the name under which this process holds leases
	lease  time.Duration
	now    func() time.Time
	wake   chan struct{} // signals that a channel has ended and runRound should be called; has a buffer of one

	running     map[store.AccountID]*fetchRun
	heldSince   map[store.AccountID]time.Time // leases of accounts that this process holds, and when it last took or renewed them
	freeSince   map[store.AccountID]time.Time // accounts of other owners whose lease nobody holds, and since when
	adopted     map[store.AccountID]bool      // accounts of other owners that this process has adopted
	silentSince map[string]time.Time          // holders that seem to have ended, and since when
	members     []string                      // the holders of all live processes, including this one, sorted
	memberSince time.Time                     // when this process last renewed its membership lease

	// show opens a database session whose end shows the other processes at once that this one has ended (lifeSign). If it
	// is nil, they don't expect a session.
	show  func(context.Context) error
	shown bool // the session is open, as far as this process knows
}

func newFetchers(db store.Querier, log *slog.Logger, holder string, lease time.Duration) *fetchers {
	return &fetchers{
		db:        db,
		log:       log,
		holder:    holder,
		lease:     lease,
		now:       time.Now,
		wake:      make(chan struct{}, 1),
		running:   map[store.AccountID]*fetchRun{},
		heldSince: map[store.AccountID]time.Time{},
		freeSince: map[store.AccountID]time.Time{},
		adopted:   map[store.AccountID]bool{},
	}
}

// runRound updates the leases, and starts and ends channels of this process accordingly. wanted has the workers of all
// accounts for which some process should fetch. It waits for the database, but not for channels to end; a later round
// continues then.
func (f *fetchers) runRound(ctx context.Context, wanted map[store.AccountID]*worker) {
	f.endOutdated(wanted)
	leases, err := f.readLeases(ctx, wanted)
	if err == nil {
		err = f.showLife(ctx)
	}

	if err != nil {
		if ctx.Err() == nil {
			f.log.Warn("leases not read", "error", err)
		}
		return
	}

	f.giveAway(ctx, wanted, leases)
	err = f.takeLeases(ctx, wanted, leases)
	if err != nil && ctx.Err() == nil {
		f.log.Warn("leases not taken", "error", err)
	}

	f.startChannels(ctx, wanted)
}

// endOutdated ends channels that were replaced, and channels whose lease may have expired because this process or the
// database was suspended. It forgets channels that have ended.
func (f *fetchers) endOutdated(wanted map[store.AccountID]*worker) {
	now := f.now()
	for id, at := range f.heldSince {
		if now.Sub(at) > f.lease*2/3 {
			f.loseLease(id)
		}
	}

	for id, r := range f.running {
		if r.worker != wanted[id] {
			r.end()
		}

		select {
		case <-r.done:
			delete(f.running, id)
		default:
		}
	}
}

// readLeases returns the leases of accounts and the membership leases by name, and updates the list of members.
func (f *fetchers) readLeases(ctx context.Context, wanted map[store.AccountID]*worker) (map[string]store.Lease, error) {
	var names []string
	for id := range wanted {
		names = append(names, leaseOf(id))
	}
	for id := range f.heldSince {
		names = append(names, leaseOf(id))
	}

	ctx, cancel := context.WithTimeout(ctx, f.lease/3)
	defer cancel()
	list, err := store.FindLeases(ctx, f.db, names, memberPrefix)
	if err != nil {
		return nil, err
	}

	list, err = f.releaseDead(ctx, list)
	if err != nil {
		return nil, err
	}
	leases := map[string]store.Lease{}
	members := []string{f.holder}
	for _, l := range list {
		leases[l.Name] = l
		if f.isOtherMember(l) && l.Live {
			members = append(members, l.Holder)
		}
	}
	slices.Sort(members)
	if !slices.Equal(members, f.members) { // accounts have new owners
		f.members = members
		clear(f.adopted)
		clear(f.freeSince)
	}
	return leases, nil
}

// releaseDead releases the leases of processes that have ended, and returns all other leases. A lease is Silent if its
// holder has no session open that shows that it is alive. A live process that has lost its session opens a new one in its
// next round, so a holder counts as dead only after its leases have been silent for two rounds.
func (f *fetchers) releaseDead(ctx context.Context, list []store.Lease) ([]store.Lease, error) {
	now := f.now()
	before := f.silentSince
	f.silentSince = map[string]time.Time{}
	var remaining []store.Lease
	dead := map[string][]string{} // names of leases by their holder
	for _, l := range list {
		switch {
		case !l.Silent:
			remaining = append(remaining, l)
			continue
		case l.Holder == f.holder: // this process has lost its session; showLife opens a new one
			f.shown = false
			remaining = append(remaining, l)
			continue
		}

		since, isKnown := before[l.Holder]
		if !isKnown {
			since = now
		}
		f.silentSince[l.Holder] = since
		if now.Sub(since) >= 2*f.roundInterval() {
			dead[l.Holder] = append(dead[l.Holder], l.Name)
		} else {
			remaining = append(remaining, l)
		}
	}

	for holder, names := range dead {
		f.log.Info("a process that fetched has ended", "leases", len(names))
		if err := store.DropLeases(ctx, f.db, names, holder); err != nil {
			return nil, err
		}
	}
	return remaining, nil
}

// showLife opens the session that shows that this process is alive, unless it is open. Without it, the process must not
// take leases, since the others would release them.
func (f *fetchers) showLife(ctx context.Context) error {
	if f.show == nil || f.shown {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, f.lease/3)
	defer cancel()
	err := f.show(ctx)
	f.shown = err == nil
	return err
}

// roundInterval is the time between two rounds.
func (f *fetchers) roundInterval() time.Duration { return min(maxRoundInterval, f.lease/6) }

// giveAway ends the channels of accounts that this process should no longer fetch for, and releases their leases once the
// channels have ended. It also removes expired membership leases of other processes.
func (f *fetchers) giveAway(ctx context.Context, wanted map[store.AccountID]*worker, leases map[string]store.Lease) {
	var names []string
	for id := range f.heldSince {
		if leases[leaseOf(id)].Holder != f.holder { // the lease has expired, and another process took it
			f.loseLease(id)
			continue
		}
		if wanted[id] != nil && f.shouldFetch(id) {
			continue
		}
		if r := f.running[id]; r != nil {
			r.end()
			continue
		}
		delete(f.heldSince, id)
		names = append(names, leaseOf(id))
	}
	for name, l := range leases {
		if f.isOtherMember(l) && !l.Live {
			names = append(names, name)
		}
	}
	f.dropLeases(ctx, names)
}

// takeLeases takes free leases of this process's accounts, and renews the leases that the process holds, in one
// statement.
func (f *fetchers) takeLeases(ctx context.Context, wanted map[store.AccountID]*worker, leases map[string]store.Lease) error {
	now := f.now()
	member := memberPrefix + f.holder
	ids := map[string]store.AccountID{} // by the names of their leases
	var names []string
	// All leases are renewed together with the membership lease, so that they also expire together. If an account's lease
	// expired first, no other process would take it soon, because its owner would still count as alive.
	renew := now.Sub(f.memberSince) >= f.lease/3 || !leases[member].Live
	if renew {
		names = append(names, member)
	}

	for id := range wanted {
		name := leaseOf(id)
		f.adoptIfFree(id, leases[name], now)
		if f.shouldTake(id, leases[name], renew) {
			ids[name] = id
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, f.lease/3)
	defer cancel()
	taken, err := store.TakeLeases(ctx, f.db, names, f.holder, f.lease.Seconds())
	if err != nil {
		return err
	}
	for _, name := range taken {
		if name == member {
			f.memberSince = now
			continue
		}
		f.heldSince[ids[name]] = now
		delete(ids, name)
	}
	for _, id := range ids { // another process has taken the others
		f.loseLease(id)
	}
	return nil
}

// adoptIfFree adopts an account of another owner once its lease has been free for two thirds of a lease's time. Before
// that, it records since when the lease has been free.
func (f *fetchers) adoptIfFree(id store.AccountID, l store.Lease, now time.Time) {
	_, isHeld := f.heldSince[id]
	if isHeld || f.isEnding(id) {
		return
	}
	if f.isOfOther(l) {
		delete(f.freeSince, id)
		return
	}
	if f.shouldFetch(id) {
		return
	}

	since, wasFree := f.freeSince[id]
	if !wasFree {
		f.freeSince[id] = now
	} else if now.Sub(since) >= f.lease*2/3 {
		f.adopted[id] = true
	}
}

// shouldTake reports whether an account's lease should be taken or renewed now. The lease of a channel that was asked to
// end isn't renewed: if the channel hangs, another process can take the account once the lease expires.
func (f *fetchers) shouldTake(id store.AccountID, l store.Lease, renew bool) bool {
	if f.isEnding(id) || !f.shouldFetch(id) {
		return false
	}
	if _, isHeld := f.heldSince[id]; isHeld {
		return renew || !l.Live
	}
	return !f.isOfOther(l)
}

// isOfOther reports whether another process holds a lease.
func (f *fetchers) isOfOther(l store.Lease) bool { return l.Live && l.Holder != f.holder }

// stopAll ends all channels, waits until they have ended, and releases the leases.
func (f *fetchers) stopAll(ctx context.Context) {
	for _, r := range f.running {
		r.end()
	}
	for _, r := range f.running {
		<-r.done
	}
	names := []string{memberPrefix + f.holder}
	for id := range f.heldSince {
		names = append(names, leaseOf(id))
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	f.dropLeases(end, names)
}

// dropLeases releases leases. If that fails, they expire.
func (f *fetchers) dropLeases(ctx context.Context, names []string) {
	if len(names) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, f.lease/3)
	defer cancel()
	if err := store.DropLeases(ctx, f.db, names, f.holder); err != nil {
		f.log.Debug("leases not given back", "error", err)
	}
}

// loseLease ends the channel of an account whose lease this process no longer holds.
func (f *fetchers) loseLease(id store.AccountID) {
	delete(f.heldSince, id)
	if r := f.running[id]; r != nil {
		r.end()
	}
}

// isOtherMember reports whether a lease is another process's membership lease.
func (f *fetchers) isOtherMember(l store.Lease) bool {
	return strings.HasPrefix(l.Name, memberPrefix) && l.Holder != f.holder
}

// shouldFetch reports whether this process owns an account, or has adopted it.
func (f *fetchers) shouldFetch(id store.AccountID) bool {
	return f.adopted[id] || ownerOf(id, f.members) == f.holder
}

// leaseOf returns the name of an account's lease.
func leaseOf(id store.AccountID) string { return "account:" + store.OrderKey(id, "fetch") }
