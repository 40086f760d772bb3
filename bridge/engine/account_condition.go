package engine

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/channels"
	"parley/store"
)

// This file tracks whether each account (a mailbox, a phone number, a chat workspace) works, and notifies the admins
// when that changes. Several parts of an account can fail at the same time, and several processes can notice it. For
// example, one process finds that a Slack channel is closed while another can't fetch messages. Each failing part is a
// trouble, with a row of its own in the database. The account works again when its last trouble has ended.

// reportTimeout limits one short database operation.
const reportTimeout = 5 * time.Second

// Report records the condition that an account's channel (the customers' side) or surface (the agents' chat) reports
// about itself. A report that it works doesn't end the account's other troubles: replies may be refused although
// messages can be fetched.
func (e *Engine) Report(account store.AccountID, c channels.Condition) {
	switch {
	case !e.isChannel(account):
		reportSurface(e, account, c)
	case c.Status == channels.Active:
		e.troubles.record(account, runTrouble, nil)
	default:
		e.troubles.record(account, runTrouble, &c)
	}
}

// reportSurface records the condition that a surface reports about itself. A report that it works marks the account as
// working only if the surface has no other trouble.
func reportSurface(e *Engine, account store.AccountID, c channels.Condition) {
	e.writeCondition(account, c, func(ctx context.Context, tx pgx.Tx) (bool, error) {
		if c.Status != channels.Active {
			return true, nil
		}
		var anyExpiry *time.Time // end the trouble whenever it would have expired
		ended, err := store.EndTrouble(ctx, tx, account, runTrouble, anyExpiry)
		return !ended.HasOthers, err
	})
}

// writeCondition writes an account's condition if shouldWrite, called in the same transaction, returns true. That
// transaction also journals a change of the condition, so that the admins are notified once, whichever process noticed
// it. writeCondition returns false only if the database failed.
//
//nolint:contextcheck // it has its own time limit, because conditions are also written during shutdown
func (e *Engine) writeCondition(
	account store.AccountID, c channels.Condition, shouldWrite func(context.Context, pgx.Tx) (bool, error),
) bool {
	ctx, cancel := context.WithTimeout(context.Background(), reportTimeout)
	defer cancel()

	changed := false
	err := store.InTxWith(ctx, e.pool, func(tx pgx.Tx) (*store.Pipeline, error) {
		if isNeeded, err := shouldWrite(ctx, tx); err != nil || !isNeeded {
			return nil, err
		}

		var err error
		changed, err = store.ReportAccount(ctx, tx, account, string(c.Status), c.Text, c.Hint)
		if err != nil || !changed {
			return nil, err
		}

		f := Fact{Kind: Account, Account: account, Class: string(c.Status), Text: c.Text, Hint: c.Hint}
		var p store.Pipeline
		p.InsertEvents([]store.NewEvent{f.Event(fmt.Sprintf("account:%d:%s", account, rand.Text()))})
		return &p, nil
	})
	if err != nil {
		e.log.Warn("account condition not written", "account_id", account, "error", err)
		return false
	}

	if changed {
		e.log.Info("account condition changed", "account_id", account, "status", string(c.Status), "text", c.Text)
		e.relay.WakeAppliers(store.SystemAccount)
	}
	return true
}

// Parts of an account that can fail. Callers of record name further ones, such as one channel of a chat.
const (
	runTrouble  = "run"  // a channel reported the failure itself (Env.Report)
	sendTrouble = "send" // replies are refused; recorded by outbound*.go
)

// troubleKey names one part of an account that can fail.
type troubleKey struct {
	account store.AccountID
	what    string
}

// troubles tracks the failing parts of accounts. The database holds what all processes know (trouble.Note). The
// maps here are a cache of it, so that a successful send doesn't need a query.
type troubles struct {
	engine *Engine

	mu            sync.Mutex                // guards the fields below
	failing       map[troubleKey]bool       // what this process last saw; false if it saw the part work
	broken        map[store.AccountID]bool  // accounts that don't work, as readBroken last read them
	checked       map[troubleKey]bool       // parts of broken accounts that were seen to work since readBroken
	pendingEnds   map[troubleKey]pendingEnd // troubles that are over, but whose end could not be written yet
	lastDirectory *Directory                // the last one that endOfFormerChannels has handled
}

// pendingEnd is the end of a trouble that still has to be written.
type pendingEnd struct {
	mayEndEarlier bool       // it may also end a trouble that an earlier process recorded
	until         *time.Time // when the trouble expires; identifies it among later troubles of the same part. nil if unknown
}

func newTroubles(e *Engine) *troubles {
	return &troubles{
		engine:      e,
		failing:     map[troubleKey]bool{},
		broken:      map[store.AccountID]bool{},
		checked:     map[troubleKey]bool{},
		pendingEnds: map[troubleKey]pendingEnd{},
	}
}

// record records why one part of an account (what) fails, or, if c is nil, that the part works. The admins are notified
// once about a new trouble, and once when the account's last trouble has ended, whichever processes saw them. Otherwise
// a chat with one open and one closed channel would change the account's condition with every post.
func (ts *troubles) record(account store.AccountID, what string, c *channels.Condition) {
	k := troubleKey{account, what}
	if c == nil {
		ts.recordWorking(k)
		return
	}
	ts.recordFailure(k, *c)
}

// recordFailure records why one part of an account fails. A trouble that this process has already recorded is not
// written again while the account is known not to work, because otherwise each refused reply would lock the account's
// row. Two kinds of trouble are written each time:
//   - a report of the channel itself, which may state a new reason;
//   - a trouble with a duration (Condition.Lasts), which counts from the latest refusal.
func (ts *troubles) recordFailure(k troubleKey, c channels.Condition) {
	ts.mu.Lock()
	isNoted := ts.failing[k] && ts.broken[k.account]
	ts.failing[k] = true
	delete(ts.pendingEnds, k)
	ts.mu.Unlock()

	isReport := k.what == runTrouble
	isWrittenEachTime := isReport || c.Lasts != 0
	if isNoted && !isWrittenEachTime {
		return
	}

	ts.engine.writeCondition(k.account, c, func(ctx context.Context, tx pgx.Tx) (bool, error) {
		isNews, err := store.NoteTrouble(ctx, tx, k.account, k.what, ts.engine.processName, c.Lasts)
		return isNews || isReport, err
	})
}

// recordWorking records that one part of an account works. If the part is the channel itself or its sending, it works
// for all processes alike, so the trouble ends even if it was recorded by a process that no longer runs.
func (ts *troubles) recordWorking(k troubleKey) {
	mayEndEarlier := k.what == runTrouble || k.what == sendTrouble
	if ts.noteWorking(k, mayEndEarlier) {
		ts.end(k, pendingEnd{mayEndEarlier: mayEndEarlier})
	}
}

// noteWorking notes in the cache that one part of an account works. It reports whether the database may still hold a
// trouble of it.
func (ts *troubles) noteWorking(k troubleKey, mayEndEarlier bool) bool {
	ts.mu.Lock()
	defer ts.mu.Unlock()

	isFailing, isKnown := ts.failing[k]
	if mayEndEarlier {
		ts.failing[k] = false
	} else {
		delete(ts.failing, k)
	}

	mayFailElsewhere := ts.broken[k.account] && !ts.checked[k]
	if mayFailElsewhere {
		ts.checked[k] = true
	}
	mayHaveFailedEarlier := mayEndEarlier && !isKnown
	return isFailing || mayFailElsewhere || mayHaveFailedEarlier
}

// end ends a trouble of an account for all processes, and marks the account as working if it was the last one. If no
// process had recorded the trouble, the account's condition stays as it is unless over.mayEndEarlier is set.
//
// If the trouble has not expired yet, or its end could not be written, retryEnds tries again later. It doesn't if the
// trouble was recorded again with another expiry: this process has not seen the end of that new trouble.
func (ts *troubles) end(k troubleKey, over pendingEnd) {
	var lasts *time.Time // when the trouble expires; nil if it has ended
	works := channels.Condition{Status: channels.Active}
	isWritten := ts.engine.writeCondition(k.account, works, func(ctx context.Context, tx pgx.Tx) (bool, error) {
		ended, err := store.EndTrouble(ctx, tx, k.account, k.what, over.until)
		lasts = ended.Lasts
		return !ended.HasOthers && (ended.WasKnown || over.mayEndEarlier), err
	})

	ts.mu.Lock()
	defer ts.mu.Unlock()
	delete(ts.pendingEnds, k)
	if ts.failing[k] {
		return // it failed again during the write
	}

	isNotedAgain := over.until != nil && lasts != nil && !lasts.Equal(*over.until)
	switch {
	case !isWritten:
		ts.pendingEnds[k] = over
	case lasts != nil && !isNotedAgain:
		ts.pendingEnds[k] = pendingEnd{mayEndEarlier: over.mayEndEarlier, until: lasts}
	}
}

// retryEnds tries again to end the troubles in pendingEnds. Without it they would last until the next message is sent,
// which may take days.
func (ts *troubles) retryEnds() {
	ts.mu.Lock()
	ends := maps.Clone(ts.pendingEnds)
	ts.mu.Unlock()

	for k, over := range ends {
		ts.mu.Lock()
		hasFailedSince := ts.failing[k]
		ts.mu.Unlock()

		if !hasFailedSince {
			ts.end(k, over)
		}
	}
}

// endRun ends the trouble of an account whose settings were invalid, now that they are valid again. It is for channels
// that don't report their own condition.
func (ts *troubles) endRun(account store.AccountID) {
	k := troubleKey{account, runTrouble}
	ts.mu.Lock()
	wasFailing := ts.failing[k]
	delete(ts.failing, k)
	ts.mu.Unlock()
	if wasFailing {
		ts.end(k, pendingEnd{})
	}
}

// endOfFormerChannels ends the troubles of chat channels in which new threads no longer open. Perhaps nothing will ever
// be posted there again, so a successful post can't be relied on to end them. It runs once for each directory (version
// of the settings), so that later refusals in such a channel are still recorded.
func (ts *troubles) endOfFormerChannels(dir *Directory) {
	var ended []troubleKey
	ts.mu.Lock()
	if ts.lastDirectory == dir {
		ts.mu.Unlock()
		return
	}

	ts.lastDirectory = dir
	for k, isFailing := range ts.failing {
		a := dir.Account(k.account)
		isOfChannel := a != nil && a.Side == store.SideSurface && k.what != "" && k.what != runTrouble
		if isFailing && isOfChannel && !dir.OpensThreads(k.account, k.what) {
			ended = append(ended, k)
			delete(ts.failing, k)
		}
	}
	ts.mu.Unlock()

	for _, k := range ended {
		ts.end(k, pendingEnd{})
	}
}

// readBroken refreshes the list of accounts that don't work, including those that other processes recorded.
func (ts *troubles) readBroken(ctx context.Context) error {
	list, err := store.BrokenAccounts(ctx, ts.engine.pool)
	if err != nil {
		return err
	}
	ts.mu.Lock()
	defer ts.mu.Unlock()
	clear(ts.broken)
	clear(ts.checked)
	for _, account := range list {
		ts.broken[account] = true
	}
	return nil
}
