package app

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"parley/store"
)

// Some channels fetch: they keep a connection to a mailbox, for example. If two processes of Parley fetched from one mailbox, they
// would only be in each other's way. This file therefore shares the accounts out among the processes.
//
// A lease is a row of the database by which one process, its holder, has something until the lease runs out. Each process has a
// lease as a member, by which the others know that it lives, and a lease for each account for which it fetches. The owner of an
// account is the member to which the hash in ownerOf gives it. Normally it holds the account's lease, too. If it leaves the lease
// free for most of a lease's time, another member adopts the account.

const (
	defaultLease     = 30 * time.Second // renewed after each third of it
	maxRoundInterval = 2 * time.Second
	restartPause     = time.Second     // after a channel that stopped fetching by itself
	stopTimeout      = 2 * time.Second // for giving leases back when the process stops

	memberPrefix = "fetcher:" // begins the names of the leases that processes hold as members
)

// fetchers runs the channels that fetch, each in exactly one of all live processes. One goroutine calls runRound and stopAll.
type fetchers struct {
	db     store.Querier
	log    *slog.Logger
	holder string // the name under which this process holds leases
	lease  time.Duration
	now    func() time.Time
	wake   chan struct{} // has room for one signal: a channel has ended, so a round is needed

	running     map[store.AccountID]*fetchRun
	heldSince   map[store.AccountID]time.Time // accounts that this process has leased, and when it last asked for the lease
	freeSince   map[store.AccountID]time.Time // accounts that others own and nobody has leased, and since when
	adopted     map[store.AccountID]bool      // accounts that others own and this process adopted
	silentSince map[string]time.Time          // holders that seem to have ended, and since when
	members     []string                      // the holders of all live processes, sorted, with this one
	memberSince time.Time                     // when this process last renewed its own lease as a member

	// show keeps a session open by which others see at once when this process ends (lifeSign). nil means that they don't expect it.
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

// runRound starts and ends channels of this process, according to the leases. wanted has the workers whose channels should fetch
// in one of the processes. It blocks while the database answers, but never until a channel has ended: the next round continues.
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

// endOutdated ends channels that were replaced, and those whose lease may have run out while this process or the database stood
// still. It forgets channels that have ended.
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

// readLeases returns the leases of accounts and members by their names, and brings the list of members up to date.
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
	if !slices.Equal(members, f.members) { // then accounts have other owners
		f.members = members
		clear(f.adopted)
		clear(f.freeSince)
	}
	return leases, nil
}

// releaseDead releases the leases of processes that have ended, and returns all other leases. The lease of a process that has no
// session open to show its life is Silent. A process that lives, but lost that session, opens it again in its next round. So a
// holder counts as ended only when its leases have been silent for two rounds.
func (f *fetchers) releaseDead(ctx context.Context, list []store.Lease) ([]store.Lease, error) {
	now := f.now()
	before := f.silentSince
	f.silentSince = map[string]time.Time{}
	var left []store.Lease
	dead := map[string][]string{} // names of leases by their holder
	for _, l := range list {
		switch {
		case !l.Silent:
			left = append(left, l)
			continue
		case l.Holder == f.holder: // this process has lost its session
			f.shown = false
			left = append(left, l)
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
			left = append(left, l)
		}
	}

	for holder, names := range dead {
		f.log.Info("a process that fetched has ended", "leases", len(names))
		if err := store.DropLeases(ctx, f.db, names, holder); err != nil {
			return nil, err
		}
	}
	return left, nil
}

// showLife opens the session that shows that this process lives, unless it is open. That must be so before it takes leases.
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

// giveAway ends the channels of accounts that this process should no longer fetch for, and releases their leases once the channels
// have ended. It also removes the leases by which processes were members that live no more.
func (f *fetchers) giveAway(ctx context.Context, wanted map[store.AccountID]*worker, leases map[string]store.Lease) {
	var names []string
	for id := range f.heldSince {
		if leases[leaseOf(id)].Holder != f.holder { // the lease ran out, and another process has it
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

// takeLeases takes free leases of this process's accounts and renews those that it has, with one statement. If none is to be taken
// or renewed, it does nothing.
func (f *fetchers) takeLeases(ctx context.Context, wanted map[store.AccountID]*worker, leases map[string]store.Lease) error {
	now := f.now()
	member := memberPrefix + f.holder
	ids := map[string]store.AccountID{} // by the names of their leases
	var names []string
	// All leases are renewed together with that of this process as a member. If an account's lease ran out before that one, no
	// other process would take the account, since its owner would still count as alive.
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
	for _, id := range ids { // another process has taken those that remain
		f.loseLease(id)
	}
	return nil
}

// adoptIfFree adopts an account that another process owns, once its lease has been free for most of a lease's time. Until then it
// notes since when the lease is free.
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

// shouldTake reports whether an account's lease is to be taken or renewed now. If an account's channel was asked to end, its lease
// isn't renewed: the channel may hang, and then another process takes the account.
func (f *fetchers) shouldTake(id store.AccountID, l store.Lease, renew bool) bool {
	if f.isEnding(id) || !f.shouldFetch(id) {
		return false
	}
	if _, isHeld := f.heldSince[id]; isHeld {
		return renew || !l.Live
	}
	return !f.isOfOther(l)
}

// isOfOther reports whether another process has a lease.
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

// dropLeases releases leases. If that fails, they run out by themselves.
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

// loseLease ends the channel of an account whose lease this process no longer has.
func (f *fetchers) loseLease(id store.AccountID) {
	delete(f.heldSince, id)
	if r := f.running[id]; r != nil {
		r.end()
	}
}

// isOtherMember reports whether a lease is the one that another process has as a member.
func (f *fetchers) isOtherMember(l store.Lease) bool {
	return strings.HasPrefix(l.Name, memberPrefix) && l.Holder != f.holder
}

// shouldFetch reports whether this process owns an account, or has adopted it.
func (f *fetchers) shouldFetch(id store.AccountID) bool {
	return f.adopted[id] || ownerOf(id, f.members) == f.holder
}

// leaseOf returns the name of an account's lease.
func leaseOf(id store.AccountID) string { return "account:" + store.OrderKey(id, "fetch") }
