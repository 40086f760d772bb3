package threads

import (
	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/outbound"
	"parley/bridge/engine/own"
	"parley/store"
)

// Doubles looks after threads whose root, the first message, may be there twice: it was posted again because nobody could tell
// whether the first attempt had succeeded. What agents type under the wrong one must not be lost.
type Doubles struct{ *Writer }

// Seek has the other root of a thread looked for. What people type under that root waits until it is found, or known not to be
// there; see book.Posts.AwaitRecord.
func (d Doubles) Seek(c *book.Conversation, f own.Fact) {
	t := c.Threads[f.Surface]
	if isDoubleSought(t) && t.Root == f.Root {
		d.PostTo(c, t, bridge.PostDouble, NoMessage, outbound.Payload{
			Place:  bridge.Place{Channel: t.Channel, Message: t.Root},
			Sought: &outbound.SoughtRoot{Delivery: f.Delivery, Since: f.Due},
		})
	}
}

// TakeResult applies what came of Seek. If another root was found, its thread counts as one that the conversation has left: the
// root leads to the right thread, and what is typed under it is shown, and can be sent, in the right thread.
func (d Doubles) TakeResult(c *book.Conversation, f own.Fact) {
	t := c.Threads[f.Surface]
	if !isDoubleSought(t) || t.Root != f.Root {
		return
	}

	isFound := f.External != ""
	isKnownAbsent := !isFound && f.Class != own.Blind
	if isKnownAbsent {
		t.Doubt, t.DoubtChanged = "", true
		t.Card = "" // so that the root is updated, which says that it may be there twice
		c.RefreshCard()
		return
	}

	t.Doubt, t.DoubtChanged = store.DoubtStays, true
	if !isFound { // nobody could look
		return
	}

	d.Posts.Remember(store.Post{
		AccountID:      f.Surface,
		Channel:        t.Channel,
		Message:        f.External,
		ConversationID: c.ID,
		Kind:           string(bridge.PostRoot),
	})
	queueLeftCard(d.Writer, c, t, bridge.Place{Channel: t.Channel, Message: f.External})
}

// GiveUp gives up the search of Seek, after it failed for days.
func (d Doubles) GiveUp(c *book.Conversation, surface store.AccountID) {
	t := c.Threads[surface]
	if isDoubleSought(t) {
		t.Doubt, t.DoubtChanged = store.DoubtStays, true
	}
}

// isDoubleSought reports whether another root of a thread is being looked for. t may be nil.
func isDoubleSought(t *book.Thread) bool { return t != nil && t.Doubt == store.DoubtSought }
