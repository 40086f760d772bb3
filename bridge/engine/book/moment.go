package book

import (
	"fmt"
	"time"

	"parley/bridge"
	"parley/bridge/relay"
	"parley/store"
)

// This file tells how old the event is that is being applied. An agent's text may be applied long after it was typed, because
// the chat was away or an event before it had to wait. Then it may no longer fit what was said since, and its author is asked.

// Ages of typed texts.
const (
	// lateAfter is the age from which a reply may no longer fit, if it was found only by reading a thread again.
	lateAfter = 2 * time.Minute
	// stuckAfter is the same for a reply of which the chat told at once: its author expects it to leave. It is longer than a
	// busy time of some minutes, and than the longest ordinary wait (maxRootWait).
	stuckAfter = 15 * time.Minute
	// rereadAfter is the age from which a reply is read again in its chat before it leaves.
	rereadAfter = 5 * time.Second
	// clockDifference is how far the clocks of a chat and of the database may be apart without deciding about a text.
	clockDifference = 5 * time.Second
)

// Moment is the event that is being applied, and the time. All holders of a batch (see Book) share one. The engine sets
// Event, Waits, PartApplied and Typed for each event.
type Moment struct {
	Now         time.Time   // by Parley's clock, which tests and the demo can move
	DatabaseNow time.Time   // by the database's clock, to compare with times of events and leases
	Event       store.Event // the event that is being applied
	Waits       int         // how often the event was put off
	PartApplied bool        // a part of the event has changed something: the event can't be put aside alone any more
	Typed       time.Time   // when the action that is being applied was typed, or done by an emoji; zero if nobody knows
	IDs         *store.IDs  // ids for the rows that the batch makes
}

// NotYet says that an event can't be applied yet: it needs something that is about to be written.
type NotYet struct {
	relay.Wait
	ID   *store.ExternalID // it needs the record of this provider's message id; nil if it doesn't
	Post *store.Post       // it needs the record of this message of a surface; nil if it doesn't
}

// Error implements error.
func (n *NotYet) Error() string { return fmt.Sprintf("book: event %d can't be applied yet", n.EventID) }

// PutAside returns the error that puts the present event aside for at most maxWait.
func (m *Moment) PutAside(maxWait time.Duration) error {
	return &NotYet{Wait: relay.Wait{EventID: m.Event.ID, Most: maxWait}}
}

// PutAsideForID is PutAside until the record of a provider's message id is written.
func (m *Moment) PutAsideForID(account store.AccountID, external string, maxWait time.Duration) error {
	return &NotYet{Wait: relay.Wait{EventID: m.Event.ID, For: store.AwaitedID(account, external), Most: maxWait},
		ID: &store.ExternalID{AccountID: account, ExternalID: external}}
}

// waitForPost is PutAside until the record of a surface's message is written.
func (m *Moment) waitForPost(surface store.AccountID, channel, message string, maxWait time.Duration) error {
	return &NotYet{Wait: relay.Wait{EventID: m.Event.ID, For: store.AwaitedPost(surface, channel, message), Most: maxWait},
		Post: &store.Post{AccountID: surface, Channel: channel, Message: message}}
}

// Age is how long ago the present event was stored.
func (m *Moment) Age() time.Duration { return m.DatabaseNow.Sub(m.Event.ReceivedAt) }

// FormOrder returns the place of a form's reply among typed ones: when it was submitted, written like a surface's order
// (seconds, a dot, microseconds).
func (m *Moment) FormOrder() string {
	at := m.Event.ReceivedAt
	return fmt.Sprintf("%d.%06d", at.Unix(), at.Nanosecond()/int(time.Microsecond))
}

// HasComeLate reports whether a text took so long to come that its author's later edit or deletion of it may still be on its
// way. order is the surface's; see bridge.Action.
func (m *Moment) HasComeLate(order string) bool {
	typed := OrderTime(order)
	return !typed.IsZero() && m.DatabaseNow.Sub(typed) > rereadAfter
}

// HasMovedOn reports whether a text that comes late may no longer fit the conversation: something was said since it was typed.
func (m *Moment) HasMovedOn(c *Conversation, a bridge.Action) bool {
	typed, late := m.comesLate(a)
	return late && c.LastAt.After(typed)
}

// comesLate returns when a text was typed, by Parley's clock, and whether it is applied so late that it may not fit what
// happened since. lateAfter is the bound for what was found by reading a thread again (OriginCatchUp), stuckAfter for what
// the chat told at once and what waited then.
func (m *Moment) comesLate(a bridge.Action) (typed time.Time, late bool) {
	typed, late = m.foundLate(a)
	if a.Origin == bridge.OriginCatchUp {
		return typed, late
	}
	return typed, !typed.IsZero() && m.Now.Sub(typed) > stuckAfter
}

// WasTypedBefore reports whether a command was found late and was typed before a time. Whatever was found by reading a thread
// again counts as found late.
func (m *Moment) WasTypedBefore(a bridge.Action, at time.Time) bool {
	typed, late := m.foundLate(a)
	if a.Origin == bridge.OriginCatchUp && !late {
		return at.After(typed.Add(clockDifference))
	}
	return late && at.After(typed)
}

// TypedAt returns when the present action was typed, by Parley's clock, or now if nobody knows that.
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

// IsAfterTyping reports whether a time is after the present action was typed, as far as the clocks of the chat and of the
// database can tell. It is false if nobody knows when that was.
func (m *Moment) IsAfterTyping(at time.Time) bool {
	return !m.Typed.IsZero() && at.After(m.ByParleysClock(m.Typed).Add(clockDifference))
}

// WasSaidSince reports whether a message was said after somebody typed a command, so that the command can't mean it. The times
// of two messages in one chat can be compared. Other times are by different clocks: they only count for a late command.
func (m *Moment) WasSaidSince(said *Message, r Request) bool {
	order := OrderTime(r.Order)
	if order.IsZero() {
		return false
	}

	at := OrderTime(said.Place)
	if said.AccountID == r.Surface && !at.IsZero() {
		return at.After(order)
	}

	typed, late := m.foundLate(r.Action)
	return late && said.CreatedAt.After(typed)
}

// foundLate returns when a text was typed, by Parley's clock, and whether that is longer ago than lateAfter. If nobody knows
// when it was typed, typed is the zero time, and late is true.
func (m *Moment) foundLate(a bridge.Action) (typed time.Time, late bool) {
	typed = OrderTime(a.Order)
	if typed.IsZero() {
		return typed, true
	}
	typed = m.ByParleysClock(typed)
	return typed, m.Now.Sub(typed) > lateAfter
}

// ByParleysClock converts a time that a chat or a provider told. Tests and the demo move Parley's clock, not theirs.
func (m *Moment) ByParleysClock(at time.Time) time.Time { return at.Add(m.Now.Sub(m.DatabaseNow)) }

// ResultWait is how long a receipt waits for the result of the attempt that it is about.
const ResultWait = 10 * time.Second
