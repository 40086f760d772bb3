package book

import (
	"fmt"
	"time"

	"parley/bridge"
	"parley/bridge/relay"
	"parley/store"
)

// Ages of typed texts.
const (
	lateAfter   = 2 * time.Minute // a reply found later than this may no longer fit
	rereadAfter = 5 * time.Second // a reply that came later than this is read again in its chat before it leaves
)

// Moment is the event that is being applied, and the time. All holders of a batch share one.
type Moment struct {
	Now         time.Time   // Parley's clock
	DatabaseNow time.Time   // the database's
	Event       store.Event // the one being applied
	PartApplied bool        // it has changed something
	Typed       time.Time   // when the action being applied was typed, if that is known
	IDs         *store.IDs  // of the rows that are made
}

// NotYet says that an event can't be applied yet: it needs something that is about to be written.
type NotYet struct {
	relay.Wait
	ID   *store.ExternalID // what it needs, if that has a name: the record of a provider's message id,
	Post *store.Post       // or that of a surface's message
}

// Error implements error.
func (n *NotYet) Error() string {
	return fmt.Sprintf("book: event %d can't be applied yet", n.EventID)
}

// Wait has the event in hand wait, and come back after maxWait at the latest.
func (m *Moment) Wait(maxWait time.Duration) error {
	return &NotYet{Wait: relay.Wait{EventID: m.Event.ID, Most: maxWait}}
}

// WaitForID has it wait for the record of a provider's message id.
func (m *Moment) WaitForID(account store.AccountID, external string, maxWait time.Duration) error {
	return &NotYet{Wait: relay.Wait{EventID: m.Event.ID, For: store.AwaitedID(account, external), Most: maxWait},
		ID: &store.ExternalID{AccountID: account, ExternalID: external}}
}

// waitForPost has it wait for the record of a surface's message.
func (m *Moment) waitForPost(surface store.AccountID, channel, message string, maxWait time.Duration) error {
	return &NotYet{Wait: relay.Wait{EventID: m.Event.ID, For: store.AwaitedPost(surface, channel, message), Most: maxWait},
		Post: &store.Post{AccountID: surface, Channel: channel, Message: message}}
}

// Age is how long ago the event in hand was stored.
func (m *Moment) Age() time.Duration { return m.DatabaseNow.Sub(m.Event.ReceivedAt) }

// FormOrder places a form's reply among typed ones: by when it was submitted, in the
// form of the surface's order (seconds, a dot, microseconds).
func (m *Moment) FormOrder() string {
	at := m.Event.ReceivedAt
	return fmt.Sprintf("%d.%06d", at.Unix(), at.Nanosecond()/1000)
}

// CameLate reports whether a text took so long to come that its author's later edit or deletion of it may be
// on its way too.
func (m *Moment) CameLate(order string) bool {
	typed := OrderTime(order)
	return !typed.IsZero() && m.DatabaseNow.Sub(typed) > rereadAfter
}

// HasMovedOn reports whether a text found late no longer fits the conversation: it was typed
// more than two minutes ago and something was said since.
func (m *Moment) HasMovedOn(c *Conversation, a bridge.Action) bool {
	typed, late := m.foundLate(a)
	return late && c.LastAt.After(typed)
}

// foundLate says when a text was typed that is found now, by the clock of the record, and whether that is too long ago to
// send it without a look at what happened since. Where nobody knows, it was typed at the beginning of time.
func (m *Moment) foundLate(a bridge.Action) (typed time.Time, late bool) {
	typed = OrderTime(a.Order)
	if typed.IsZero() {
		return typed, true
	}
	typed = typed.Add(m.Now.Sub(m.DatabaseNow)) // the surface's clock doesn't jump with ours
	return typed, m.Now.Sub(typed) > lateAfter
}

// ResultWait is how long a receipt waits for the result of the attempt that it is about.
const ResultWait = 10 * time.Second
