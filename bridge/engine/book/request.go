package book

import (
	"parley/bridge"
	"parley/store"
)

// Request is an action that is being applied: what is asked for, by whom, in which surface, and about which conversation.
type Request struct {
	bridge.Action
	Conversation *Conversation   // nil if it is about no conversation, or if nobody knows which one
	Agent        *store.Agent    // nil if whoever asks isn't an agent, or if it doesn't matter who asks
	Surface      store.AccountID // the account of the surface in which it was asked
}

// About returns the same request about another conversation, or about none if c is nil.
func (r Request) About(c *Conversation) Request {
	r.Conversation = c
	return r
}

// With returns the same request with another action.
func (r Request) With(a bridge.Action) Request {
	r.Action = a
	return r
}

// OutsideThread returns the same request as one that wasn't typed in the conversation's thread: what it says has no place there.
func (r Request) OutsideThread() Request {
	r.Place.Message = ""
	return r
}

// PostKey names the message that was typed, or to which something was done.
func (r Request) PostKey() PostKey {
	return PostKey{Account: r.Surface, Channel: r.Place.Channel, Message: r.Place.Message}
}

// IsForOneMessage reports whether somebody chose a verb in the menu of one message, or in a form, and means no other one.
func IsForOneMessage(a bridge.Action) bool {
	isMenuOrForm := a.Origin == bridge.OriginShortcut || a.Origin == bridge.OriginForm
	return isMenuOrForm && a.Place.Message != ""
}

// HasTime reports whether the order of an action says when it was done. Not every chat tells that of an emoji.
func HasTime(a bridge.Action) bool { return a.Typed() || a.IsEmoji() && a.Order != "" }

// IsOnCard reports whether something was done to the conversation's card (its root), and not to a message.
func (r Request) IsOnCard() bool {
	t := r.Conversation.Threads[r.Surface]
	hasRoot := t != nil && t.Root != ""
	return hasRoot && r.Place.Message == t.Root
}
