package outbound

import (
	"time"

	"parley/bridge"
	"parley/channels"
)

// Window is a customer's reply window: the time in which a provider takes free text. A person may have longer than a machine.
type Window struct {
	Limited      bool      // false means that the provider sets no limit: the window is always open
	machineUntil time.Time // until when any message may leave; zero if the customer never opened the window
	HumanUntil   time.Time // until when a message of a person may leave; never earlier than machineUntil
}

// WindowOf returns the window of a customer who last opened it at from. nil means never.
func WindowOf(caps channels.Capabilities, from *time.Time) Window {
	w := Window{Limited: caps.Window.Free > 0}
	if w.Limited && from != nil {
		w.machineUntil = from.Add(caps.Window.Free)
		w.HumanUntil = from.Add(max(caps.Window.Free, caps.Window.Human))
	}
	return w
}

// IsOpen reports whether a person may answer at a time.
func (w Window) IsOpen(now time.Time) bool { return !w.Limited || now.Before(w.HumanUntil) }

// IsOpenFor reports whether a message of a person, or of a machine, may leave at a time.
func (w Window) IsOpenFor(person bool, now time.Time) bool {
	if person {
		return w.IsOpen(now)
	}
	return w.IsOpenForMachines(now)
}

// IsOpenForMachines reports whether a message that no person wrote may leave at a time.
func (w Window) IsOpenForMachines(now time.Time) bool {
	return !w.Limited || now.Before(w.machineUntil)
}

// NextChange returns when the window closes next: first for machines, then for people. It returns the zero time if neither is ahead.
func (w Window) NextChange(now time.Time) time.Time {
	if !w.Limited {
		return time.Time{}
	}
	if now.Before(w.machineUntil) {
		return w.machineUntil
	}
	if now.Before(w.HumanUntil) {
		return w.HumanUntil
	}
	return time.Time{}
}

// PromotionProblem says why a promotional reply may not leave, or returns nil if it may. A promotion may leave only while a
// machine's message may: the longer time of people is for answers. Callers have made sure that an answer may leave.
func PromotionProblem(promotional bool, win Window, now time.Time) *bridge.Problem {
	if !promotional || win.IsOpenForMachines(now) {
		return nil
	}
	return &bridge.Problem{
		Code: "promotion_late",
		Text: "It is promotional, and the time for promotions is over: only answers are taken now.",
		Hint: "Send an answer without the offer, or wait until the customer writes.",
	}
}

// isWindowOpen reports whether the window lets this reply leave now. Templates may always leave. A reply without an author is a
// machine's.
func (r *outgoingReply) isWindowOpen() bool {
	return r.out.Template != nil || r.window.IsOpenFor(r.message.AgentID != nil, r.now)
}
