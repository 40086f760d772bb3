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
	"parley/bridge/engine/threads"
	"parley/store"
)

// Quarantined implements relay.Handler. An event that can't be applied (for example a mail that makes the program fail) is kept aside,
// and its queue goes on. Quarantined tells people that once: in the place where they would look for the event, or else the admins. If
// unread is true, the event is not decoded, since decoding it may end the process. Nobody is told if its account was removed.
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

	mayDecode := !unread
	place, isFound := e.findQuarantinePlace(dir, account, ev, mayDecode)

	// As for any batch, the lanes that are to get lines are loaded, the lines are put into them, and all is written at once.
	w := e.newWork(dir, now, databaseNow)
	defer e.keepUnusedIDs(w)
	const facts = 0 // nothing is applied
	n := book.NewPrefetch(facts)
	wantPeople(n, dir)
	if isFound {
		n.AddChannel(place.surface, place.at.Channel)
	}
	if err := w.Load(ctx, tx, n); err != nil {
		return err
	}

	hint := fmt.Sprintf("parley replay %d", ev.ID)
	if isFound {
		w.ChannelLine(place.surface, place.at, bridge.Line{
			Content:  &bridge.QuarantineLine{Account: account.Name, Trouble: reason, Hint: hint},
			Mentions: place.author,
		})
	} else {
		// No thread or channel fits, so the admins are told of it as of a problem of the account.
		w.TellCondition(own.Fact{Account: ev.AccountID, Text: "Something could not be dealt with: " + reason, Hint: hint}, threads.NoPage)
	}

	write, err := w.flush(ctx, tx)
	if err != nil {
		return err
	}
	return write.Run(ctx, tx)
}

// quarantinePlace is where people would look for an event that was given up.
type quarantinePlace struct {
	surface store.AccountID
	at      bridge.Place      // a channel, or a thread in it
	author  []bridge.AgentRef // the agent whose message or click the event is; nobody for a customer's message
}

// findQuarantinePlace returns where people would look for an event:
//   - a customer's message: in the channel in which the account's threads open;
//   - what an agent did: in the thread in which it was done, which is known only if the event may be decoded and can be;
//   - a fact of Parley's own: nowhere.
//
// It returns false if there is no such place.
func (e *Engine) findQuarantinePlace(
	dir *directory.Directory, account *store.Account, ev store.Event, mayDecode bool,
) (quarantinePlace, bool) {
	switch account.Side {
	case store.SideChannel:
		surface, channel := dir.Home(account, nil)
		return quarantinePlace{surface: surface, at: bridge.Place{Channel: channel}}, channel != ""
	case store.SideSurface:
		if mayDecode {
			return placeOfActions(e, account, ev)
		}
	case store.SideSystem:
	}
	return quarantinePlace{}, false
}

// placeOfActions decodes an event of a surface, and returns the thread in which its first action was done. It returns false if the
// event can't be decoded. The error is not reported, since most likely it is the reason for which the event is in quarantine.
func placeOfActions(e *Engine, account *store.Account, ev store.Event) (quarantinePlace, bool) {
	f := fact{event: ev, account: account}
	if err := e.decodePayload(&f, ev.Payload); err != nil || len(f.actions) == 0 {
		return quarantinePlace{}, false
	}

	a := f.actions[0]
	place := quarantinePlace{
		surface: account.ID,
		at:      bridge.Place{Channel: a.Place.Channel, Thread: cmp.Or(a.Place.Thread, a.Place.Message)},
	}
	if a.Actor.Kind == bridge.ActorPerson {
		place.author = []bridge.AgentRef{bridge.You(a.Actor.ID)}
	}
	return place, a.Place.Channel != ""
}
