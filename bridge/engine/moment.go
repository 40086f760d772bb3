package engine

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

// moment is the event that is being applied, and the time. All holders of a batch share one.
type moment struct {
	now   time.Time   // Parley's clock
	real  time.Time   // the database's
	event store.Event // the one being applied
	ids   *store.IDs  // of the rows that are made
}

// notYet says that an event can't be applied yet: it needs something that is about to be written.
type notYet struct {
	relay.Wait
	id   *store.ExternalID // what it needs, if that has a name: the record of a provider's message id,
	post *store.Post       // or that of a surface's message
}

// Error implements error.
func (n *notYet) Error() string {
	return fmt.Sprintf("engine: event %d can't be applied yet", n.EventID)
}

// wait has the event in hand wait, and come back after most at the latest.
func (m *moment) wait(most time.Duration) error {
	return &notYet{Wait: relay.Wait{EventID: m.event.ID, Most: most}}
}

// waitForID has it wait for the record of a provider's message id.
func (m *moment) waitForID(account int64, external string, most time.Duration) error {
	return &notYet{Wait: relay.Wait{EventID: m.event.ID, For: store.AwaitedID(account, external), Most: most},
		id: &store.ExternalID{AccountID: account, ExternalID: external}}
}

// waitForPost has it wait for the record of a surface's message.
func (m *moment) waitForPost(surface int64, channel, message string, most time.Duration) error {
	return &notYet{Wait: relay.Wait{EventID: m.event.ID, For: store.AwaitedPost(surface, channel, message), Most: most},
		post: &store.Post{AccountID: surface, Channel: channel, Message: message}}
}

// age is how long ago the event in hand was stored.
func (m *moment) age() time.Duration { return m.real.Sub(m.event.ReceivedAt) }

// formOrder places a form's reply among typed ones: by when it was submitted, in the
// form of the surface's order (seconds, a dot, microseconds).
func (m *moment) formOrder() string {
	at := m.event.ReceivedAt
	return fmt.Sprintf("%d.%06d", at.Unix(), at.Nanosecond()/1000)
}

// cameLate says that a text took so long to come that its author's later edit or deletion of it may be
// on its way too.
func (m *moment) cameLate(order string) bool {
	typed := orderTime(order)
	return !typed.IsZero() && m.real.Sub(typed) > rereadAfter
}

// movedOn says that a text found late no longer fits the conversation: it was typed
// more than two minutes ago and something was said since.
func (m *moment) movedOn(c *conv, a bridge.Action) bool {
	typed := orderTime(a.Order)
	if typed.IsZero() {
		return true // nobody knows how old it is
	}
	typed = typed.Add(m.now.Sub(m.real)) // the surface's clock doesn't jump with ours
	return m.now.Sub(typed) > lateAfter && c.LastAt.After(typed)
}

// resultWait is how long a receipt waits for the result of the attempt that it is about.
const resultWait = 10 * time.Second
