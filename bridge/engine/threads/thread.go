// Package threads writes into a batch's book what is posted in conversations' threads, and what people are
// told: cards, lines, marks, whispers, direct messages.
//
// What does not belong here: why something is said (the packages of use cases), and how it looks (bot/view).
package threads

import (
	"fmt"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/files"
	"parley/bridge/engine/outbound"
	"parley/bridge/engine/reading"
	"parley/bridge/relay"
	"parley/store"
)

// Writer writes into the book what one batch posts in conversations' threads and tells people.
type Writer struct {
	*book.Book
	*lanes
	*questions
	Files *files.Reader
}

// New makes the Writer of a batch. chat gives the chat of a surface's account; nil while it isn't there.
func New(b *book.Book, chat func(account store.AccountID) bridge.Surface, r *reading.Reader, f *files.Reader) *Writer {
	return &Writer{Book: b, lanes: &lanes{b, chat}, questions: &questions{b, r}, Files: f}
}

// OpenThread makes sure that a conversation has a thread, and opens one in its home surface if not. The
// root is the first delivery in the thread's lane.
// Errors: *relay.EventError when no channel is configured: nothing is dropped, the
// event can be replayed.
func (th *Writer) OpenThread(c *book.Conversation) (*book.Thread, error) {
	if t := c.Home(th.Dir); t != nil {
		return t, nil
	}
	surface, channel := th.Dir.Home(c.Account, c.TeamID)
	if surface == 0 {
		return nil, &relay.EventError{EventID: th.Event.ID, Err: fmt.Errorf(
			"threads: account %q has no channel for its threads; give its team a channel, then replay", c.Account.Name)}
	}
	t := &book.Thread{Dirty: true, Thread: store.Thread{ConversationID: c.ID, AccountID: surface, Channel: channel}}
	c.Threads[surface] = t
	th.PostTo(c, t, bridge.PostRoot, 0, outbound.Payload{})
	return t, nil
}

// PostTo queues a post for a conversation's thread.
func (th *Writer) PostTo(c *book.Conversation, t *book.Thread, kind bridge.PostKind, messageID store.MessageID, p outbound.Payload) *book.Delivery {
	l := th.SurfaceLane(c, t, kind)
	return th.Outbox.Enqueue(l, string(kind), messageID, p, nil)
}

// rootUnsent reports whether no attempt at the root has begun, so that it will show the newest state.
func (th *Writer) rootUnsent(c *book.Conversation, t *book.Thread) bool {
	if t.Root != "" {
		return false
	}
	l := th.SurfaceLane(c, t, bridge.PostLine)
	return l.LeasedUntil == nil && l.Head == 0
}

// ThreadLost posts a new root after the old one was deleted, once for each root.
// Errors: *book.NotYet while a post is under way, which nothing may overtake.
func (th *Writer) ThreadLost(c *book.Conversation, surface store.AccountID, root string) error {
	t := c.Threads[surface]
	if t == nil || t.Root == "" || t.Root != root {
		return nil // a later root is in place already
	}
	l := th.SurfaceLane(c, t, bridge.PostLine)
	if l.LeasedUntil != nil && l.LeasedUntil.After(th.Event.ReceivedAt) && !l.Fresh {
		return th.Wait(l.LeasedUntil.Sub(th.DatabaseNow))
	}
	t.Root, t.Dirty = "", true
	t.Rerooted++
	l.Priority, l.Dirty = store.PriorityRoot, true
	th.Outbox.EnqueueFirst(l, bridge.PostRoot)
	th.Log.ByParley(c, store.DeedRerooted, nil)
	return nil
}

// CloseThread tells in a thread that was left where the conversation goes on. A root in the same
// chat becomes a line that says so; one in another chat does with its next update.
func (th *Writer) CloseThread(c *book.Conversation, left *book.Thread, there store.AccountID, line bridge.Line) {
	if left.Root == "" {
		return
	}
	th.PostTo(c, left, bridge.PostLine, 0, outbound.Payload{Left: true, Place: bridge.Place{Channel: left.Channel, Thread: left.Root}, Line: &line})
	if there == left.AccountID { // in the lane that has the new root: only once that is posted, the line is true
		l := th.SurfaceLane(c, left, bridge.PostLine)
		th.Outbox.Enqueue(l, string(bridge.PostCard), 0, outbound.Payload{Left: true, Place: bridge.Place{Channel: left.Channel, Message: left.Root}}, nil)
	}
}
