package engine

import (
	"time"

	"parley/bridge"
	"parley/channels"
)

// Window is a customer's reply window: the time after the customer's last message in which a provider accepts
// free text. Agents may have longer than automatic messages: on some providers 7 days instead of 24 hours.
type Window struct {
	Limited      bool      // false means that the provider sets no limit, so that the window is always open
	machineUntil time.Time // until when any message may leave; zero if the customer never opened the window
	HumanUntil   time.Time // until when a person's message may leave; never earlier than machineUntil
}

// WindowOf returns the window of a customer who last opened it at from, or never if from is nil.
func WindowOf(caps channels.Capabilities, from *time.Time) Window {
	w := Window{Limited: caps.Window.Free > 0}
	if w.Limited && from != nil {
		w.machineUntil = from.Add(caps.Window.Free)
		w.HumanUntil = from.Add(max(caps.Window.Free, caps.Window.Human))
	}
	return w
}

// IsOpen reports whether a person may answer at the given time.
func (w Window) IsOpen(now time.Time) bool { return !w.Limited || now.Before(w.HumanUntil) }

// IsOpenFor reports whether a message by a person, or else an automatic one, may leave at the given time.
func (w Window) IsOpenFor(person bool, now time.Time) bool {
	if person {
		return w.IsOpen(now)
	}
	return w.IsOpenForMachines(now)
}

// IsOpenForMachines reports whether an automatic message may leave at the given time.
func (w Window) IsOpenForMachines(now time.Time) bool {
	return !w.Limited || now.Before(w.machineUntil)
}

// NextChange returns when the window closes next: first for automatic messages, then for people. It returns the
// zero time if the window is closed or unlimited.
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

// PromotionProblem returns why a promotional reply may not leave, or nil. A promotion may leave only while an
// automatic message may: the longer window of people is for answers. The caller has checked that an answer may
// leave.
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

// isWindowOpen reports whether the window lets this reply leave now. Templates may always leave. A reply without
// an author is automatic.
func (r *outgoingReply) isWindowOpen() bool {
	return r.out.Template != nil || r.window.IsOpenFor(r.message.AgentID != nil, r.now)
}
