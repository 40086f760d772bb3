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

const (
	// rereadInterval is the shortest time between two looks for accounts that this process doesn't know. Without it, a flood of
	// calls for names that no account has would keep the database busy.
	rereadInterval = time.Second
	// rereadTimeout is how long such a look may take: the sender of a webhook waits for it.
	rereadTimeout = 5 * time.Second
)

// How long a sender is asked to wait before it calls again, in seconds.
const (
	retryAfterOpening = "5" // until the channel of an account is open
	retryAfterReread  = "1" // until the next look for new accounts
)

// serveHook passes a provider's call to its account's channel. A provider takes 404 as final, so only names that no account
// has get it; all others that can't be served now are asked to call again.
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

// findHookAccount returns the channel account of this name, if this process knows one.
func (a *App) findHookAccount(name string) (id store.AccountID, isKnown bool) {
	for _, account := range a.engine.Accounts() {
		if account.Name == name && account.Side == store.SideChannel {
			return account.ID, true
		}
	}
	return 0, false
}

// askToRetry answers that the request is to be sent again after some seconds.
func askToRetry(w http.ResponseWriter, seconds, why string) {
	w.Header().Set("Retry-After", seconds)
	http.Error(w, why, http.StatusServiceUnavailable)
}

// findWebhook returns the bounded webhook of an account's channel; nil if it has none. isOpen says whether the channel is open.
func (a *accounts) findWebhook(id store.AccountID) (hook http.Handler, isOpen bool) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if w := a.running[id]; w != nil {
		return w.webhook, true
	}
	return nil, false
}

// reread looks for accounts that another process has just made, and that this process doesn't know yet. Concurrent calls share
// one look, and there is at most one in rereadInterval.
type reread struct {
	look func(ctx context.Context) error // reads the accounts from the database

	mu    sync.Mutex
	began time.Time // when the last look that succeeded began
	tried time.Time // when the last look began, whatever came of it
}

// newReread returns a reread that makes the engine read its directory when the settings have changed.
func newReread(pool *pgxpool.Pool, e *engine.Engine) *reread {
	var read int64 // the version of the settings at the last look; guarded by mu
	return &reread{look: func(ctx context.Context) error {
		version, _, err := store.SettingsVersion(ctx, pool)
		if err != nil || version == read {
			return err
		}
		if err := e.Reload(ctx); err != nil {
			return err
		}
		read = version
		return nil
	}}
}

// lookForNew makes sure that this process knows all accounts that were stored when a call arrived. It returns false if that isn't
// certain, because the last look is too recent or the database doesn't answer. It blocks for rereadTimeout at most.
func (l *reread) lookForNew(ctx context.Context, arrived time.Time) (isCurrent bool) {
	l.mu.Lock() // calls that come while it looks wait for this look's end
	defer l.mu.Unlock()
	if !l.began.Before(arrived) {
		return true
	}
	now := time.Now()
	if now.Sub(l.tried) < rereadInterval {
		return false
	}
	l.tried = now

	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rereadTimeout) // others rely on this look, too
	defer cancel()
	if err := l.look(ctx); err != nil {
		return false
	}
	l.began = now
	return true
}
