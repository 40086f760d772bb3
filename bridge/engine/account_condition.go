package engine

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge/engine/directory"
	"parley/bridge/engine/own"
	"parley/channels"
	"parley/store"
)

// This file keeps for each account (a mailbox, a number, a chat) whether it works, and has admins told when that changes. Several
// things of an account may fail at the same time, and several processes see it: each such thing is a trouble, a row of its own, and
// the account works when none is left.

// reportTimeout bounds a short write or read of the database.
const reportTimeout = 5 * time.Second

// Report records the condition that an account's chat (surface) or channel reports of itself. A report that it works ends no other
// trouble of the account: replies may be refused although messages can be fetched.
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

// reportSurface records the condition that a surface reports of itself. A report that it works makes the account work only if nothing
// else of the surface fails.
func reportSurface(e *Engine, account store.AccountID, c channels.Condition) {
	e.writeCondition(account, c, func(ctx context.Context, tx pgx.Tx) (bool, error) {
		if c.Status != channels.Active {
			return true, nil
		}
		var whenever *time.Time
		ended, err := store.EndTrouble(ctx, tx, account, runTrouble, whenever)
		return !ended.HasOthers, err
	})
}

// writeCondition writes an account's condition, unless counts, which it calls in the same transaction, returns false. A change is
// journalled in that transaction, so that the admins are told of it once, whichever process saw it. writeCondition returns false
// only if the database failed.
//
//nolint:contextcheck // it has a time limit of its own, since a condition is also written when the program ends
func (e *Engine) writeCondition(
	account store.AccountID, c channels.Condition, counts func(context.Context, pgx.Tx) (bool, error),
) bool {
	ctx, cancel := context.WithTimeout(context.Background(), reportTimeout)
	defer cancel()

	changed := false
	err := store.InTxWith(ctx, e.pool, func(tx pgx.Tx) (*store.Pipeline, error) {
		if isCounted, err := counts(ctx, tx); err != nil || !isCounted {
			return nil, err
		}

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
		return false
	}

	if changed {
		e.log.Info("account condition changed", "account_id", account, "status", string(c.Status), "text", c.Text)
		e.relay.WakeAppliers(store.SystemAccount)
	}
	return true
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

// troubles knows what fails of accounts now. The database has what all processes know (store.NoteTrouble); the fields here save
// this process from asking it about each message.
type troubles struct {
	engine *Engine

	mu       sync.Mutex
	fails    map[troubleKey]bool       // as this process has seen it; false means that it was seen to work
	broken   map[store.AccountID]bool  // accounts that don't work, as the database said within the last second
	asked    map[troubleKey]bool       // things of broken accounts that were noted to work since then
	unended  map[troubleKey]pendingEnd // troubles that are over, but whose end could not be written
	followed *directory.Directory      // the last one that endOfFormerChannels has seen
}

// pendingEnd is the end of a trouble that has to be written.
type pendingEnd struct {
	mayEndEarlier bool       // it may end what earlier processes saw
	until         *time.Time // when the trouble is over by itself, which tells it from one that is noted later; nil if unknown
}

func newTroubles(e *Engine) *troubles {
	return &troubles{
		engine:  e,
		fails:   map[troubleKey]bool{},
		broken:  map[store.AccountID]bool{},
		asked:   map[troubleKey]bool{},
		unended: map[troubleKey]pendingEnd{},
	}
}

// record records why one thing of an account (what) fails. With c nil it records that the thing works. The admins are told of a new
// trouble once, and that the account works only when none of its troubles is left, whichever process has seen them: otherwise two
// closed channels of a chat would make the account's condition change all the time.
func (ts *troubles) record(account store.AccountID, what string, c *channels.Condition) {
	k := troubleKey{account, what}
	if c == nil {
		ts.recordWorking(k)
		return
	}
	ts.recordFailure(k, *c)
}

// recordFailure records why one thing of an account fails. A trouble that this process has noted before is not written again while
// the account is known not to work, because each refused reply would lock the account's row. Two kinds are written each time:
//   - what a channel reports by itself, which may have found another reason;
//   - a trouble that lasts for a while (Condition.Lasts), counted from the latest refusal.
func (ts *troubles) recordFailure(k troubleKey, c channels.Condition) {
	ts.mu.Lock()
	isNoted := ts.fails[k] && ts.broken[k.account]
	ts.fails[k] = true
	delete(ts.unended, k)
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

// recordWorking records that one thing of an account works. The channel itself, and its taking of replies, work for all processes
// alike: then the trouble ends even if it was noted by a process that has ended since.
func (ts *troubles) recordWorking(k troubleKey) {
	mayEndEarlier := k.what == runTrouble || k.what == sendTrouble
	if ts.noteWorking(k, mayEndEarlier) {
		ts.end(k, pendingEnd{mayEndEarlier: mayEndEarlier})
	}
}

// noteWorking notes that one thing of an account works, and returns whether that may be news.
func (ts *troubles) noteWorking(k troubleKey, mayEndEarlier bool) bool {
	ts.mu.Lock()
	defer ts.mu.Unlock()

	fails, isKnown := ts.fails[k]
	if mayEndEarlier {
		ts.fails[k] = false
	} else {
		delete(ts.fails, k)
	}

	mayFailElsewhere := ts.broken[k.account] && !ts.asked[k]
	if mayFailElsewhere {
		ts.asked[k] = true
	}
	mayHaveFailedEarlier := mayEndEarlier && !isKnown
	return fails || mayFailElsewhere || mayHaveFailedEarlier
}

// end ends a trouble of an account for all processes. If it was the last one, the account works. A trouble that no process had noted
// doesn't make the account work, unless over.mayEndEarlier is set.
//
// A trouble that still lasts, or whose end could not be written, is left to retryEnds. But one that was noted again since is another
// trouble, which this process hasn't seen to be over.
func (ts *troubles) end(k troubleKey, over pendingEnd) {
	var lasts *time.Time // until when; nil if the trouble is over
	works := channels.Condition{Status: channels.Active}
	isWritten := ts.engine.writeCondition(k.account, works, func(ctx context.Context, tx pgx.Tx) (bool, error) {
		ended, err := store.EndTrouble(ctx, tx, k.account, k.what, over.until)
		lasts = ended.Lasts
		return !ended.HasOthers && (ended.WasKnown || over.mayEndEarlier), err
	})

	ts.mu.Lock()
	defer ts.mu.Unlock()
	delete(ts.unended, k)
	if ts.fails[k] {
		return // it has failed again meanwhile
	}

	isNotedAnew := over.until != nil && lasts != nil && !lasts.Equal(*over.until)
	switch {
	case !isWritten:
		ts.unended[k] = over
	case lasts != nil && !isNotedAnew:
		ts.unended[k] = pendingEnd{mayEndEarlier: over.mayEndEarlier, until: lasts}
	}
}

// retryEnds tries again to end the troubles that could not be ended before. Without it they would end with the next message that is
// sent, which may take days.
func (ts *troubles) retryEnds() {
	ts.mu.Lock()
	list := maps.Clone(ts.unended)
	ts.mu.Unlock()
	for k, over := range list {
		ts.mu.Lock()
		hasFailedSince := ts.fails[k]
		ts.mu.Unlock()

		if !hasFailedSince {
			ts.end(k, over)
		}
	}
}

// endRun ends the trouble of an account whose settings didn't work, and whose channel reports nothing by itself: a channel could be
// made of the settings now.
func (ts *troubles) endRun(account store.AccountID) {
	k := troubleKey{account, runTrouble}
	ts.mu.Lock()
	fails := ts.fails[k]
	delete(ts.fails, k)
	ts.mu.Unlock()
	if fails {
		ts.end(k, pendingEnd{})
	}
}

// endOfFormerChannels ends the troubles of a chat's channels in which no threads open any more, because nothing may ever be posted
// there again that would end them. It does so once for each directory: what is refused there later counts.
func (ts *troubles) endOfFormerChannels(dir *directory.Directory) {
	var ended []troubleKey
	ts.mu.Lock()
	if ts.followed == dir {
		ts.mu.Unlock()
		return
	}

	ts.followed = dir
	for k, fails := range ts.fails {
		a := dir.Account(k.account)
		isOfChannel := a != nil && a.Side == store.SideSurface && k.what != "" && k.what != runTrouble
		if fails && isOfChannel && !dir.OpensThreads(k.account, k.what) {
			ended = append(ended, k)
			delete(ts.fails, k)
		}
	}
	ts.mu.Unlock()

	for _, k := range ended {
		ts.end(k, pendingEnd{})
	}
}

// readBroken reads which accounts don't work, as other processes may have noted.
func (ts *troubles) readBroken(ctx context.Context) error {
	list, err := store.BrokenAccounts(ctx, ts.engine.pool)
	if err != nil {
		return err
	}
	ts.mu.Lock()
	defer ts.mu.Unlock()
	clear(ts.broken)
	clear(ts.asked)
	for _, account := range list {
		ts.broken[account] = true
	}
	return nil
}
