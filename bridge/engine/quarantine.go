package engine

import (
	"cmp"
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/directory"
	"parley/bridge/engine/own"
	"parley/store"
)

// Quarantined implements relay.Handler. It tells people that an event can't be applied, in a place where they would look for
// it; if there is none, it tells the admins. unread means that the event's bytes could not even be read.
func (e *Engine) Quarantined(ctx context.Context, tx pgx.Tx, ev store.Event, reason string, unread bool) error {
	dir := e.directory.Load()
	account := dir.Account(ev.AccountID)
	if account == nil {
		return nil
	}

	now, real, err := store.Clocks(ctx, tx)
	if err != nil {
		return err
	}

	w := e.newWork(dir, now, real)
	defer e.keepUnusedIDs(w)
	n := book.NewWanted(0)
	wantPeople(n, dir)

	if unread {
		ev.Payload = nil
	}

	surface, at, author := e.quarantinePlace(dir, account, ev)
	if at.Channel != "" {
		n.AddChannel(surface, at.Channel)
	}
	if err := w.Load(ctx, tx, n); err != nil {
		return err
	}

	hint := fmt.Sprintf("parley replay %d", ev.ID)
	if at.Channel == "" {
		w.TellCondition(own.Fact{Account: ev.AccountID, Text: "Something could not be dealt with: " + reason, Hint: hint}, "")
	} else {
		w.ChannelLine(surface, at, bridge.Line{Content: &bridge.QuarantineLine{Account: account.Name, Reason: reason, Hint: hint},
			Mentions: author})
	}

	write, err := w.flush(ctx, tx)
	if err != nil {
		return err
	}

	return write.Run(ctx, tx)
}

// quarantinePlace returns where people would look for an event: for a customer's message in the channel of the account's
// threads, for an agent's in its own thread, with the agent as author. The place is zero if nobody would look anywhere, or if
// the event can't be read.
func (e *Engine) quarantinePlace(dir *directory.Directory, account *store.Account, ev store.Event) (surface store.AccountID, at bridge.Place, author []bridge.AgentRef) {
	switch account.Side {
	case store.SideChannel:
		surface, at.Channel = dir.Home(account, nil)
	case store.SideSystem: // Parley's own facts stand nowhere
	case store.SideSurface:
		f := fact{event: ev, account: account}

		if len(ev.Payload) == 0 {
			return 0, bridge.Place{}, nil
		}
		if err := e.decodeOne(&f, ev.Payload); err != nil || len(f.actions) == 0 {
			return 0, bridge.Place{}, nil // that it can't be read is most likely why it is in quarantine
		}

		a := f.actions[0]
		surface, at = account.ID, bridge.Place{Channel: a.Place.Channel, Thread: cmp.Or(a.Place.Thread, a.Place.Message)}

		if a.Actor.Kind == bridge.ActorPerson {
			author = []bridge.AgentRef{{User: a.Actor.ID, Name: "you"}}
		}
	}

	return surface, at, author
}
