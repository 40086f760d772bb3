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

// reportTimeout bounds a short write or read of the database.
const reportTimeout = 5 * time.Second

// Report records the condition that an account's surface or channel has found. That it finds its account to work itself doesn't end
// other troubles: replies, for example, may be refused although messages can be fetched, and a chat's channel may be closed although
// the chat can be reached.
func (e *Engine) Report(account store.AccountID, c channels.Condition) {
	a := e.directory.Load().Account(account)
	isChannel := a != nil && a.Side == store.SideChannel
	switch {
	case !isChannel:
		e.writeCondition(account, c, func(ctx context.Context, tx pgx.Tx) (bool, error) {
			if c.Status != channels.Active {
				return true, nil
			}
			_, hasOthers, _, err := store.EndTrouble(ctx, tx, account, runTrouble, nil)
			return !hasOthers, err
		})
	case c.Status == channels.Active:
		e.troubles.record(account, runTrouble, nil)
	default:
		e.troubles.record(account, runTrouble, &c)
	}
}

// writeCondition writes an account's condition if it counts, which is asked in the same transaction. A change is journalled there,
// too, so that the admins are told of it once, whichever process saw it. It returns whether all of that could be done.
//
//nolint:contextcheck // it has a time limit of its own, since a condition is also written when the program ends
func (e *Engine) writeCondition(account store.AccountID, c channels.Condition, counts func(context.Context, pgx.Tx) (bool, error)) bool {
	ctx, cancel := context.WithTimeout(context.Background(), reportTimeout)
	defer cancel()
	changed := false
	err := store.InTxWith(ctx, e.pool, func(tx pgx.Tx) (*store.Pipeline, error) {
		isToWrite, err := counts(ctx, tx)
		if err != nil || !isToWrite {
			return nil, err
		}
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

// troubles knows what fails of accounts now. What all processes know stands in the database (store.NoteTrouble); in memory is
// when that must be asked.
type troubles struct {
	engine *Engine

	mu      sync.Mutex
	fails   map[troubleKey]bool      // as this process has seen it; false means that it was seen to work
	broken  map[store.AccountID]bool // as the database said within the last second
	asked   map[troubleKey]bool      // which things of broken accounts were noted to work since then
	unended map[troubleKey]unended   // what works, though its trouble could not be ended
	judged  *directory.Directory     // by which endOfFormerChannels was done last
}

// unended is a trouble that is over and could not be ended.
type unended struct {
	mayEndEarlier bool       // it may end what earlier processes saw
	until         *time.Time // until when it lasts, by which it is told from one that is noted later; nil means that this isn't known
}

func newTroubles(e *Engine) *troubles {
	return &troubles{engine: e, fails: map[troubleKey]bool{}, broken: map[store.AccountID]bool{}, asked: map[troubleKey]bool{},
		unended: map[troubleKey]unended{}}
}

// record records why one thing of an account fails (what), or with c nil that it works again. The admins are told of a
// new trouble once. That the account works they are told only when none of its troubles is left, whichever process has seen it:
// otherwise two closed channels would make it change all the time.
//
// A trouble that a process has seen which has ended, and that may be over, ends when the channel first works elsewhere.
//
// A trouble that this process has noted isn't noted again while the account is known not to work: each refused reply would lock the
// account's row. One that lasts is noted each time: it lasts from the latest refusal on.
func (ts *troubles) record(account store.AccountID, what string, c *channels.Condition) {
	k := troubleKey{account, what}
	mayEndEarlier := what == runTrouble || what == sendTrouble
	if c != nil {
		ts.mu.Lock()
		isNoted := ts.fails[k] && ts.broken[account] && what != runTrouble && c.Lasts == 0
		ts.fails[k] = true
		delete(ts.unended, k)
		ts.mu.Unlock()

		if isNoted {
			return
		}

		ts.engine.writeCondition(account, *c, func(ctx context.Context, tx pgx.Tx) (bool, error) {
			isNews, err := store.NoteTrouble(ctx, tx, account, what, ts.engine.processName, c.Lasts)
			return isNews || what == runTrouble, err // the channel may have found another reason
		})
		return
	}

	if ts.noteWorking(k, mayEndEarlier) {
		ts.end(k, unended{mayEndEarlier: mayEndEarlier})
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
	return fails || mayFailElsewhere || mayEndEarlier && !isKnown
}

// end ends a trouble of an account for all processes. The account works if none is left. If the trouble wasn't known, that
// shows only something if it may end what earlier processes have seen. One that still lasts, or whose end could not be written, is
// ended by endAgain, unless it is noted anew before: then it is another one, which this process hasn't seen to be over.
func (ts *troubles) end(k troubleKey, over unended) {
	var lasts *time.Time
	isWritten := ts.engine.writeCondition(k.account, channels.Condition{Status: channels.Active}, func(ctx context.Context, tx pgx.Tx) (bool, error) {
		wasKnown, hasOthers, until, err := store.EndTrouble(ctx, tx, k.account, k.what, over.until)
		lasts = until
		return !hasOthers && (wasKnown || over.mayEndEarlier), err
	})

	ts.mu.Lock()
	defer ts.mu.Unlock()
	delete(ts.unended, k)
	if ts.fails[k] {
		return // since then
	}

	isNotedAnew := over.until != nil && lasts != nil && !lasts.Equal(*over.until)
	switch {
	case !isWritten:
		ts.unended[k] = over
	case lasts != nil && !isNotedAnew:
		ts.unended[k] = unended{mayEndEarlier: over.mayEndEarlier, until: lasts}
	}
}

// endAgain ends what could not be ended before: nothing may be sent for days that would end it, nor ever where no threads open any more.
func (ts *troubles) endAgain() {
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

// endRun ends what was reported of an account whose channel reports nothing by itself: its settings didn't work, and now
// a channel could be made of them.
func (ts *troubles) endRun(account store.AccountID) {
	k := troubleKey{account, runTrouble}
	ts.mu.Lock()
	fails := ts.fails[k]
	delete(ts.fails, k)
	ts.mu.Unlock()
	if fails {
		ts.end(k, unended{})
	}
}

// endOfFormerChannels ends the troubles of channels in which no threads open any more, since nothing may be posted there ever again
// that would end them. It does so once for each directory, since a conversation that is over may still be told something there.
func (ts *troubles) endOfFormerChannels(dir *directory.Directory) {
	var ended []troubleKey
	ts.mu.Lock()
	if ts.judged == dir {
		ts.mu.Unlock()
		return
	}

	ts.judged = dir
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
		ts.end(k, unended{})
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
