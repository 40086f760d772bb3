package engine

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"parley/bridge"
	"parley/bridge/engine/clean"
	"parley/bridge/engine/directory"
	"parley/bridge/engine/own"
	"parley/bridge/relay"
	"parley/store"
)

// unknownFor is how long an event waits for an account that this process doesn't know. The directory may be older than the
// account; after an hour the account is taken to be not set up.
const unknownFor = time.Hour

// Decode implements relay.Handler. It returns the fact that an event tells.
// Errors: relay.ErrNotOpen while the account, or its channel or surface, isn't known to this process yet.
func (e *Engine) Decode(ev store.Event, payload []byte) (any, error) {
	f := &fact{event: ev, account: e.directory.Load().Account(ev.AccountID)}
	if f.account != nil {
		return f, e.decodeOne(f, payload)
	}

	if time.Since(ev.ReceivedAt) > unknownFor {
		return nil, errors.New("engine: its account is not set up")
	}
	return nil, relay.ErrNotOpen
}

// decodeOne fills in what a fact says: it has the account's channel or surface read the bytes. Facts of Parley's own it reads itself.
// Errors: relay.ErrNotOpen while the channel or surface is not at work in this process.
func (e *Engine) decodeOne(f *fact, payload []byte) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("engine: decoding panicked: %v", p)
		}
	}()

	switch f.account.Side {
	case store.SideSystem:
		f.ownFact, err = own.Decode(payload)
		if err == nil && f.ownFact.Act != nil { // what an agent did on a page of Parley's own is an action like those of chats
			f.actions = []bridge.Action{f.ownFact.Act.Action()}
			f.ownFact = nil
			clean.Action(&f.actions[0])
		}
	case store.SideSurface:
		s := e.Surface(f.account.ID)
		if s == nil {
			return relay.ErrNotOpen
		}

		f.actions, err = s.Decode(payload)
		for i := range f.actions {
			clean.Action(&f.actions[i])
		}
	default:
		ch := e.Channel(f.account.ID)
		if ch == nil {
			return relay.ErrNotOpen
		}

		f.inbound, err = ch.Decode(payload)
		for i := range f.inbound {
			clean.Inbound(&f.inbound[i])
		}
	}

	return err
}

// inMovedChannels returns actions with the ids that their channels have now, since an action may have been stored before its
// surface gave the channel another id. The fact of the move itself stays as it is, because it names both ids.
func inMovedChannels(d *directory.Directory, surface store.AccountID, actions []bridge.Action) []bridge.Action {
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
