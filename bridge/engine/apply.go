package engine

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"parley/bridge/relay"
	"parley/store"
)

// busyCardFactor is how many times longer card updates wait for further changes while the relay is busy. A card is the first message
// of a thread: it shows the conversation's status, owner and so on.
const busyCardFactor = 4

// Apply implements relay.Handler. It applies a batch of decoded events to the database in the transaction tx: messages of customers,
// actions of agents, results of deliveries. For example, a customer's mail opens a conversation and queues its post into the agents'
// chat. The result lists the events that can't be applied yet, which the relay keeps for later, and what to do after the commit.
func (e *Engine) Apply(ctx context.Context, tx pgx.Tx, b relay.Batch) (relay.Outcome, error) {
	w := e.newWork(tx, e.directory.Load(), b.Now, b.Real)
	w.Locks = b.Locks
	e.relay.Metrics().Applying(b)

	facts := make([]fact, 0, len(b.Facts))
	for _, one := range b.Facts {
		f := *one.Value.(*fact)
		f.account = w.Dir.Account(one.Event.AccountID)
		if f.account == nil { // it was removed after the event was decoded
			return relay.Outcome{}, &relay.WaitError{Wait: relay.Wait{EventID: one.Event.ID, Most: unknownFor}}
		}

		f.waits = one.Waits
		f.actions = teamEmoji(w.Dir, f.account.ID, inMovedChannels(w.Dir, f.account.ID, f.actions))
		facts = append(facts, f)
	}

	outcome, err := w.applyAll(ctx, tx, facts)
	if errors.Is(err, ErrNewAccount) {
		if err := e.Reload(ctx); err != nil {
			return relay.Outcome{}, err
		}
		return relay.Outcome{}, relay.ErrAgain
	}

	return outcome, err
}

// applyAll applies all facts (decoded events). It leaves out those that can't be applied yet. With each of them it leaves out the
// later ones with the same order key, because these must not overtake it.
func (w *work) applyAll(ctx context.Context, tx pgx.Tx, facts []fact) (relay.Outcome, error) {
	if err := followLaterChanges(ctx, tx, facts); err != nil {
		return relay.Outcome{}, err
	}
	n := NewPrefetch(len(facts))
	if !w.e.opt.ReadsLate {
		n = w.collectPrefetch(facts)
	}
	if err := w.Load(ctx, tx, n); err != nil {
		return relay.Outcome{}, err
	}

	var waits []*NotYet
	leftOut := map[string]bool{} // order keys
	for _, f := range facts {
		if leftOut[f.event.OrderKey] {
			continue
		}

		w.Event, w.Waits, w.PartApplied = f.event, f.waits, false
		err := w.apply(ctx, tx, f)
		if w.Err != nil { // something that it asked for couldn't be read: what it found instead doesn't count
			return relay.Outcome{}, w.Err
		}
		if early, ok := errors.AsType[*NotYet](err); ok {
			if w.PartApplied { // its changes can't be undone alone, so the relay applies the batch again without it
				return relay.Outcome{}, &relay.WaitError{Wait: early.Wait}
			}

			waits = append(waits, early)
			leftOut[f.event.OrderKey] = true
			continue
		}

		if err != nil {
			return relay.Outcome{}, err
		}
		w.NoteFirstFates()
	}

	write, err := w.flush(ctx, tx)
	if err != nil {
		return relay.Outcome{}, err
	}

	outcome := w.Outcome()
	outcome.Committed = w.choresWaker()
	outcome.Write = write
	w.e.reportWaits(&outcome, waits)
	return outcome, nil
}

// choresWaker returns a function to be called after the commit: it wakes the background jobs for which the batch has made work.
// It returns nil if there is no such work.
func (w *work) choresWaker() func() {
	fetches, texts := len(w.Messages.Fetches) > 0, w.Requests.Len() > 0
	if !fetches && !texts {
		return nil
	}
	return func() {
		if fetches {
			w.e.chores.WakeFetches()
		}
		if texts {
			w.e.chores.Analyses.WakeWriting()
		}
	}
}

// apply applies one fact, which may consist of several messages or actions. It sets w.PartApplied after each of them, so that
// applyAll knows whether a fact that has to wait has changed something already.
func (w *work) apply(ctx context.Context, tx pgx.Tx, f fact) error {
	for i, in := range f.inbound {
		if w.e.opt.ReadsLate {
			if err := w.LoadMore(w.collectPrefetch([]fact{{event: f.event, account: f.account, inbound: f.inbound[i : i+1]}})); err != nil {
				return err
			}
		}
		if err := w.ApplyInbound(ctx, tx, f.account, i, in); err != nil {
			return err
		}
		w.PartApplied = true
	}

	for _, a := range f.actions {
		if err := w.applyAction(ctx, tx, f.account, a); err != nil {
			return err
		}
		w.PartApplied = true
	}

	if f.ownFact != nil {
		return w.applyOwn(ctx, tx, *f.ownFact)
	}
	return nil
}

// reportWaits adds the events that have to wait to the outcome, with a function that checks whether the rows that they wait for
// have been written since.
func (e *Engine) reportWaits(outcome *relay.Outcome, waits []*NotYet) {
	var ids []store.ExternalID
	var posts []store.Post
	for _, w := range waits {
		outcome.Waits = append(outcome.Waits, w.Wait)

		if w.ID != nil {
			ids = append(ids, *w.ID)
		}
		if w.Post != nil {
			posts = append(posts, *w.Post)
		}
	}

	if len(ids)+len(posts) == 0 {
		return
	}

	outcome.Recheck = func(ctx context.Context) ([]string, error) {
		ids, posts, err := store.FilterRecorded(ctx, e.pool, ids, posts)
		if err != nil {
			return nil, err
		}
		var names []string
		for _, id := range ids {
			names = append(names, store.AwaitedID(id.AccountID, id.ExternalID))
		}
		for _, p := range posts {
			names = append(names, store.AwaitedPost(p.AccountID, p.Channel, p.Message))
		}
		return names, nil
	}
}

// flush returns the statements that write the changes of the batch. It first updates the cards and the lines in threads that report
// on messages, because their content depends on all changes of the batch.
func (w *work) flush(ctx context.Context, tx pgx.Tx) (*store.Pipeline, error) {
	w.startAutomations(nil)
	w.timeAutomations()
	w.TimeTargets()
	w.SettleLines()
	wait := w.e.opt.CardWait
	if w.e.relay.Busy() { // later updates combine more changes in one post
		wait *= busyCardFactor
	}
	w.QueueCards(wait)
	return w.Book.Flush(ctx, tx)
}
