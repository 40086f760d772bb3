package engine

import (
	"errors"
	"slices"
	"time"

	"parley/bridge"
	"parley/bridge/relay"
	"parley/store"
)

// unknownFor is how long an event waits for an account that this process doesn't know. The account may be newer than the settings
// that the process has read. After an hour it is assumed not to exist.
const unknownFor = time.Hour

// Decode implements relay.Handler. It decodes the stored payload of an event, such as the bytes of a mail, into a *fact: the
// messages of customers or the actions of agents that it contains. It needs no network.
// It returns relay.ErrNotOpen, so that the relay tries again later, while this process doesn't know the event's account yet, or has
// not started its channel (customers' side) or surface (agents' chat).
func (e *Engine) Decode(ev store.Event, payload []byte) (any, error) {
	f := &fact{event: ev, account: e.directory.Load().Account(ev.AccountID)}
	if f.account == nil && time.Since(ev.ReceivedAt) > unknownFor {
		return nil, errors.New("engine: its account is not set up")
	}
	if f.account == nil {
		return nil, relay.ErrNotOpen
	}

	var err error
	switch f.account.Side {
	case store.SideSystem:
		err = decodeOwnFact(f, payload)

	case store.SideSurface:
		surface := e.Surface(f.account.ID)
		if surface == nil {
			return nil, relay.ErrNotOpen
		}
		f.actions, err = surface.Decode(payload)
		for i := 0; i < len(f.actions); i++ {
			Action(&f.actions[i])
			if f.actions[i].Verb == bridge.VerbSeveral {
				apart := f.actions[i].Apart()
				f.actions = slices.Replace(f.actions, i, i+1, apart...)
				i += len(apart) - 1
			}
		}

	default:
		channel := e.Channel(f.account.ID)
		if channel == nil {
			return nil, relay.ErrNotOpen
		}
		f.inbound, err = channel.Decode(payload)
		for i := range f.inbound {
			Inbound(&f.inbound[i])
		}
	}
	return f, err
}

// decodeOwnFact decodes a fact that Parley itself has recorded. If it is an action of an agent on Parley's web pages, it becomes an
// action like those from chats.
func decodeOwnFact(f *fact, payload []byte) error {
	ownFact, err := Decode(payload)
	if err != nil || ownFact.Act == nil {
		f.ownFact = ownFact
		return err
	}
	action := ownFact.Act.Action()
	Action(&action)
	f.actions = action.Apart()
	return nil
}

// inMovedChannels replaces former ids of chat channels in actions by the current ones. A chat can give a channel a new id after
// an action was stored. The action that reports such a change keeps both ids. The given slice is not modified.
func inMovedChannels(d *Directory, surface store.AccountID, actions []bridge.Action) []bridge.Action {
	hasMoved := func(a bridge.Action) bool { return d.ChannelNow(surface, a.Place.Channel) != a.Place.Channel }
	if !slices.ContainsFunc(actions, hasMoved) {
		return actions
	}

	actions = slices.Clone(actions)
	for i := range actions {
		if actions[i].Verb != bridge.VerbMoveChannel {
			actions[i].Place.Channel = d.ChannelNow(surface, actions[i].Place.Channel)
		}
	}
	return actions
}
