package engine

import (
	"fmt"
	"slices"

	"parley/bridge"
	"parley/bridge/relay"
	"parley/store"
)

// Writer queues what one batch posts in the agents' chats. It isn't safe for concurrent use.
type Writer struct {
	*Book
	*lanes
	*questions
	*newLines
	Files *Reader

	Whispers int                 // counts the calls of Whisper
	Not      []bridge.SeveralNot // what was not done of the VerbSeveral that is being applied
}

// NewThreads returns the Writer of a batch. chat returns the chat of an account, or nil while it isn't connected.
func NewThreads(b *Book, chat func(account store.AccountID) bridge.Surface, r *ReadingReader, f *Reader) *Writer {
	return &Writer{
		Book:      b,
		lanes:     &lanes{b, chat},
		questions: &questions{b, r},
		newLines:  &newLines{messages: b.Messages, decidedBefore: map[store.DeliveryID]*bridge.Outcome{}},
		Files:     f,
	}
}

// NoMessage is the message id of posts that aren't about a message.
const NoMessage store.MessageID = 0

// OpenThread returns the conversation's current thread. If there is none, it opens one in the chat channel of
// the conversation's team. The root is the first delivery in the lane of the thread, which is a first-in,
// first-out queue.
// Errors: *relay.EventError if no channel is configured. The event is then quarantined and can be replayed.
func (th *Writer) OpenThread(c *Conversation) (*Thread, error) {
	if t := c.Home(th.Dir); t != nil {
		return t, nil
	}
	surface, channel := th.Dir.HomeOf(c.Account, c.Conversation)
	if surface == 0 {
		return nil, &relay.EventError{EventID: th.Event.ID, Err: fmt.Errorf(
			"threads: account %q has no channel for its threads; give its team a channel, then replay", c.Account.Name)}
	}
	t := &Thread{Dirty: true, Thread: store.Thread{ConversationID: c.ID, AccountID: surface, Channel: channel}}
	c.Threads[surface] = t
	th.PostTo(c, t, bridge.PostRoot, NoMessage, Payload{})
	return t, nil
}

// PostTo queues a post in a thread, in the lane for its kind. messageID is the message that it shows or is
// about, or NoMessage.
func (th *Writer) PostTo(
	c *Conversation, t *Thread, kind bridge.PostKind, messageID store.MessageID, p Payload,
) *Delivery {
	lane := th.SurfaceLane(c, t, kind)
	d := th.Outbox.Enqueue(lane, string(kind), messageID, p, nil)
	if kind == bridge.PostRoot {
		lane.Priority = store.PriorityRoot
	}
	return d
}

// isRootUnsent reports whether no attempt to post the root has begun, so that the root will show the latest state anyway.
func (th *Writer) isRootUnsent(c *Conversation, t *Thread) bool {
	if t.Root != "" {
		return false
	}
	lane := th.SurfaceLane(c, t, bridge.PostLine)
	wasClaimed := lane.Epoch > 0 // a root whose answer was lost has no lease any more, but may have been posted
	return lane.LeasedUntil == nil && lane.Head == 0 && !wasClaimed
}

// ThreadLost opens a new thread after somebody deleted the root of the current one, and repeats the customer's
// last messages in it. It does so once per lost root. It does nothing in a chat that the conversation has left,
// whose members may not be allowed to read it any more.
// Errors: *book.NotYet while a post of the thread is being sent, because the new root must not overtake it.
func (th *Writer) ThreadLost(c *Conversation, surface store.AccountID, root string) error {
	t := c.Threads[surface]
	if t == nil || t.Root == "" || c.CloseReason == bridge.CloseDeleted {
		return nil
	}
	if t.Root != root {
		return nil // a later root is in place already
	}
	if t != c.Home(th.Dir) {
		return nil
	}

	lane := th.SurfaceLane(c, t, bridge.PostLine)
	if lane.LeasedUntil != nil && lane.LeasedUntil.After(th.Event.ReceivedAt) {
		return th.PutAside(lane.LeasedUntil.Sub(th.DatabaseNow))
	}

	t.Root, t.Dirty = "", true
	t.Rerooted++
	lane.Priority, lane.Dirty = store.PriorityRoot, true
	lane.Epoch++ // fences off the late result of an attempt whose lease has expired, which would count for the new root
	repeatLastWords(th, c, t, lane)
	th.Outbox.EnqueueFirst(lane, bridge.PostRoot, NoMessage, Payload{Place: bridge.Place{Channel: otherChannel(th, c, t)}})
	th.Log.ByParley(c, store.DeedRerooted, nil)
	return nil
}

// repeatLastWords queues the customer's last messages, back to the reply before them, at the front of the
// thread's lane, each with its files and its latest edit.
// It does nothing if a message of the customer is queued anyway, or if the conversation isn't open or is automatic.
func repeatLastWords(th *Writer, c *Conversation, t *Thread, lane *Lane) {
	if th.Outbox.HasUnshown(c) || !c.BridgeStatus().Open() || c.Kind == store.KindAutomatic {
		return
	}
	for _, m := range lastWords(th, c) { // each is queued in front of the one after it
		if r := m.Revision; r != nil && r.Text != m.Text { // the post shows the message before its edit
			change := ChangeLine(m.ID, Quote(&m), WordsOrRemarks(r.Text, r.Notices), r.At)
			th.Outbox.EnqueueFirst(lane, bridge.PostLine, m.ID, Payload{Line: &change})
		}
		if th.Files.HasPost(&m) {
			th.Outbox.EnqueueFirst(lane, bridge.PostFiles, m.ID, Payload{Files: FetchedFiles(&m)})
			th.AllowUpload(lane, t, &m)
		}
		th.Outbox.EnqueueFirst(lane, bridge.PostSaid, m.ID, Payload{Dated: true, Subject: true})
	}
}

// lastWords returns the customer's last messages, back to the reply before them, the newest first.
func lastWords(th *Writer, c *Conversation) (list []store.Message) {
	for _, m := range th.Messages.Latest(c) {
		if m.Direction == store.DirectionOut && !m.IsAutomaticReply() && len(list) > 0 {
			return list
		}
		if m.Direction == store.DirectionIn && !m.IsDeleted() {
			list = append(list, m)
		}
	}
	return list
}

// RepeatLastWords posts the customer's last messages in the thread in which a conversation goes on, whose readers may not read the one
// before.
func RepeatLastWords(th *Writer, c *Conversation) {
	t := c.Home(th.Dir)
	for _, m := range slices.Backward(lastWords(th, c)) {
		th.PostTo(c, t, bridge.PostSaid, m.ID, Payload{Dated: true, Subject: true})
		if th.Files.HasPost(&m) {
			lane := th.SurfaceLane(c, t, bridge.PostFiles)
			th.Outbox.Enqueue(lane, string(bridge.PostFiles), m.ID, Payload{Files: FetchedFiles(&m)}, nil)
			th.AllowUpload(lane, t, &m)
		}
		if r := m.Revision; r != nil && r.Text != m.Text {
			change := ChangeLine(m.ID, Quote(&m), WordsOrRemarks(r.Text, r.Notices), r.At)
			th.PostTo(c, t, bridge.PostLine, m.ID, Payload{Line: &change})
		}
	}
}

// FetchedFiles returns the indexes of a message's files that have been fetched from their provider, or given up. A post of its files
// shows these at once, and the others as soon as they are there.
func FetchedFiles(m *store.Message) []int {
	var indexes []int
	for _, f := range m.Files {
		if f.Fetched && !IsMissing(f) {
			indexes = append(indexes, f.Index)
		}
	}
	return indexes
}

// IsMissing reports whether a file is still to be fetched from its provider.
func IsMissing(f store.FileRef) bool {
	hasNoResult := f.Blob == "" && f.Missing == ""
	return f.Fetched && hasNoResult
}

// otherChannel returns the channel for a new root if the conversation belongs in another channel by now, or ""
// for the thread's own. The root's delivery names the channel, so that a root whose answer was lost is searched
// for in the right one. It must not name the thread's own channel, because the previous version of Parley would
// take the delivery for an outdated hand-over and skip it.
func otherChannel(th *Writer, c *Conversation, t *Thread) string {
	homeSurface, channel := th.Dir.HomeOf(c.Account, c.Conversation)
	if homeSurface != t.AccountID || channel == th.Dir.ChannelNow(t.AccountID, t.Channel) {
		return ""
	}
	return channel
}

// CloseThread shows in a thread that the conversation has left where it continues: with a line, and on the
// root. newSurface is the chat in which it continues. If that is the same chat, an update of the old root is
// queued after the new root; otherwise the old root shows it with its next update.
func (th *Writer) CloseThread(c *Conversation, left *Thread, newSurface store.AccountID, line bridge.Line) {
	if left.Root == "" || c.IsRestricted() { // then TakeOut empties it
		return
	}
	th.PostTo(c, left, bridge.PostLine, NoMessage, Payload{
		Left:  true,
		Place: bridge.Place{Channel: left.Channel, Thread: left.Root},
		Line:  &line,
	})
	if newSurface == left.AccountID {
		queueLeftCard(th, c, left, bridge.Place{Channel: left.Channel, Message: left.Root})
	}
}

// CloseLeft is CloseThread for a root that has just been replaced in the same chat. The line is that of the
// delivery that moved the thread.
func CloseLeft(th *Writer, c *Conversation, f Fact) {
	t := c.Threads[f.Surface]
	if t == nil || t.Root == f.Root {
		return // the conversation is in that thread again
	}
	left := bridge.Place{Channel: f.External, Thread: f.Root, Message: f.Root}
	if c.IsRestricted() && th.Dir.IsOutsideOwnChannel(c.Account, c.Conversation, f.Surface, f.External) {
		TakeOut(th, c, ErasedPost{Surface: f.Surface, Kind: bridge.PostRoot, Conversation: c.ID, Place: left})
		return
	}
	if d := th.Outbox.Delivery(f.Delivery); d != nil {
		th.PostTo(c, t, bridge.PostLine, NoMessage, Payload{
			Left:  true,
			Place: bridge.Place{Channel: f.External, Thread: f.Root},
			Line:  d.DecodedPayload().Line,
		})
	}
	queueLeftCard(th, c, t, bridge.Place{Channel: f.External, Message: f.Root})
}

// queueLeftCard queues an update of a root that the conversation has left. It uses the lane of messages,
// because it must follow the new root. In the lane of cards it would also count as an update of the new root.
func queueLeftCard(th *Writer, c *Conversation, t *Thread, root bridge.Place) {
	lane := th.SurfaceLane(c, t, bridge.PostLine)
	th.Outbox.Enqueue(lane, string(bridge.PostCard), NoMessage, Payload{Left: true, Place: root}, nil)
}
