package book

import (
	"parley/bridge"
	"parley/store"
)

// Request is an action in hand: what somebody asks for, in which surface, who that is, and which
// conversation it is about.
type Request struct {
	bridge.Action
	Conversation *Conversation   // nil means it is about no conversation, or it isn't known which
	Agent        *store.Agent    // nil means whoever asks is no agent, or nobody has looked yet
	Surface      store.AccountID // the account of the surface in which it was asked
}

// About returns the same request about another conversation; nil means about none.
func (r Request) About(c *Conversation) Request {
	r.Conversation = c
	return r
}

// With returns the same request with another action.
func (r Request) With(a bridge.Action) Request {
	r.Action = a
	return r
}

// MeansOneMessage reports whether somebody chose a verb for one message of a thread, and means no other.
func MeansOneMessage(a bridge.Action) bool {
	return a.Place.Message != "" && (a.Origin == bridge.OriginShortcut || a.Origin == bridge.OriginForm)
}

// IsOnCard reports whether something was done to the conversation's card, and not to a message.
func (r Request) IsOnCard() bool {
	t := r.Conversation.Threads[r.Surface]
	return t != nil && t.Root != "" && r.Place.Message == t.Root
}
