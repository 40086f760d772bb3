package threads

import (
	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/outbound"
	"parley/bridge/engine/own"
	"parley/store"
)

// Doubles looks after threads whose root was posted again while nobody could tell whether it was there.
type Doubles struct{ *Writer }

// Seek has another root of a thread looked for: its root was posted again while nobody could tell whether it was there.
// What people type under the other one waits until that is found out; see book.Posts.AwaitRecord.
func (d Doubles) Seek(c *book.Conversation, f own.Fact) {
	if t := c.Threads[f.Surface]; t != nil && t.Root == f.Root && t.Doubt == store.DoubtSought {
		d.PostTo(c, t, bridge.PostDouble, 0, outbound.Payload{Place: bridge.Place{Channel: t.Channel, Message: t.Root},
			Sought: &outbound.SoughtRoot{Delivery: f.Delivery, Since: f.Due}})
	}
}

// Sought takes in what came of Seek. The other root becomes that of a thread which the conversation has left: it
// leads to the right one, and what is typed there is told, and can be sent, in the right one.
func (d Doubles) Sought(c *book.Conversation, f own.Fact) {
	t := c.Threads[f.Surface]
	if t == nil || t.Root != f.Root || t.Doubt != store.DoubtSought {
		return
	}
	if f.External == "" && f.Class != own.Blind {
		t.Doubt, t.DoubtChanged = "", true
		t.Card = "" // its root says no more that it may be there twice
		c.RefreshCard()
		return
	}
	t.Doubt, t.DoubtChanged = store.DoubtStays, true
	if f.External == "" {
		return
	}
	d.Posts.Remember(store.Post{AccountID: f.Surface, Channel: t.Channel, Message: f.External, ConversationID: c.ID, Kind: string(bridge.PostRoot)})
	l := d.SurfaceLane(c, t, bridge.PostLine) // in that of cards it would count as one of the right root
	d.Outbox.Enqueue(l, string(bridge.PostCard), 0, outbound.Payload{Left: true, Place: bridge.Place{Channel: t.Channel, Message: f.External}}, nil)
}

// NotFound returns up the search of Seek, after it failed for days.
func (d Doubles) NotFound(c *book.Conversation, surface store.AccountID) {
	if t := c.Threads[surface]; t != nil && t.Doubt == store.DoubtSought {
		t.Doubt, t.DoubtChanged = store.DoubtStays, true
	}
}
