package engine

import (
	"fmt"
	"time"

	"parley/bridge"
	"parley/bridge/relay"
	"parley/store"
)

// This file answers how old the event is that is being applied. An agent's text may be applied long after it was
// typed, for example because the chat was disconnected. By then it may not fit the conversation any more: "No, sorry"
// typed at 9:00 means something else after the customer's next question at 9:02. Its author is then asked instead.

// Ages of typed texts.
const (
	// lateAfter is the age from which a reply may no longer fit, if it was found only by reading a thread again.
	lateAfter = 2 * time.Minute
	// stuckAfter is that age for a reply that the chat reported at once: its author expects it to leave. It exceeds some minutes
	// of high load, and the longest ordinary wait (maxRootWait).
	stuckAfter = 15 * time.Minute
	// rereadAfter is the age from which a reply is read again in its chat before it is sent.
	rereadAfter = 5 * time.Second
	// clockDifference is the tolerated difference between the clocks of a chat and of the database.
	clockDifference = 5 * time.Second
)

// Moment is the event that is being applied, and the time. All holders of a batch (see Book) share one. The engine
// sets Event, Waits, PartApplied and Typed for each event.
//
// There are three clocks: Parley's (Now), the database's (DatabaseNow), and that of the chat or provider, which is
// assumed to agree with the database's. Tests and the demo move Parley's clock only.
type Moment struct {
	Now         time.Time   // by Parley's clock
	DatabaseNow time.Time   // by the database's clock, to compare with times of events and leases
	Event       store.Event // the event that is being applied
	Waits       int         // how often the event was postponed
	PartApplied bool        // a part of the event has changed something: the event can't be postponed alone any more
	Typed       time.Time   // when the action was typed, or done by an emoji; zero if unknown
	IDs         *store.IDs  // ids for the rows that the batch makes
	Err         error       // of reading what a use case asked for: the batch fails with it
	run         func(*store.Pipeline) error
	LoadMore    func(*Prefetch) error // reads what an event names, if Load has not
	asked       map[any]bool          // keys of the rows that were looked for, by their types
}

// NotYet is the error of an event that can't be applied yet, because it needs something that is about to be written.
type NotYet struct {
	relay.Wait
	ID   *store.ExternalID // the provider's message id whose record it needs, or nil
	Post *store.Post       // the message of a surface (a chat of agents) whose record it needs, or nil
}

// Error implements error.
func (n *NotYet) Error() string { return fmt.Sprintf("book: event %d can't be applied yet", n.EventID) }

// PutAside returns the error that postpones the current event for at most maxWait.
func (m *Moment) PutAside(maxWait time.Duration) error {
	return &NotYet{Wait: relay.Wait{EventID: m.Event.ID, Most: maxWait}}
}

// PutAsideForID returns the error that postpones the current event until a provider's message id is recorded, for at
// most maxWait.
func (m *Moment) PutAsideForID(account store.AccountID, external string, maxWait time.Duration) error {
	return &NotYet{Wait: relay.Wait{EventID: m.Event.ID, For: store.AwaitedID(account, external), Most: maxWait},
		ID: &store.ExternalID{AccountID: account, ExternalID: external}}
}

// waitForPost returns the error that postpones the current event until a message of a surface is recorded, for at
// most maxWait.
func (m *Moment) waitForPost(surface store.AccountID, channel, message string, maxWait time.Duration) error {
	return &NotYet{Wait: relay.Wait{EventID: m.Event.ID, For: store.AwaitedPost(surface, channel, message), Most: maxWait},
		Post: &store.Post{AccountID: surface, Channel: channel, Message: message}}
}

// Age returns how long ago the current event was stored.
func (m *Moment) Age() time.Duration { return m.DatabaseNow.Sub(m.Event.ReceivedAt) }

// FormOrder returns when a form was submitted, in the format of a typed message's order (seconds, a dot,
// microseconds), so that its reply can be sorted among typed ones.
func (m *Moment) FormOrder() string {
	at := m.Event.ReceivedAt
	return fmt.Sprintf("%d.%06d", at.Unix(), at.Nanosecond()/int(time.Microsecond))
}

// HasComeLate reports whether a text arrived so late that its author's later edit or deletion may still be on its
// way. order is the surface's; see bridge.Action.
func (m *Moment) HasComeLate(order string) bool {
	typed := Time(order)
	return !typed.IsZero() && m.DatabaseNow.Sub(typed) > rereadAfter
}

// HasMovedOn reports whether a text is applied late, and a message was added to the conversation since it was typed.
func (m *Moment) HasMovedOn(c *Conversation, a bridge.Action) bool {
	typed, late := m.comesLate(a)
	return late && c.LastAt.After(typed)
}

// comesLate returns when a text was typed, by Parley's clock, and whether it is applied so late that it may no longer
// fit. The limit is lateAfter for what was found by reading a thread again (OriginCatchUp), and stuckAfter for what
// the chat reported at once.
func (m *Moment) comesLate(a bridge.Action) (typed time.Time, late bool) {
	typed, late = m.foundLate(a)
	if a.Origin == bridge.OriginCatchUp {
		return typed, late
	}
	return typed, !typed.IsZero() && m.Now.Sub(typed) > stuckAfter
}

// WasTypedBefore reports whether a command was found late and was typed before a time. Anything that was found by
// reading a thread again counts as found late. If it is unknown when the command was typed, the result is false.
func (m *Moment) WasTypedBefore(a bridge.Action, at time.Time) bool {
	typed, late := m.foundLate(a)
	if typed.IsZero() {
		return false
	}
	if a.Origin == bridge.OriginCatchUp && !late {
		return at.After(typed.Add(clockDifference))
	}
	return late && at.After(typed)
}

// TypedAt returns when the current action was typed, by Parley's clock, or Now if that is unknown.
func (m *Moment) TypedAt() time.Time {
	if m.Typed.IsZero() {
		return m.Now
	}
	typed := m.ByParleysClock(m.Typed)
	if typed.After(m.Now) {
		return m.Now // the chat's clock is ahead
	}
	return typed
}

// IsAfterTyping reports whether a time is after the current action was typed, beyond the tolerated clock difference.
// It is false if the latter is unknown.
func (m *Moment) IsAfterTyping(at time.Time) bool {
	return !m.Typed.IsZero() && at.After(m.ByParleysClock(m.Typed).Add(clockDifference))
}

// WasSaidSince reports whether a message was said after a command was typed, so that the command can't refer to it.
// The times of two messages in one chat are compared directly. Other times are by different clocks and count only for
// a late command.
func (m *Moment) WasSaidSince(said *Message, r Request) bool {
	order := Time(r.Order)
	if order.IsZero() {
		return false
	}

	at := Time(said.Place)
	if said.AccountID == r.Surface && !at.IsZero() {
		return at.After(order)
	}

	typed, late := m.foundLate(r.Action)
	return late && said.CreatedAt.After(typed)
}

// foundLate returns when a text was typed, by Parley's clock, and whether that is longer ago than lateAfter. If the
// time is unknown, it returns the zero time and true.
func (m *Moment) foundLate(a bridge.Action) (typed time.Time, late bool) {
	typed = Time(a.Order)
	if typed.IsZero() {
		return typed, true
	}
	typed = m.ByParleysClock(typed)
	return typed, m.Now.Sub(typed) > lateAfter
}

// ByParleysClock converts a time of a chat or a provider to Parley's clock.
func (m *Moment) ByParleysClock(at time.Time) time.Time { return at.Add(m.Now.Sub(m.DatabaseNow)) }

// ResultWait is how long a receipt waits for the result of the attempt that it is about.
const ResultWait = 10 * time.Second
