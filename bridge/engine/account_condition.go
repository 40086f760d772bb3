package engine

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge/engine/own"
	"parley/channels"
	"parley/store"
)

// reportTimeout bounds a short write or read of the database.
const reportTimeout = 5 * time.Second

// Report writes an account's condition. A change is journalled in the same transaction, so that the admins are told of it
// once, whichever process saw it.
func (e *Engine) Report(account store.AccountID, c channels.Condition) {
	ctx, cancel := context.WithTimeout(context.Background(), reportTimeout)
	defer cancel()
	changed := false
	err := store.InTxWith(ctx, e.pool, func(tx pgx.Tx) (*store.Pipeline, error) {
		var err error
		changed, err = store.ReportAccount(ctx, tx, account, string(c.Status), c.Text, c.Hint)
		if err != nil || !changed {
			return nil, err
		}

		f := own.Fact{Kind: own.Account, Account: account, Class: string(c.Status), Text: c.Text, Hint: c.Hint}
		var p store.Pipeline
		p.InsertEvents([]store.NewEvent{f.Event(fmt.Sprintf("account:%d:%s", account, rand.Text()))})
		return &p, nil
	})
	if err != nil {
		e.log.Warn("account condition not written", "account_id", account, "error", err)
		return
	}
	if changed {
		e.log.Info("account condition changed", "account_id", account, "status", string(c.Status), "text", c.Text)
		e.relay.WakeAppliers(store.SystemAccount)
	}
}

// troubleKey names one thing of an account that may fail.
type troubleKey struct {
	account store.AccountID
	what    string
}

// recordTrouble records why one thing of an account fails (what), or with c nil that it works again. The admins are told of a
// new trouble once. That the account works they are told only when none of its troubles is left: otherwise two closed
// channels would make it change all the time.
func (e *Engine) recordTrouble(account store.AccountID, what string, c *channels.Condition) {
	k := troubleKey{account, what}
	e.mu.Lock()
	wasKnown, hasOthers := e.troubles[k], false

	if c == nil {
		delete(e.troubles, k)
	} else {
		e.troubles[k] = true
	}

	for t := range e.troubles {
		if t.account == account && t != k {
			hasOthers = true
		}
	}

	e.mu.Unlock()

	if c != nil {
		if !wasKnown {
			e.Report(account, *c)
		}
		return
	}

	if wasKnown && !hasOthers {
		e.Report(account, channels.Condition{Status: channels.Active})
	}
}
