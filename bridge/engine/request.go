package engine

import (
	"parley/bridge"
	"parley/store"
)

// request is an action in hand: what somebody asks for, in which surface, who that is, and which
// conversation it is about.
type request struct {
	bridge.Action
	conv    *conv        // nil = it is about no conversation, or it isn't known which
	agent   *store.Agent // nil = whoever asks is no agent, or nobody has looked yet
	surface int64        // the account of the surface in which it was asked
}

// about gives the same request about another conversation; nil = about none.
func (r request) about(c *conv) request {
	r.conv = c
	return r
}

// with gives the same request with another action.
func (r request) with(a bridge.Action) request {
	r.Action = a
	return r
}

// pointed says that somebody chose a verb for one message of a thread, and means no other.
func pointed(a bridge.Action) bool {
	return a.Place.Message != "" && (a.Origin == bridge.OriginShortcut || a.Origin == bridge.OriginForm)
}
