package engine

import (
	"cmp"
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store"
)

// Quarantined implements relay.Handler. The relay calls it once for each event that can't be applied, such as a mail that makes the
// decoder fail. The relay has set the event aside and goes on with the next one. Quarantined informs people: by a line in the chat
// channel or thread where they would look for the event or, if there is none, by a message to the admins. If unread is true, the event
// is not decoded, because decoding may crash the process. If the account was removed, nobody is informed.
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

	// As in a batch of events: add the lines to their lanes, and write everything at once.
	w := e.newWork(tx, dir, now, databaseNow)
	const noFacts = 0
	if err := w.Load(ctx, tx, NewPrefetch(noFacts)); err != nil {
		return err
	}

	hint := fmt.Sprintf("parley replay %d", ev.ID)
	if isFound {
		w.ChannelLine(place.surface, place.at, bridge.Line{
			Content:  &bridge.QuarantineLine{Account: account.Name, Trouble: reason, Hint: hint},
			Mentions: place.author,
		})
	} else {
		// No thread or channel fits, so report it to the admins as a problem of the account.
		w.TellCondition(Fact{Account: ev.AccountID, Text: "Something could not be dealt with: " + reason, Hint: hint}, NoPage)
	}

	write, err := w.flush(ctx, tx)
	if err != nil {
		return err
	}
	return write.Run(ctx, tx)
}

// quarantinePlace is where people would look for a quarantined event.
type quarantinePlace struct {
	surface store.AccountID
	at      bridge.Place      // a channel, or a thread in it
	author  []bridge.AgentRef // the agent whose message or click it is, to be mentioned; empty for a customer's message
}

// findQuarantinePlace returns where people would look for an event:
//   - for a customer's message, the channel in which the account's threads open;
//   - for an action of an agent, its thread, which is known only if the event can be decoded;
//   - for a fact that Parley itself recorded, nothing.
//
// It returns false if there is no such place.
func (e *Engine) findQuarantinePlace(
	dir *Directory, account *store.Account, ev store.Event, mayDecode bool,
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

// placeOfActions decodes an event of a surface (an agents' chat), and returns the thread of its first action. It returns false if the
// event can't be decoded. It drops the error, which is most likely the reason why the event is in quarantine, or the panic.
func placeOfActions(e *Engine, account *store.Account, ev store.Event) (place quarantinePlace, ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	value, err := e.Decode(ev, ev.Payload)
	f, _ := value.(*fact)
	if err != nil || len(f.actions) == 0 {
		return quarantinePlace{}, false
	}

	a := f.actions[0]
	place = quarantinePlace{
		surface: account.ID,
		at:      bridge.Place{Channel: a.Place.Channel, Thread: cmp.Or(a.Place.Thread, a.Place.Message)},
	}
	if a.Actor.Kind == bridge.ActorPerson {
		place.author = []bridge.AgentRef{bridge.You(a.Actor.ID)}
	}
	return place, a.Place.Channel != ""
}
