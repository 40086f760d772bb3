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
	"parley/bridge/engine/own"
	"parley/bridge/engine/reading"
	"parley/bridge/relay"
	"parley/store"
)

// Writer writes into the book what one batch posts in conversations' threads and tells people.
type Writer struct {
	*book.Book
	*lanes
	*questions
	*newLines
	Files *files.Reader

	Whispers int // how many times the batch has answered somebody where they acted (Whisper)
}

// New makes the Writer of a batch. chat returns the Surface of an account, or nil while that isn't connected.
func New(b *book.Book, chat func(account store.AccountID) bridge.Surface, r *reading.Reader, f *files.Reader) *Writer {
	return &Writer{
		Book:      b,
		lanes:     &lanes{b, chat},
		questions: &questions{b, r},
		newLines:  &newLines{messages: b.Messages, decidedBefore: map[store.DeliveryID]*bridge.Outcome{}},
		Files:     f,
	}
}

// NoMessage stands for the message of a post that is about none.
const NoMessage store.MessageID = 0

// OpenThread returns the conversation's thread. If there is none, it opens one in the home surface of the
// conversation's team: the root is the first delivery in the thread's lane.
// Errors: *relay.EventError if no channel is configured. The event goes into quarantine then, and can be replayed.
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
	th.PostTo(c, t, bridge.PostRoot, NoMessage, outbound.Payload{})
	return t, nil
}

// PostTo queues a post for a conversation's thread, in the lane of its kind. messageID is the message that it shows or
// is about, or NoMessage.
func (th *Writer) PostTo(
	c *book.Conversation, t *book.Thread, kind bridge.PostKind, messageID store.MessageID, p outbound.Payload,
) *book.Delivery {
	l := th.SurfaceLane(c, t, kind)
	d := th.Outbox.Enqueue(l, string(kind), messageID, p, nil)
	if kind == bridge.PostRoot {
		l.Priority = store.PriorityRoot
	}
	return d
}

// isRootUnsent reports whether no attempt at the root has begun, so that the root will show the newest state by itself.
func (th *Writer) isRootUnsent(c *book.Conversation, t *book.Thread) bool {
	if t.Root != "" {
		return false
	}
	l := th.SurfaceLane(c, t, bridge.PostLine)
	wasClaimed := l.Epoch > 0 // a root whose answer was lost has no lease any more, but may be there
	return l.LeasedUntil == nil && l.Head == 0 && !wasClaimed
}

// ThreadLost posts a new root after the old one was deleted, once for each root that is lost, with the words that the customer said last:
// the old thread may not be there to be read any more. In a chat that the conversation has left
// nothing is posted: a new card would show there what goes on in a channel that its readers may not be in.
// Errors: *book.NotYet while a post of the thread is under way, because the new root must not overtake it.
func (th *Writer) ThreadLost(c *book.Conversation, surface store.AccountID, root string) error {
	t := c.Threads[surface]
	if t == nil || t.Root == "" {
		return nil
	}
	if t.Root != root {
		return nil // a later root is in place already
	}
	if t != c.Home(th.Dir) {
		return nil
	}

	l := th.SurfaceLane(c, t, bridge.PostLine)
	if l.LeasedUntil != nil && l.LeasedUntil.After(th.Event.ReceivedAt) {
		return th.PutAside(l.LeasedUntil.Sub(th.DatabaseNow))
	}

	t.Root, t.Dirty = "", true
	t.Rerooted++
	l.Priority, l.Dirty = store.PriorityRoot, true
	l.Epoch++ // otherwise the late result of an attempt whose lease has ended would count for the new root
	repeatLastWords(th, c, l)
	th.Outbox.EnqueueFirst(l, bridge.PostRoot, NoMessage, outbound.Payload{Place: bridge.Place{Channel: otherChannel(th, c, t)}})
	th.Log.ByParley(c, store.DeedRerooted, nil)
	return nil
}

// repeatLastWords puts what the customer of an open conversation said last before what waits in the lane of its thread: all that was said
// since the answer before, as far as the batch knows it, each message with what the customer changed it to. It puts nothing there if
// something of the customer waits for being posted anyway.
func repeatLastWords(th *Writer, c *book.Conversation, l *book.Lane) {
	if c.Unshown || !c.BridgeStatus().Open() || c.Kind == store.KindAutomatic {
		return
	}
	hasSome := false
	for _, m := range c.Last { // the newest first: each goes before the one after it
		if m.Direction == store.DirectionOut && hasSome {
			return
		}
		if m.Direction != store.DirectionIn || m.IsDeleted() {
			continue
		}

		if r := m.Revision; r != nil && r.Text != m.Text { // the post shows what the message said at first
			change := ChangeLine(m.ID, Quote(&m), WordsOrRemarks(r.Text, r.Notices), r.At)
			th.Outbox.EnqueueFirst(l, bridge.PostLine, m.ID, outbound.Payload{Line: &change})
		}
		th.Outbox.EnqueueFirst(l, bridge.PostSaid, m.ID, outbound.Payload{Dated: true})
		hasSome = true
	}
}

// otherChannel returns the channel in which a new thread opens, if its conversation belongs in another one by now; "" means its
// own. The root's delivery names the channel, so that a root whose answer was lost is looked for there, whichever channel the team has
// by then. It doesn't name the thread's own: the version of Parley before this one takes such a root for one of a hand-over that isn't
// needed any more, and passes over it.
func otherChannel(th *Writer, c *book.Conversation, t *book.Thread) string {
	homeSurface, channel := th.Dir.Home(c.Account, c.TeamID)
	if homeSurface != t.AccountID || channel == th.Dir.ChannelNow(t.AccountID, t.Channel) {
		return ""
	}
	return channel
}

// CloseThread shows in a thread that the conversation has left where it goes on: by line, and on the root. newSurface is the chat in which
// it goes on. If that is the same one, the root is updated once the new root is posted; else it shows it with its next update.
func (th *Writer) CloseThread(c *book.Conversation, left *book.Thread, newSurface store.AccountID, line bridge.Line) {
	if left.Root == "" {
		return
	}
	th.PostTo(c, left, bridge.PostLine, NoMessage, outbound.Payload{
		Left:  true,
		Place: bridge.Place{Channel: left.Channel, Thread: left.Root},
		Line:  &line,
	})
	if newSurface == left.AccountID {
		queueLeftCard(th, c, left, bridge.Place{Channel: left.Channel, Message: left.Root})
	}
}

// CloseLeft shows below a root that its conversation has left where it goes on, with the line of the delivery that moved the thread.
func CloseLeft(th *Writer, c *book.Conversation, f own.Fact) {
	t := c.Threads[f.Surface]
	if t == nil || t.Root == f.Root {
		return // it is in that thread again
	}
	if d := th.Outbox.Deliveries[f.Delivery]; d != nil {
		th.PostTo(c, t, bridge.PostLine, NoMessage, outbound.Payload{
			Left:  true,
			Place: bridge.Place{Channel: f.External, Thread: f.Root},
			Line:  d.DecodedPayload().Line,
		})
	}
	queueLeftCard(th, c, t, bridge.Place{Channel: f.External, Message: f.Root})
}

// queueLeftCard queues an update of a root that the conversation has left. It is in the lane of what is said: it is true only once
// the new root is posted, and in the lane of cards it would count as an update of that one.
func queueLeftCard(th *Writer, c *book.Conversation, t *book.Thread, root bridge.Place) {
	l := th.SurfaceLane(c, t, bridge.PostLine)
	th.Outbox.Enqueue(l, string(bridge.PostCard), NoMessage, outbound.Payload{Left: true, Place: root}, nil)
}
