package engine

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"parley/bridge/engine/book"
	"parley/bridge/relay"
	"parley/store"
)

// busyCardFactor is how many times longer updates of roots wait for further changes while there is much else to do.
const busyCardFactor = 4

// Apply implements relay.Handler. A batch is some decoded events (facts): what customers wrote, what agents did, what became of
// deliveries. Apply applies them in the transaction tx, and returns what follows from that. Events that can't be applied yet are left
// out, and named in the result.
func (e *Engine) Apply(ctx context.Context, tx pgx.Tx, b relay.Batch) (relay.Outcome, error) {
	if err := e.servedSince.readIfAhead(ctx, tx, b.Real); err != nil {
		return relay.Outcome{}, err
	}

	w := e.newWork(e.directory.Load(), b.Now, b.Real)
	w.Locks = b.Locks
	defer e.keepUnusedIDs(w)
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

	made, err := w.applyAll(ctx, tx, facts)
	if errors.Is(err, book.ErrNewAccount) {
		if err := e.Reload(ctx); err != nil {
			return relay.Outcome{}, err
		}
		return relay.Outcome{}, relay.ErrAgain
	}

	return made, err
}

// applyAll applies all facts to the batch. It leaves out those that can't be applied yet, and with each of them the later
// ones with the same order key, which mustn't overtake it.
func (w *work) applyAll(ctx context.Context, tx pgx.Tx, facts []fact) (relay.Outcome, error) {
	if err := followLaterChanges(ctx, tx, facts); err != nil {
		return relay.Outcome{}, err
	}
	if err := w.Load(ctx, tx, w.collectPrefetch(facts)); err != nil {
		return relay.Outcome{}, err
	}

	var waits []*book.NotYet
	leftOut := map[string]bool{} // order keys
	for _, f := range facts {
		if leftOut[f.event.OrderKey] {
			continue
		}

		w.Event, w.Waits, w.PartApplied = f.event, f.waits, false
		err := w.apply(ctx, tx, f)
		if early, ok := errors.AsType[*book.NotYet](err); ok {
			if w.PartApplied { // what it has changed can't be taken back alone: the relay repeats the batch without it
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

	made := w.Outcome()
	made.Committed = w.choresWaker()
	made.Write = write
	w.e.reportWaits(&made, waits)
	return made, nil
}

// choresWaker returns a function that wakes the chores for which the batch has made work, or nil if it made none. It is to be
// called once the batch is committed.
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

// apply applies one fact to the batch. It sets w.PartApplied once a part of the fact has changed something. If another part
// has to wait after that, the whole batch is applied again without this fact.
func (w *work) apply(ctx context.Context, tx pgx.Tx, f fact) error {
	for i, in := range f.inbound {
		if err := w.intake.ApplyInbound(ctx, tx, f.account, i, in); err != nil {
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

// reportWaits tells the relay which events have to wait, and how to find out that what they wait for was written meanwhile.
func (e *Engine) reportWaits(made *relay.Outcome, waits []*book.NotYet) {
	var ids []store.ExternalID
	var posts []store.Post
	for _, n := range waits {
		made.Waits = append(made.Waits, n.Wait)

		if n.ID != nil {
			ids = append(ids, *n.ID)
		}
		if n.Post != nil {
			posts = append(posts, *n.Post)
		}
	}

	if len(ids)+len(posts) == 0 {
		return
	}

	made.Recheck = func(ctx context.Context) ([]string, error) {
		ids, posts, err := store.Written(ctx, e.pool, ids, posts)
		if err != nil {
			return nil, err
		}
		var names []string
		for _, x := range ids {
			names = append(names, store.AwaitedID(x.AccountID, x.ExternalID))
		}
		for _, p := range posts {
			names = append(names, store.AwaitedPost(p.AccountID, p.Channel, p.Message))
		}
		return names, nil
	}
}

// flush returns the statements that write what the use cases changed. Before that it updates the lines about messages and the
// cards: what they show depends on all changes of the batch.
func (w *work) flush(ctx context.Context, tx pgx.Tx) (*store.Pipeline, error) {
	w.SettleLines()
	wait := w.e.opt.CardWait
	if w.e.relay.Busy() { // cards may be late then, and more changes become one
		wait *= busyCardFactor
	}
	w.QueueCards(wait)
	return w.Book.Flush(ctx, tx)
}
