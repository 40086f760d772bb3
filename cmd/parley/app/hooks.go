package app

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/bridge/engine"
	"parley/store"
)

// Providers call /hooks/NAME when something happens, for example when a customer writes to the WhatsApp number that is
// set up as the account NAME. This file finds the account's channel, which is the code that handles the provider's
// calls.
//
// A 404 makes a provider drop the message, so it is only for names that certainly have no webhook. The account may have
// been added by another process a moment ago. If this process doesn't know a name, it therefore reads the accounts
// again before it answers, and answers 503 (retry) if it can't.

const (
	// rereadInterval is the minimum time between two reads of the accounts. Without it, a flood of calls with unknown
	// names would keep the database busy.
	rereadInterval = time.Second
	// rereadTimeout limits one read, for which the sender of a webhook waits.
	rereadTimeout = 5 * time.Second
)

// Values of the Retry-After header, in seconds.
const (
	retryAfterOpening = "5" // the channel of the account isn't open yet
	retryAfterReread  = "1" // the accounts couldn't be read, or were read a moment ago
)

// serveHook passes a provider's call to the channel of the account that the path names.
func (a *App) serveHook(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("account")
	account, isKnown := a.findHookAccount(name)
	if !isKnown {
		if !a.reread.lookForNew(r.Context(), time.Now()) {
			askToRetry(w, retryAfterReread, "accounts can't be read now; try again")
			return
		}
		account, isKnown = a.findHookAccount(name)
	}
	if !isKnown {
		http.NotFound(w, r)
		return
	}

	hook, isOpen := a.accounts.findWebhook(account)
	switch {
	case !isOpen:
		askToRetry(w, retryAfterOpening, "the account's channel is not open here; try again")
	case hook == nil:
		http.NotFound(w, r)
	default:
		hook.ServeHTTP(w, r)
	}
}

// findHookAccount returns the customers' account with this name, if this process knows one.
func (a *App) findHookAccount(name string) (id store.AccountID, isKnown bool) {
	for _, account := range a.engine.Accounts() {
		if account.Name == name && account.Side == store.SideChannel {
			return account.ID, true
		}
	}
	return 0, false
}

// askToRetry answers that the sender should retry after some seconds.
func askToRetry(w http.ResponseWriter, seconds, why string) {
	w.Header().Set("Retry-After", seconds)
	http.Error(w, why, http.StatusServiceUnavailable)
}

// findWebhook returns the webhook of an account's channel; nil if the channel has none. isOpen reports whether the
// channel is open in this process.
func (a *accounts) findWebhook(id store.AccountID) (hook http.Handler, isOpen bool) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if w := a.running[id]; w != nil {
		return w.webhook, true
	}
	return nil, false
}

// reread reads the accounts again when a call names an unknown one. Concurrent calls share one read, and there is at most
// one read per rereadInterval.
type reread struct {
	read func(ctx context.Context) error // reads the accounts from the database

	mu        sync.Mutex
	succeeded time.Time // when the last successful read began
	tried     time.Time // when the last read began
}

// newReread returns a reread that has the engine reload its accounts if the stored settings have changed.
func newReread(pool *pgxpool.Pool, e *engine.Engine) *reread {
	var known int64 // the version of the settings at the last read; guarded by reread.mu
	return &reread{read: func(ctx context.Context) error {
		version, _, err := store.SettingsVersion(ctx, pool)
		if err != nil || version == known {
			return err
		}
		if err := e.Reload(ctx); err != nil {
			return err
		}
		known = version
		return nil
	}}
}

// lookForNew makes sure that this process knows all accounts that were stored when a call arrived. It returns false if
// that isn't certain, because the last read was too recent or failed. It blocks for at most rereadTimeout.
func (r *reread) lookForNew(ctx context.Context, arrived time.Time) (isCurrent bool) {
	r.mu.Lock() // calls that arrive during a read wait for its result
	defer r.mu.Unlock()
	if !r.succeeded.Before(arrived) {
		return true
	}
	now := time.Now()
	if now.Sub(r.tried) < rereadInterval {
		return false
	}
	r.tried = now

	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rereadTimeout) // waiting calls need the result even if this one ends
	defer cancel()
	if err := r.read(ctx); err != nil {
		return false
	}
	r.succeeded = now
	return true
}
