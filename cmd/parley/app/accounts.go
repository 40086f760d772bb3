package app

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"parley/bridge"
	"parley/channels"
	"parley/cmd/parley/owners"
	"parley/cmd/parley/setup"
	"parley/store"
)

const (
	fetchLease   = 30 * time.Second // renewed each third of it
	leaseTry     = 2 * time.Second
	restartAfter = time.Second

	watermarkTimeout = 30 * time.Second
)

// accounts keeps each configured account's channel at work, and restarts it alone
// when its settings change. Of several replicas one fetches, all send.
type accounts struct {
	engine  *bridge.Engine
	outside Env
	db      *Database
	specs   map[string]channels.Spec
	keys    [][]byte
	log     *slog.Logger
	holder  string
	lease   time.Duration
	mu      sync.Mutex
	bodies  *bodies
	running map[int64]*worker
	owners  atomic.Pointer[owners.Table] // of shared callbacks
}

// worker is one account's channel and the goroutine that fetches.
type worker struct {
	print   [32]byte // of the settings it was made with
	channel channels.Channel
	webhook http.Handler // nil if it has none
	paused  bool
	cancel  context.CancelFunc
	done    chan struct{}
}

func newAccounts(e *bridge.Engine, env Env, db *Database, specs []channels.Spec, keys [][]byte, log *slog.Logger, lease time.Duration, bodies *bodies) *accounts {
	a := &accounts{engine: e, outside: env, bodies: bodies, db: db, specs: map[string]channels.Spec{}, keys: keys, log: log, holder: rand.Text(), lease: cmp.Or(lease, fetchLease), running: map[int64]*worker{}}
	for _, s := range specs {
		a.specs[s.Kind] = s
	}
	return a
}

// refresh makes the channels of accounts that are new or changed, and ends those of
// accounts that are gone.
func (a *accounts) refresh() {
	a.mu.Lock()
	defer a.mu.Unlock()
	gone, all := maps.Clone(a.running), a.engine.Accounts()
	table := owners.New(all, slices.Collect(maps.Values(a.specs)))
	a.owners.Store(&table)
	for _, account := range all {
		if account.Side != "channel" {
			continue
		}
		delete(gone, account.ID)
		print := fingerprint(account)
		if w := a.running[account.ID]; w != nil && w.print == print {
			continue
		}
		ch, err := a.open(account)
		if err != nil {
			a.engine.Report(account.ID, channels.Condition{Status: channels.Broken, Text: "The account's settings don't work: " + err.Error(),
				Hint: "Correct them with parley apply."})
			a.log.Error("account not opened", "account_id", account.ID, "error", err)
			continue
		}
		if w := a.running[account.ID]; w != nil {
			w.stop()
		}
		a.running[account.ID] = &worker{print: print, channel: ch, webhook: a.bounded(account.ID, ch), paused: account.Paused}
		a.engine.SetChannel(account.ID, ch)
	}
	for id, w := range gone { // taken out by apply --prune
		w.stop()
		delete(a.running, id)
		a.engine.SetChannel(id, nil)
	}
}

// bounded gives a channel's webhook with a bound of its own.
func (a *accounts) bounded(id int64, ch channels.Channel) http.Handler {
	hook, ok := ch.(channels.Webhook)
	if !ok {
		return nil
	}
	return newBound(a.bodies, &a.engine.Relay().Metrics().Account(id).Refused).handler(hook)
}

func (a *accounts) open(account store.Account) (channels.Channel, error) {
	spec, ok := a.specs[account.Kind]
	if !ok {
		return nil, errors.New("this version has no channel of kind " + account.Kind)
	}
	config, err := setup.Open(account, a.db.Sealer, spec)
	if err != nil {
		return nil, err
	}
	return spec.New(channels.Account{ID: account.ID, Name: account.Name, Config: config}, a.env(account, spec, config))
}

func (a *accounts) env(account store.Account, spec channels.Spec, config channels.Config) channels.Env {
	env := a.outside.Outside(spec, account.Name, config)
	env.Accept = a.accept(account, spec)
	env.State = &watermark{db: a.db, account: account.ID}
	env.Log = a.log.With("account_id", account.ID)
	env.Now = time.Now
	env.Report = func(c channels.Condition) { a.engine.Report(account.ID, c) }
	env.Keys = a.keys
	return env
}

// accept stores what one account's channel brings. Where several numbers or pages share a
// callback, each fact goes to the account that owns it; whatever fails, the provider
// brings all of them again.
func (a *accounts) accept(account store.Account, spec channels.Spec) channels.Accept {
	if spec.Owner == "" {
		return func(ctx context.Context, facts ...channels.Fact) error {
			return a.engine.Accept(ctx, account.ID, facts...)
		}
	}
	name := spec.Owner
	for _, f := range spec.Fields {
		if f.Name == spec.Owner {
			name = f.Label
		}
	}
	return func(ctx context.Context, facts ...channels.Fact) error {
		for _, share := range a.owners.Load().Split(account, name, facts) {
			if err := a.engine.Accept(ctx, share.Account, share.Facts...); err != nil {
				return err
			}
		}
		return nil
	}
}

// fingerprint tells whether an account has to be restarted.
func fingerprint(a store.Account) [32]byte {
	body, _ := json.Marshal([]any{a.Kind, a.Config, a.Secrets, a.Paused}) // plain data
	return sha256.Sum256(body)
}

// run fetches for all accounts until ctx ends.
func (a *accounts) run(ctx context.Context) error {
	for {
		changed := a.engine.Changed()
		a.refresh()
		a.startWorkers(ctx)
		select {
		case <-changed:
		case <-ctx.Done():
			a.mu.Lock() // not while they stop: webhooks are answered until the end
			workers := slices.Collect(maps.Values(a.running))
			a.mu.Unlock()
			for _, w := range workers {
				w.stop()
			}
			return nil
		}
	}
}

func (a *accounts) startWorkers(ctx context.Context) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for id, w := range a.running {
		runner, ok := w.channel.(channels.Runner)
		if !ok || w.paused || w.done != nil {
			continue
		}
		ctx, cancel := context.WithCancel(ctx)
		w.cancel, w.done = cancel, make(chan struct{})
		go func() {
			defer close(w.done)
			a.fetch(ctx, id, runner)
		}()
	}
}

// stop ends a worker and waits for it.
func (w *worker) stop() {
	if w.done != nil {
		w.cancel()
		<-w.done
	}
}

// fetch runs a channel while this process holds the account's lease.
func (a *accounts) fetch(ctx context.Context, id int64, runner channels.Runner) {
	name := "account:" + store.OrderKey(id, "fetch")
	for ctx.Err() == nil {
		got, err := a.takeLease(ctx, name)
		if err != nil || !got {
			sleep(ctx, leaseTry)
			continue
		}
		work, cancel := context.WithCancel(ctx)
		kept := make(chan struct{})
		go func() {
			defer close(kept)
			defer cancel()
			a.keepLease(work, name)
		}()
		if err := runner.Run(work); err != nil && ctx.Err() == nil {
			a.log.Warn("fetching stopped", "account_id", id, "error", err)
		}
		cancel()
		<-kept
		sleep(ctx, restartAfter)
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	_ = store.DropLease(end, a.db.Pool, name, a.holder) // else it runs out by itself
}

// keepLease renews the lease until ctx ends or it is lost.
func (a *accounts) keepLease(ctx context.Context, name string) {
	held := time.Now()
	for sleep(ctx, a.lease/3) {
		got, err := a.takeLease(ctx, name)
		switch {
		case err == nil && !got, err != nil && time.Since(held) > a.lease*2/3:
			return
		case err == nil:
			held = time.Now()
		}
	}
}

// takeLease takes or renews a lease. A database that doesn't answer is asked again while it lasts.
func (a *accounts) takeLease(ctx context.Context, name string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, a.lease/3)
	defer cancel()
	return store.TakeLease(ctx, a.db.Pool, name, a.holder, a.lease.Seconds())
}

// sleep waits, or returns false when ctx ends first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// watermark is an account's durable memory.
type watermark struct {
	db      *Database
	account int64
}

// Load implements channels.State.
func (w *watermark) Load(ctx context.Context) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, watermarkTimeout)
	defer cancel()
	return store.LoadWatermark(ctx, w.db.Pool, w.account)
}

// Save implements channels.State.
func (w *watermark) Save(ctx context.Context, data []byte) error {
	ctx, cancel := context.WithTimeout(ctx, watermarkTimeout)
	defer cancel()
	return store.SaveWatermark(ctx, w.db.Pool, w.account, data)
}
