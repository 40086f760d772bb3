package engine

import (
	"parley/bridge"
	"parley/store"
)

// Doubles handles threads whose root (the first message) may exist twice. That happens if the answer to the
// first attempt to post it was lost, Parley couldn't find out whether the root was there, and posted it again.
// An agent who then types a reply below the other root must not be ignored. So Parley searches for the other
// root, and texts below it wait until the search has ended.
type Doubles struct{ *Writer }

// Seek queues a search for the other root of a thread. Texts below an unknown root wait for the result; see
// book.Posts.AwaitRecord.
func (d Doubles) Seek(c *Conversation, f Fact) {
	t := c.Threads[f.Surface]
	if isDoubleSought(t) && t.Root == f.Root {
		d.PostTo(c, t, bridge.PostDouble, NoMessage, Payload{
			Place:  bridge.Place{Channel: t.Channel, Message: t.Root},
			Sought: &SoughtRoot{Delivery: f.Delivery, Since: f.Due},
		})
	}
}

// TakeResult applies the result of a search. If another root was found, its thread is treated like one that the
// conversation has moved away from: the root links to the right thread, and texts typed below it are shown, and
// can be sent, in the right thread.
func (d Doubles) TakeResult(c *Conversation, f Fact) {
	t := c.Threads[f.Surface]
	if !isDoubleSought(t) || t.Root != f.Root {
		return
	}

	isFound := f.External != ""
	isKnownAbsent := !isFound && f.Class != Blind
	if isKnownAbsent {
		t.Doubt, t.DoubtChanged = "", true
		t.Card = "" // forces an update of the root, which warns that it may exist twice
		c.RefreshCard()
		return
	}

	t.Doubt, t.DoubtChanged = store.DoubtStays, true
	if !isFound { // the search was not possible
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

// GiveUp ends a search that has failed for days.
func (d Doubles) GiveUp(c *Conversation, surface store.AccountID) {
	t := c.Threads[surface]
	if isDoubleSought(t) {
		t.Doubt, t.DoubtChanged = store.DoubtStays, true
	}
}

// isDoubleSought reports whether a search for another root of a thread is in progress. t may be nil.
func isDoubleSought(t *Thread) bool { return t != nil && t.Doubt == store.DoubtSought }
