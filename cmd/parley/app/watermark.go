package app

import (
	"context"
	"sync"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/channels"
	"parley/store"
)

// watermark is the channels.State of an account: it stores how far the account's channel has fetched.
//
// A watermark must never pass a message that the journal lacks. A channel saves it after Accept has stored the messages,
// but between the two the database can fail, and a standby that lacks the last commits can take its place. So Save also
// checks that the journal still has the message that was stored last. If it does, it has those before it, too.
type watermark struct {
	pool    *pgxpool.Pool
	account store.AccountID
	erased  func(account store.AccountID, externalID string) [16]byte // see store.NewEvent.Erased

	mu   sync.Mutex
	last store.KnownFact // see lastStored
}

// Load implements channels.State.
func (w *watermark) Load(ctx context.Context) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	return store.LoadWatermark(ctx, w.pool, w.account)
}

// Save implements channels.State.
func (w *watermark) Save(ctx context.Context, before, data []byte) error {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	last := w.lastStored()
	known := last
	known.Erased = w.erased(last.AccountID, last.ExternalID)
	saved, err := store.SaveWatermark(ctx, w.pool, w.account, before, data, known)
	if err != nil {
		return err
	}

	// If the watermark wasn't saved, the channel loads it, and stores the messages above it again.
	w.forget(last)
	if !saved {
		return channels.ErrStateChanged
	}
	return nil
}

// noteStored notes the last of some facts that Accept has stored for an account. In a callback that several accounts
// share, it need not be the account of the watermark.
func (w *watermark) noteStored(account store.AccountID, facts []channels.Fact) {
	if len(facts) == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = store.KnownFact{AccountID: account, ExternalID: facts[len(facts)-1].ExternalID}
}

// lastStored returns the fact that was stored last since the last Save, without Erased: computing that hash for each
// callback would be in vain. Its ExternalID is empty if there is none.
func (w *watermark) lastStored() store.KnownFact {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last
}

// forget forgets a fact, unless another one was stored since.
func (w *watermark) forget(fact store.KnownFact) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.last == fact {
		w.last = store.KnownFact{}
	}
}
