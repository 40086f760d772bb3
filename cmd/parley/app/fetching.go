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

// fetchers let accounts' channels fetch, each in one process of all that live. A process has
// the accounts that are its own (owner), and those that their owner leaves free for most of a
// lease's time. One goroutine calls round and stop.
type fetchers struct {
	db     store.Querier
	log    *slog.Logger
	holder string
	lease  time.Duration
	now    func() time.Time
	wake   chan struct{} // of size 1: a channel ended, a round has something to do

	running map[int64]*fetchRun
	held    map[int64]time.Time // when this process last asked for a lease that it has
	free    map[int64]time.Time // since when an account of another process is free
	adopted map[int64]bool      // accounts of other processes that did not take them
	members []string            // holders that live, sorted; this one too
	joined  time.Time           // when this process last said that it lives
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
		running: map[int64]*fetchRun{}, held: map[int64]time.Time{}, free: map[int64]time.Time{}, adopted: map[int64]bool{}}
}

// round brings what runs here in line with wanted, the workers whose channels should fetch
// somewhere, and with the leases. It waits for the database, never for a channel's end: the
// next round goes on. While there is nothing to take or to renew, it only reads.
func (f *fetchers) round(ctx context.Context, wanted map[int64]*worker) {
	f.endOutdated(wanted)
	leases, err := f.look(ctx, wanted)
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

// endOutdated ends channels that were replaced, and those whose lease may have run out while
// this process or the database stood still. What has ended is forgotten.
func (f *fetchers) endOutdated(wanted map[int64]*worker) {
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

// look reads who has which account, and who lives.
func (f *fetchers) look(ctx context.Context, wanted map[int64]*worker) (map[string]store.Lease, error) {
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
	leases, members := map[string]store.Lease{}, []string{f.holder}
	for _, l := range list {
		leases[l.Name] = l
		if strings.HasPrefix(l.Name, memberPrefix) && l.Live && l.Holder != f.holder {
			members = append(members, l.Holder)
		}
	}
	slices.Sort(members)
	if !slices.Equal(members, f.members) { // what is whose has changed
		f.members = members
		clear(f.adopted)
		clear(f.free)
	}
	return leases, nil
}

// giveAway ends what is not this process's any more, and gives its leases back once it has
// ended. Leases of processes that are gone are removed with them.
func (f *fetchers) giveAway(ctx context.Context, wanted map[int64]*worker, leases map[string]store.Lease) {
	var names []string
	for id := range f.held {
		switch {
		case leases[leaseOf(id)].Holder != f.holder: // another process has it, so it had run out
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

// take takes what is free and this process's, and renews what it has, with one statement.
func (f *fetchers) take(ctx context.Context, wanted map[int64]*worker, leases map[string]store.Lease) error {
	now, ids, names, member := f.now(), map[string]int64{}, []string{}, memberPrefix+f.holder
	// All are renewed together, so that none ends before this process counts as gone: its
	// successor could not know that it may take it.
	renew := now.Sub(f.joined) >= f.lease/3 || !leases[member].Live
	if renew {
		names = append(names, member)
	}
	for id := range wanted {
		if f.wants(id, leases[leaseOf(id)], now, renew) {
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
	for _, id := range ids { // another process was faster
		f.lose(id)
	}
	return nil
}

// wants tells whether an account's lease is to be taken or renewed now.
func (f *fetchers) wants(id int64, l store.Lease, now time.Time, renew bool) bool {
	if r := f.running[id]; r != nil && r.ending { // it may take for ever: then another process shall have the account
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
	if now.Sub(since) >= f.lease*2/3 { // its owner can't, for whatever reason
		f.adopted[id] = true
		return true
	}
	return false
}

// begin starts the channels whose leases this process has.
func (f *fetchers) begin(ctx context.Context, wanted map[int64]*worker) {
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

// fetch runs a channel, again and again, until ctx ends.
func (f *fetchers) fetch(ctx context.Context, id int64, runner channels.Runner) {
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
	f.drop(end, names) // else they run out by themselves
}

// drop gives leases back. What fails is no harm: they run out.
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

// lose ends what runs without a lease.
func (f *fetchers) lose(id int64) {
	delete(f.held, id)
	if r := f.running[id]; r != nil {
		r.end()
	}
}

// mine tells whether an account is this process's to fetch.
func (f *fetchers) mine(id int64) bool { return f.adopted[id] || owner(id, f.members) == f.holder }

// end asks a channel to end.
func (r *fetchRun) end() {
	r.ending = true
	r.cancel()
}

// leaseOf names the lease of an account's fetching.
func leaseOf(id int64) string { return "account:" + store.OrderKey(id, "fetch") }
