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

// Quarantined implements relay.Handler. It tells people that an event can't be applied: where they would look for it, or
// else the admins. If unread is true it doesn't decode the event, since that may end the process. Nobody is told of an
// event of an account that was removed.
func (e *Engine) Quarantined(ctx context.Context, tx pgx.Tx, ev store.Event, reason string, unread bool) error {
	dir := e.directory.Load()
	account := dir.Account(ev.AccountID)
	if account == nil {
		return nil
	}

	now, databaseNow, err := store.Clocks(ctx, tx)
	if err != nil {
		return err
	}

	w := e.newWork(dir, now, databaseNow)
	defer e.keepUnusedIDs(w)
	wanted := book.NewWanted(0)
	wantPeople(wanted, dir)

	if unread {
		ev.Payload = nil // quarantinePlace then doesn't decode it
	}
	surface, at, author := e.quarantinePlace(dir, account, ev)
	if at.Channel != "" {
		wanted.AddChannel(surface, at.Channel)
	}
	if err := w.Load(ctx, tx, wanted); err != nil {
		return err
	}

	hint := fmt.Sprintf("parley replay %d", ev.ID)
	if at.Channel == "" {
		// The admins are told as of an account in trouble; there is no page on which this is put right.
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

// quarantinePlace returns where people would look for an event. For a customer's message that is the channel of the
// account's threads; for an agent's it is the thread in which it stands, and author is that agent. at is zero if there is
// no such place, or if the event can't be read.
func (e *Engine) quarantinePlace(
	dir *directory.Directory, account *store.Account, ev store.Event,
) (surface store.AccountID, at bridge.Place, author []bridge.AgentRef) {
	switch account.Side {
	case store.SideChannel:
		surface, at.Channel = dir.Home(account, nil)
	case store.SideSystem: // Parley's own facts stand nowhere
	case store.SideSurface:
		if len(ev.Payload) == 0 {
			return 0, bridge.Place{}, nil
		}
		f := fact{event: ev, account: account}
		if err := e.decodeOne(&f, ev.Payload); err != nil || len(f.actions) == 0 { // most likely that is why it is in quarantine
			return 0, bridge.Place{}, nil
		}

		a := f.actions[0]
		surface, at = account.ID, bridge.Place{Channel: a.Place.Channel, Thread: cmp.Or(a.Place.Thread, a.Place.Message)}

		if a.Actor.Kind == bridge.ActorPerson {
			author = []bridge.AgentRef{bridge.You(a.Actor.ID)}
		}
	}

	return surface, at, author
}
