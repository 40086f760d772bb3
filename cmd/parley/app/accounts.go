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
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"parley/bridge/engine"
	"parley/bridge/setup"
	"parley/channels"
	"parley/cmd/parley/operate"
	"parley/store"
)

// queryTimeout bounds a small query of the database.
const queryTimeout = 30 * time.Second

// accounts runs the customers' side of Parley. An account is a mailbox, a phone number or a page to which customers
// write, such as support@acme.example. Its channel is the code that talks to the provider, for example over IMAP and
// SMTP. When an account's settings change, accounts replaces the channel. Every process sends for all accounts, but
// only one process at a time fetches for an account; fetchers decides which.
type accounts struct {
	accountsOptions

	holder   string // the name under which this process holds leases
	fetchers *fetchers
	life     *lifeSign // lets the other processes see that this one is alive
	consents *operate.Keeper
	owners   atomic.Pointer[operate.Table] // which account has which number or page, where several share a callback

	mu      sync.RWMutex // guards running. Only refresh writes it; refresh's goroutine reads it without the lock
	running map[store.AccountID]*worker

	connected map[store.AccountID]store.GrantConnection // the mailboxes that people connected by signing in; only refresh uses it
}

// worker is the running channel of an account.
type worker struct {
	fingerprint [32]byte // accountFingerprint of the settings that it was made from; zero if it is to be replaced
	channel     channels.Channel
	webhook     http.Handler // nil if the channel has none
	paused      bool         // the channel must not fetch
}

type accountsOptions struct {
	engine     *engine.Engine
	processEnv Env
	db         *Database
	specs      []channels.Spec                                           // all kinds of accounts
	keys       [][]byte                                                  // sign the tokens by which channels recognise their own messages
	erased     func(account store.AccountID, externalID string) [16]byte // see store.NewEvent.Erased
	log        *slog.Logger
	lease      time.Duration // how long this process may fetch for an account; 0 means defaultLease
	bodies     *bodies
}

func newAccounts(o accountsOptions) *accounts {
	holder := store.ShowingPrefix + rand.Text()
	a := &accounts{
		accountsOptions: o,
		holder:          holder,
		fetchers:        newFetchers(o.db.Pool, o.log, holder, cmp.Or(o.lease, defaultLease)),
		life:            &lifeSign{pool: o.db.Pool, holder: holder},
		consents:        operate.New(o.db.Pool, o.db.Sealer, o.processEnv.OAuth, o.log),
		running:         map[store.AccountID]*worker{},
	}
	a.fetchers.show = a.life.show
	return a
}

// refresh makes channels for accounts that are new, changed or connected again, and removes the workers of deleted
// accounts. It doesn't wait for replaced channels to end, so webhooks are served without interruption.
func (a *accounts) refresh(ctx context.Context) {
	all := a.engine.Accounts()
	gone := maps.Clone(a.running)
	a.readConnected(ctx)
	table := operate.NewOwners(all, a.specs, a.signingSecret)
	a.owners.Store(&table)

	for _, account := range all {
		if account.Side != store.SideChannel {
			continue
		}

		delete(gone, account.ID)
		fingerprint := accountFingerprint(account, a.connected[account.ID].Connected)
		w := a.running[account.ID]
		if w != nil && w.fingerprint == fingerprint {
			continue
		}

		ch, err := a.open(account)
		if err != nil {
			a.engine.Report(account.ID, channels.Condition{
				Status: channels.Broken,
				Text:   "The account's settings don't work: " + err.Error(),
				Hint:   "Correct them with parley apply.",
			})
			a.log.Error("account not opened", "account_id", account.ID, "error", err)
			a.stopFetching(account.ID)
			continue
		}

		a.setWorker(account.ID, &worker{
			fingerprint: fingerprint,
			channel:     ch,
			webhook:     a.limitedWebhook(account.ID, ch),
			paused:      account.Paused,
		})
		a.engine.SetChannel(account.ID, ch)
	}

	for id := range gone { // parley apply --prune has deleted them
		a.setWorker(id, nil)
		a.engine.SetChannel(id, nil)
	}
}

// stopFetching stops an account's channel from fetching after the account's new settings turned out not to work.
// They may have meant to pause the account, or another account may fetch from the same mailbox by now. The webhook
// keeps accepting requests, because not every provider retries them. The worker gets no fingerprint, so the next
// settings always replace it.
func (a *accounts) stopFetching(id store.AccountID) {
	if w := a.running[id]; w != nil {
		a.setWorker(id, &worker{channel: w.channel, webhook: w.webhook, paused: true})
	}
}

// readConnected reads which mailboxes people have connected by signing in at the provider. If that fails, the previous
// answer is kept until the settings change again.
func (a *accounts) readConnected(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	connected, err := store.GrantConnections(ctx, a.db.Pool)
	if err != nil {
		a.log.Warn("connections of mailboxes not read", "error", err)
		return
	}
	a.connected = connected
}

// setWorker sets the worker of an account; nil removes it.
func (a *accounts) setWorker(id store.AccountID, w *worker) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if w == nil {
		delete(a.running, id)
		return
	}
	a.running[id] = w
}

// limitedWebhook returns a channel's webhook behind a limiter of its own; nil if the channel has no webhook.
func (a *accounts) limitedWebhook(id store.AccountID, ch channels.Channel) http.Handler {
	hook, ok := ch.(channels.Webhook)
	if !ok {
		return nil
	}
	return newLimiter(a.bodies, &a.engine.Relay().Metrics().Account(id).Refused).wrapHandler(hook)
}

// open makes the channel of an account from its stored settings.
func (a *accounts) open(account store.Account) (channels.Channel, error) {
	i := slices.IndexFunc(a.specs, func(s channels.Spec) bool { return s.Kind == account.Kind })
	if i < 0 {
		return nil, errors.New("this version has no channel of kind " + account.Kind)
	}
	spec := a.specs[i]
	config, err := setup.OpenConfig(account, a.db.Sealer, spec)
	if err != nil {
		return nil, err
	}
	return spec.New(setup.Account(account, config), a.envFor(account, spec, config))
}

// signingSecret returns the secret with which a provider signs callbacks for an account. If the account's settings
// can't be read, it returns the previous secret. If there is none, it returns a random text, which matches no other
// account's secret: accounts with equal secrets may receive each other's callbacks.
func (a *accounts) signingSecret(account store.Account, spec channels.Spec) string {
	config, err := setup.OpenConfig(account, a.db.Sealer, spec)
	if err == nil {
		return strings.TrimSpace(config[spec.SignedBy]) // channels trim it, too
	}
	if before := a.owners.Load(); before != nil {
		if secret, ok := before.SecretOf(account.ID); ok {
			return secret
		}
	}
	return rand.Text()
}

// envFor returns what an account's channel needs from this process: storage, the network, a clock, a logger.
func (a *accounts) envFor(account store.Account, spec channels.Spec, config channels.Config) channels.Env {
	env := a.processEnv.Outside(spec, account.Name, config)
	state := &watermark{pool: a.db.Pool, account: account.ID, erased: a.erased}
	env.Accept = a.acceptFor(account, spec, state)
	env.State = state
	env.Log = a.log.With("account_id", account.ID)
	env.Now = time.Now
	env.Report = func(c channels.Condition) { a.engine.Report(account.ID, c) }
	env.Keys = a.keys
	if spec.Consent == "" {
		return env
	}
	if provider := config[spec.Consent]; provider != "" {
		env.Grant = a.consents.ConsentOf(account, provider)
	}

	return env
}

// acceptFor returns the function by which an account's channel stores incoming facts. A fact is one thing that a
// provider reported, such as a message. It has an id, by which repeated reports are deduplicated. Where several phone
// numbers or pages share a callback, each fact goes to the account with its number or page. If one fact can't be
// stored, the call fails, and the provider sends all of them again. What was stored is noted in state.
func (a *accounts) acceptFor(account store.Account, spec channels.Spec, state *watermark) channels.Accept {
	accept := func(ctx context.Context, id store.AccountID, facts []channels.Fact) error {
		if err := a.engine.Accept(ctx, id, facts...); err != nil {
			return err
		}
		state.noteStored(id, facts)
		return nil
	}

	if spec.Owner == "" { // accounts of this kind share no callback
		return func(ctx context.Context, facts ...channels.Fact) error { return accept(ctx, account.ID, facts) }
	}

	label := spec.Owner // the label of the setting with the account's number or page
	for _, f := range spec.Fields {
		if f.Name == spec.Owner {
			label = f.Label
		}
	}
	if spec.KeepsUnowned {
		label = ""
	}

	return func(ctx context.Context, facts ...channels.Fact) error {
		for _, share := range a.owners.Load().Split(account, label, facts) {
			if err := accept(ctx, share.Account, share.Facts); err != nil {
				return err
			}
		}
		return nil
	}
}

// accountFingerprint returns a hash of everything that a channel is made from. If it changes, the channel is replaced.
func accountFingerprint(a store.Account, connected int64) [32]byte {
	body, _ := json.Marshal([]any{a.Kind, a.Config, a.Secrets, a.Paused, connected}) // plain data always becomes JSON
	return sha256.Sum256(body)
}

// run applies changes of the settings and runs the channels that fetch in this process, until ctx ends.
func (a *accounts) run(ctx context.Context) error {
	round := time.NewTicker(a.fetchers.roundInterval())
	defer round.Stop()
	defer a.life.end()
	changed := a.engine.DirectoryChanged()
	a.refresh(ctx)
	for {
		a.fetchers.runRound(ctx, a.fetchingWorkers())

		select {
		case <-changed:
			changed = a.engine.DirectoryChanged()
			a.refresh(ctx)
		case <-a.fetchers.wake:
		case <-round.C:
		case <-ctx.Done():
			a.fetchers.stopAll(ctx)
			return nil
		}
	}
}

// fetchingWorkers returns the workers whose channels fetch by themselves and are not paused, by account.
func (a *accounts) fetchingWorkers() map[store.AccountID]*worker {
	list := map[store.AccountID]*worker{}
	for id, w := range a.running {
		_, isRunner := w.channel.(channels.Runner)
		if isRunner && !w.paused {
			list[id] = w
		}
	}
	return list
}
