package relay

import (
	"sync"
	"time"

	"parley/store"
)

// Events of an account that isn't open in this process are put aside, so that Parley's own facts about its conversations
// are not behind them. They are looked at again by their own clock, ever less often: each look reads their payloads.
const (
	closedWait         = 5 * time.Second
	maxClosedDoublings = 6 // as often the wait is doubled: about five minutes
)

// openAccounts are the accounts whose events this process can decode.
type openAccounts struct {
	wake chan struct{} // an account was opened; holds one signal

	mu  sync.Mutex
	ids map[store.AccountID]bool
}

func (o *openAccounts) set(id store.AccountID, open bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if open {
		o.ids[id] = true
	} else {
		delete(o.ids, id)
	}
}

// awaitedNames returns the names by which events wait for the accounts' opening.
func (o *openAccounts) awaitedNames() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	names := make([]string, 0, len(o.ids))
	for id := range o.ids {
		names = append(names, store.AwaitedOpening(id))
	}
	return names
}

// waitWhileClosed says how long an event of an account that isn't open waits, if it was put off so often before.
func waitWhileClosed(account store.AccountID, waits int) Wait {
	return Wait{For: store.AwaitedOpening(account), Most: closedWait << min(waits, maxClosedDoublings)}
}
