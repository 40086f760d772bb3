package engine

import (
	"parley/bridge"
	"parley/store"
)

// Request is an action that is being applied: what is asked for (a reply, "resolve" …), by whom, in which surface (a
// chat of agents), and about which conversation.
type Request struct {
	bridge.Action
	Conversation *Conversation   // nil if it is about no conversation, or about an unknown one
	Agent        *store.Agent    // nil if the person isn't an agent, or if it doesn't matter who it is
	Surface      store.AccountID // the account of the surface in which the action was done
}

// About returns a copy of the request about another conversation, or about none if c is nil.
func (r Request) About(c *Conversation) Request {
	r.Conversation = c
	return r
}

// With returns a copy of the request with another action.
func (r Request) With(a bridge.Action) Request {
	r.Action = a
	return r
}

// OutsideThread returns a copy of the request that wasn't typed in the conversation's thread, so that its text has no
// message there.
func (r Request) OutsideThread() Request {
	r.Place.Message = ""
	return r
}

// PostKey returns the key of the message that was typed, or to which something was done.
func (r Request) PostKey() PostKey {
	return PostKey{Account: r.Surface, Channel: r.Place.Channel, Message: r.Place.Message}
}

// IsForOneMessage reports whether an action was chosen in the menu of one message or in a form, and is about that
// message only.
func IsForOneMessage(a bridge.Action) bool {
	isMenuOrForm := a.Origin == bridge.OriginShortcut || a.Origin == bridge.OriginForm
	return isMenuOrForm && a.Place.Message != ""
}

// HasTime reports whether the order of an action gives the time at which it was done. Not every chat gives one for emoji.
func HasTime(a bridge.Action) bool { return a.Typed() || a.IsEmoji() && a.Order != "" }

// IsOnCard reports whether the action was done on the conversation's card (the root of its thread) and not on another
// message.
func (r Request) IsOnCard() bool {
	t := r.Conversation.Threads[r.Surface]
	hasRoot := t != nil && t.Root != ""
	return hasRoot && r.Place.Message == t.Root
}
