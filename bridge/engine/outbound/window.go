package outbound

import (
	"time"

	"parley/bridge"
	"parley/channels"
)

// Window says until when a customer can be answered with free text.
type Window struct {
	Limited   bool      // false: always
	automatic time.Time // until then anything may be sent; zero means the customer never opened it
	Human     time.Time // until then a person may answer; not before automatic
}

// WindowOf computes a window from when the customer last opened it.
func WindowOf(caps channels.Capabilities, from *time.Time) Window {
	w := Window{Limited: caps.Window.Free > 0}
	if w.Limited && from != nil {
		w.automatic = from.Add(caps.Window.Free)
		w.Human = from.Add(max(caps.Window.Free, caps.Window.Human))
	}
	return w
}

// Open reports whether a person may answer at a time.
func (w Window) Open(now time.Time) bool { return !w.Limited || now.Before(w.Human) }

// OpenFor reports whether a message of a person, or of a machine, may leave at a time.
func (w Window) OpenFor(person bool, now time.Time) bool {
	if person {
		return w.Open(now)
	}
	return !w.Limited || now.Before(w.automatic)
}

// Next returns when a window's state changes next; zero means never.
func (w Window) Next(now time.Time) time.Time {
	switch {
	case w.Limited && now.Before(w.automatic):
		return w.automatic
	case w.Limited && now.Before(w.Human):
		return w.Human
	}
	return time.Time{}
}

// PromotionProblem says why a promotional reply may not leave although an answer may; nil means it may. A
// promotion may leave as long as a machine's message; the longer time of people is for answers alone.
func PromotionProblem(promotional bool, win Window, now time.Time) *bridge.Problem {
	if !promotional || win.OpenFor(false, now) {
		return nil
	}
	return &bridge.Problem{Code: "promotion_late", Text: "It is promotional, and the time for promotions is over: only answers are taken now.",
		Hint: "Send an answer without the offer, or wait until the customer writes."}
}

// windowOpen reports whether a reply may leave now; templates always may.
func (r *outgoing) windowOpen() bool {
	return r.out.Template != nil || r.window.OpenFor(r.message.AgentID != nil, r.now)
}
