package app

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"parley/channels"
	"parley/channels/pause"
	"parley/store"
)

const (
	fetchLease   = 30 * time.Second // of an account's fetching; renewed each third of it
	fetchRound   = 2 * time.Second
	restartAfter = time.Second // after a channel that stopped fetching by itself

	// memberPrefix begins the names of the leases by which processes that fetch know of each other.
	memberPrefix = "fetcher:"
)

// fetchers runs the channels that fetch, each in exactly one of all live processes. A process runs the
// accounts that belong to it (owner), and accounts that their owner has left free for most of a lease's
// time. One goroutine calls round and stop.
type fetchers struct {
	db     store.Querier
	log    *slog.Logger
	holder string
	lease  time.Duration
	now    func() time.Time
	wake   chan struct{} // has room for one signal: a channel has ended, so a round is needed

	running map[store.AccountID]*fetchRun
	held    map[store.AccountID]time.Time // accounts that this process has leased, and when it last asked for the lease
	free    map[store.AccountID]time.Time // accounts of other processes that nobody has leased, and since when
	adopted map[store.AccountID]bool      // accounts of other processes that this one took because they were free
	silent  map[string]time.Time          // holders that show no life, and since when
	members []string                      // the holders of all live processes, sorted, with this one
	joined  time.Time                     // when this process last renewed its own lease as a member

	show  func(context.Context) error // shows that this process lives (store.ShowLife); nil = its name doesn't promise that
	shown bool
}

// fetchRun is one channel at work.
type fetchRun struct {
	worker *worker
	cancel context.CancelFunc
	done   chan struct{}
	ending bool
}

func newFetchers(db store.Querier, log *slog.Logger, holder string, lease time.Duration) *fetchers {
	return &fetchers{db: db, log: log, holder: holder, lease: lease, now: time.Now, wake: make(chan struct{}, 1),
		running: map[store.AccountID]*fetchRun{}, held: map[store.AccountID]time.Time{}, free: map[store.AccountID]time.Time{}, adopted: map[store.AccountID]bool{}}
}

// round starts and ends channels of this process, according to the leases and to wanted: the workers
// whose channels should fetch in one of the processes. It waits for the database, but never until a
// channel has ended: the next round continues. While no lease is to be taken or renewed, it only reads.
func (f *fetchers) round(ctx context.Context, wanted map[store.AccountID]*worker) {
	f.endOutdated(wanted)
	leases, err := f.look(ctx, wanted)
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
	if err := f.take(ctx, wanted, leases); err != nil && ctx.Err() == nil {
		f.log.Warn("leases not taken", "error", err)
	}
	f.begin(ctx, wanted)
}

// endOutdated ends channels that were replaced, and those whose lease may have run out while this
// process or the database was stopped. It forgets channels that have ended.
func (f *fetchers) endOutdated(wanted map[store.AccountID]*worker) {
	now := f.now()
	for id, at := range f.held {
		if now.Sub(at) > f.lease*2/3 {
			f.lose(id)
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

// look reads which process has which account, and which processes live.
func (f *fetchers) look(ctx context.Context, wanted map[store.AccountID]*worker) (map[string]store.Lease, error) {
	var names []string
	for id := range wanted {
		names = append(names, leaseOf(id))
	}
	for id := range f.held {
		names = append(names, leaseOf(id))
	}
	ctx, cancel := context.WithTimeout(ctx, f.lease/3)
	defer cancel()
	list, err := store.FindLeases(ctx, f.db, names, memberPrefix)
	if err != nil {
		return nil, err
	}
	if list, err = f.bury(ctx, list); err != nil {
		return nil, err
	}
	leases, members := map[string]store.Lease{}, []string{f.holder}
	for _, l := range list {
		leases[l.Name] = l
		if strings.HasPrefix(l.Name, memberPrefix) && l.Live && l.Holder != f.holder {
			members = append(members, l.Holder)
		}
	}
	slices.Sort(members)
	if !slices.Equal(members, f.members) { // accounts have other owners now
		f.members = members
		clear(f.adopted)
		clear(f.free)
	}
	return leases, nil
}

// bury returns back, for processes that have ended, the leases that they left, and returns all others. A process that
// lives but lost its session shows its life again in its next round: so one counts as ended when it was silent
// for longer than that.
func (f *fetchers) bury(ctx context.Context, list []store.Lease) ([]store.Lease, error) {
	before, now := f.silent, f.now()
	f.silent = map[string]time.Time{}
	var left []store.Lease
	gone := map[string][]string{}
	for _, l := range list {
		switch {
		case l.Silent && l.Holder == f.holder:
			f.shown = false
		case l.Silent:
			since, known := before[l.Holder]
			if !known {
				since = now
			}
			f.silent[l.Holder] = since
			if now.Sub(since) >= 2*f.every() {
				gone[l.Holder] = append(gone[l.Holder], l.Name)
				continue
			}
		}
		left = append(left, l)
	}
	for holder, names := range gone {
		f.log.Info("a process that fetched has ended", "leases", len(names))
		if err := store.DropLeases(ctx, f.db, names, holder); err != nil {
			return nil, err
		}
	}
	return left, nil
}

// showLife makes sure that this process shows its life before it takes leases.
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

// every is the time between two rounds.
func (f *fetchers) every() time.Duration { return min(fetchRound, f.lease/6) }

// giveAway ends the channels of accounts that no longer belong to this process, and gives their leases
// back once they have ended. It also removes the leases of processes that are gone.
func (f *fetchers) giveAway(ctx context.Context, wanted map[store.AccountID]*worker, leases map[string]store.Lease) {
	var names []string
	for id := range f.held {
		switch {
		case leases[leaseOf(id)].Holder != f.holder: // the lease ran out, and another process has it
			f.lose(id)
			continue
		case wanted[id] != nil && f.mine(id):
			continue
		}
		if r := f.running[id]; r != nil {
			r.end()
			continue
		}
		delete(f.held, id)
		names = append(names, leaseOf(id))
	}
	for name, l := range leases {
		if strings.HasPrefix(name, memberPrefix) && !l.Live && l.Holder != f.holder {
			names = append(names, name)
		}
	}
	f.drop(ctx, names)
}

// take takes free leases of this process's accounts and renews those that it has, with one statement.
func (f *fetchers) take(ctx context.Context, wanted map[store.AccountID]*worker, leases map[string]store.Lease) error {
	now, ids, names, member := f.now(), map[string]store.AccountID{}, []string{}, memberPrefix+f.holder
	// All leases are renewed together, with that of this process as a member. So no account's lease runs
	// out while the process still counts as alive, when no other process would take the account.
	renew := now.Sub(f.joined) >= f.lease/3 || !leases[member].Live
	if renew {
		names = append(names, member)
	}
	for id := range wanted {
		if f.shouldTake(id, leases[leaseOf(id)], now, renew) {
			ids[leaseOf(id)] = id
			names = append(names, leaseOf(id))
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
			f.joined = now
			continue
		}
		f.held[ids[name]] = now
		delete(ids, name)
	}
	for _, id := range ids { // those that remain were taken by another process
		f.lose(id)
	}
	return nil
}

// shouldTake reports whether an account's lease is to be taken or renewed now.
func (f *fetchers) shouldTake(id store.AccountID, l store.Lease, now time.Time, renew bool) bool {
	if r := f.running[id]; r != nil && r.ending { // it may never end: another process may take the account
		return false
	}
	if _, held := f.held[id]; held {
		return f.mine(id) && (renew || !l.Live)
	}
	if l.Live && l.Holder != f.holder {
		delete(f.free, id)
		return false
	}
	if f.mine(id) {
		return true
	}
	since, known := f.free[id]
	if !known {
		f.free[id] = now
		return false
	}
	if now.Sub(since) >= f.lease*2/3 { // its owner doesn't take it, for whatever reason
		f.adopted[id] = true
		return true
	}
	return false
}

// begin starts the channels whose leases this process has.
func (f *fetchers) begin(ctx context.Context, wanted map[store.AccountID]*worker) {
	for id := range f.held {
		w := wanted[id]
		if w == nil || f.running[id] != nil || !f.mine(id) {
			continue
		}
		work, cancel := context.WithCancel(ctx)
		r := &fetchRun{worker: w, cancel: cancel, done: make(chan struct{})}
		f.running[id] = r
		go func() {
			defer func() {
				close(r.done)
				select {
				case f.wake <- struct{}{}:
				default:
				}
			}()
			f.fetch(work, id, w.channel.(channels.Runner))
		}()
	}
}

// fetch runs a channel until ctx ends, and starts it again when it stops by itself.
func (f *fetchers) fetch(ctx context.Context, id store.AccountID, runner channels.Runner) {
	for ctx.Err() == nil {
		if err := runner.Run(ctx); err != nil && ctx.Err() == nil {
			f.log.Warn("fetching stopped", "account_id", id, "error", err)
		}
		pause.For(ctx, restartAfter)
	}
}

// stop ends all channels, waits for them and gives the leases back.
func (f *fetchers) stop(ctx context.Context) {
	for _, r := range f.running {
		r.end()
	}
	for _, r := range f.running {
		<-r.done
	}
	names := []string{memberPrefix + f.holder}
	for id := range f.held {
		names = append(names, leaseOf(id))
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	f.drop(end, names)
}

// drop returns leases back. If that fails, they run out by themselves.
func (f *fetchers) drop(ctx context.Context, names []string) {
	if len(names) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, f.lease/3)
	defer cancel()
	if err := store.DropLeases(ctx, f.db, names, f.holder); err != nil {
		f.log.Debug("leases not given back", "error", err)
	}
}

// lose ends the channel of an account whose lease this process no longer has.
func (f *fetchers) lose(id store.AccountID) {
	delete(f.held, id)
	if r := f.running[id]; r != nil {
		r.end()
	}
}

// mine reports whether this process should fetch for an account.
func (f *fetchers) mine(id store.AccountID) bool {
	return f.adopted[id] || owner(id, f.members) == f.holder
}

// end asks a channel to end.
func (r *fetchRun) end() {
	r.ending = true
	r.cancel()
}

// leaseOf returns the name of the lease of the process that fetches for an account.
func leaseOf(id store.AccountID) string { return "account:" + store.OrderKey(id, "fetch") }
