package threads

import (
	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/outbound"
	"parley/bridge/engine/own"
	"parley/store"
)

// SeekDouble has another root of a thread looked for: its root was posted again while nobody could tell whether it was there.
// What people type under the other one waits until that is found out; see book.Posts.AwaitRecord.
func (th *Writer) SeekDouble(c *book.Conversation, f own.Fact) {
	if t := c.Threads[f.Surface]; t != nil && t.Root == f.Root && t.Doubt == store.DoubtSought {
		th.PostTo(c, t, bridge.PostDouble, 0, outbound.Payload{Place: bridge.Place{Channel: t.Channel, Message: t.Root},
			Sought: &outbound.SoughtRoot{Delivery: f.Delivery, Since: f.Due}})
	}
}

// DoubleSought takes in what came of SeekDouble. The other root becomes that of a thread which the conversation has left: it
// leads to the right one, and what is typed there is told, and can be sent, in the right one.
func (th *Writer) DoubleSought(c *book.Conversation, f own.Fact) {
	t := c.Threads[f.Surface]
	if t == nil || t.Root != f.Root || t.Doubt != store.DoubtSought {
		return
	}
	if f.External == "" && f.Class != own.Blind {
		t.Doubt, t.NewDoubt = "", true
		t.Card = "" // its root says no more that it may be there twice
		c.RefreshCard()
		return
	}
	t.Doubt, t.NewDoubt = store.DoubtStays, true
	if f.External == "" {
		return
	}
	th.Posts.Remember(store.Post{AccountID: f.Surface, Channel: t.Channel, Message: f.External, ConversationID: c.ID, Kind: string(bridge.PostRoot)})
	l := th.SurfaceLane(c, t, bridge.PostLine) // in that of cards it would count as one of the right root
	th.Outbox.Enqueue(l, string(bridge.PostCard), 0, outbound.Payload{Left: true, Place: bridge.Place{Channel: t.Channel, Message: f.External}}, nil)
}

// DoubleNotFound gives up the search of SeekDouble, after it failed for days.
func (th *Writer) DoubleNotFound(c *book.Conversation, surface store.AccountID) {
	if t := c.Threads[surface]; t != nil && t.Doubt == store.DoubtSought {
		t.Doubt, t.NewDoubt = store.DoubtStays, true
	}
}
