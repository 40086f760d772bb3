package engine

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge/engine/own"
	"parley/channels"
	"parley/store"
)

// reportTimeout bounds a short write or read of the database.
const reportTimeout = 5 * time.Second

// Report records the condition that an account's surface or channel has found. That a channel itself finds its account to work
// doesn't end its other troubles: replies, for example, may be refused although messages can be fetched.
func (e *Engine) Report(account store.AccountID, c channels.Condition) {
	a := e.directory.Load().Account(account)
	isChannel := a != nil && a.Side == store.SideChannel
	switch {
	case !isChannel:
		e.troubles.write(account, c)
	case c.Status == channels.Active:
		e.troubles.record(account, runTrouble, nil)
	default:
		e.troubles.record(account, runTrouble, &c)
	}
}

// writeCondition writes an account's condition. A change is journalled in the same transaction, so that the admins are told of
// it once, whichever process saw it.
func (e *Engine) writeCondition(account store.AccountID, c channels.Condition) {
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

// Things of an account that may fail. Others are named by whoever records them: a channel of a chat, for example.
const (
	runTrouble  = "run"  // what a channel reports by itself (Env.Report)
	sendTrouble = "send" // replies are refused: package outbound records it
)

// troubleKey names one thing of an account that may fail.
type troubleKey struct {
	account store.AccountID
	what    string
}

// troubles knows what fails of accounts now, as far as this process has seen it.
type troubles struct {
	write func(account store.AccountID, c channels.Condition)

	mu    sync.Mutex
	fails map[troubleKey]bool // false means that it was seen to work
}

// record records why one thing of an account fails (what), or with c nil that it works again. The admins are told of a
// new trouble once. That the account works they are told only when none of its troubles is left: otherwise two closed
// channels would make it change all the time.
//
// The troubles are those that this process has seen. One that an earlier process has seen, and that may be over, ends when the
// channel first works here.
func (ts *troubles) record(account store.AccountID, what string, c *channels.Condition) {
	k := troubleKey{account, what}
	mayEndEarlier := what == runTrouble || what == sendTrouble
	ts.mu.Lock()
	fails, isKnown := ts.fails[k]
	switch {
	case c != nil:
		ts.fails[k] = true
	case mayEndEarlier:
		ts.fails[k] = false
	default:
		delete(ts.fails, k)
	}

	failsElse := ts.hasOthers(k)
	ts.mu.Unlock()

	if c != nil {
		if !fails || what == runTrouble { // the channel may have found another reason
			ts.write(account, *c)
		}
		return
	}

	isNews := fails || mayEndEarlier && !isKnown
	if isNews && !failsElse {
		ts.write(account, channels.Condition{Status: channels.Active})
	}
}

// endRun ends what was reported of an account whose channel reports nothing by itself: its settings didn't work, and now
// a channel could be made of them.
func (ts *troubles) endRun(account store.AccountID) {
	k := troubleKey{account, runTrouble}
	ts.mu.Lock()
	isOver := ts.fails[k] && !ts.hasOthers(k)
	delete(ts.fails, k)
	ts.mu.Unlock()
	if isOver {
		ts.write(account, channels.Condition{Status: channels.Active})
	}
}

// hasOthers reports whether something else of an account fails. The lock is held.
func (ts *troubles) hasOthers(k troubleKey) bool {
	for other, fails := range ts.fails {
		if fails && other.account == k.account && other != k {
			return true
		}
	}
	return false
}
