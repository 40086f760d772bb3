package outbound

import (
	"time"

	"parley/bridge"
	"parley/channels"
)

// Window is the reply window: it says until when a customer can be answered with free text.
type Window struct {
	Limited   bool      // there is such a limit; if false, the customer can always be answered
	automatic time.Time // until when anything may be sent, by machines too; zero if the customer never opened the window
	Human     time.Time // until when a person may answer; never before automatic
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

// IsOpen reports whether a person may answer at a time.
func (w Window) IsOpen(now time.Time) bool { return !w.Limited || now.Before(w.Human) }

// IsOpenFor reports whether a message of a person, or of a machine, may leave at a time.
func (w Window) IsOpenFor(person bool, now time.Time) bool {
	if person {
		return w.IsOpen(now)
	}
	return !w.Limited || now.Before(w.automatic)
}

// NextChange returns when the window's state changes next, or the zero time if it doesn't.
func (w Window) NextChange(now time.Time) time.Time {
	if !w.Limited {
		return time.Time{}
	}
	if now.Before(w.automatic) {
		return w.automatic
	}
	if now.Before(w.Human) {
		return w.Human
	}
	return time.Time{}
}

// PromotionProblem says why a promotional reply may not leave, although an answer may. It returns nil if it may. A
// promotion may leave only as long as a machine's message may: the longer time of people is for answers alone.
func PromotionProblem(promotional bool, win Window, now time.Time) *bridge.Problem {
	if !promotional || win.IsOpenFor(false, now) {
		return nil
	}
	return &bridge.Problem{Code: "promotion_late", Text: "It is promotional, and the time for promotions is over: only answers are taken now.",
		Hint: "Send an answer without the offer, or wait until the customer writes."}
}

// isWindowOpen reports whether a reply may leave now; templates always may.
func (r *outgoing) isWindowOpen() bool {
	return r.out.Template != nil || r.window.IsOpenFor(r.message.AgentID != nil, r.now)
}
