package engine

import (
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"parley/bridge"
	"parley/store"
)

// showSaid posts a customer's message and its files. A chat message with files only is posted without a text,
// so that several photos can share one post.
func (w *work) showSaid(c *Conversation, t *Thread, m *Message, p Payload) {
	c.Unshown = true
	hasFiles := w.Files.HasPost(&m.Message)
	hasText := m.Text != "" || m.Quoted != ""
	hasRemarks := len(m.Notices) > 0 || p.Answers != nil
	isChat := c.Exclusive
	hasOnlyFiles := isChat && hasFiles && !hasText && !hasRemarks

	if !hasOnlyFiles {
		p.Dated = IsLate(m, w.DatabaseNow)
		d := w.PostTo(c, t, bridge.PostSaid, m.ID, p)
		w.makeSaidJoinable(d, t, m, p.Quote)
	}
	if hasFiles {
		w.showFiles(c, t, m, hasOnlyFiles)
	}
}

const (
	saidOverhead  = 20   // runes that a message takes besides its text in a post that shows several messages
	maxJoinedSaid = 2000 // maximum runes of such a post: a longer one is hard to read
)

// makeSaidJoinable allows several waiting messages of one customer to be posted together. A message that is
// shown with its quoted history (quoted) is posted by itself.
func (w *work) makeSaidJoinable(d *Delivery, t *Thread, m *Message, quoted bool) {
	if quoted {
		return
	}
	var from store.IdentityID
	if m.IdentityID != nil {
		from = *m.IdentityID
	}
	runes := utf8.RuneCountInString(m.Subject) + utf8.RuneCountInString(m.Text) + saidOverhead
	for _, n := range m.Notices {
		runes += utf8.RuneCountInString(n)
	}
	room := maxJoinedSaid
	if chat := w.Chat(t.AccountID); chat != nil {
		room = min(room, chat.Limits().MaxTextRunes*3/4) // a quarter is left for what the surface adds
	}
	d.MakeJoinable(fmt.Sprintf("said:%d", from), runes, max(room, 1))
}

// datedAfter is the age from which a message is shown with the time at which it was written, because the chat
// itself shows only the time of the post.
const datedAfter = 5 * time.Minute

// IsLate reports whether a message is older than datedAfter.
func IsLate(m *Message, databaseNow time.Time) bool {
	return databaseNow.Sub(m.SaidAt) > datedAfter
}

const (
	maxFileWait      = 30 * time.Second // how long a post of files waits for those that are still being fetched
	maxFilesTogether = 10               // maximum files in one post for several messages
	maxBytesTogether = 4 << 20          // maximum bytes in such a post, so that the upload fits into a lease
)

// showFiles posts the files of a message. If the message has only files, they may share a post with those of
// similar messages.
func (w *work) showFiles(c *Conversation, t *Thread, m *Message, hasOnlyFiles bool) {
	var until *time.Time
	if slices.ContainsFunc(m.Files, IsMissing) {
		later := w.Now.Add(maxFileWait)
		until = &later
	}
	l := w.SurfaceLane(c, t, bridge.PostFiles)
	d := w.Outbox.Enqueue(l, string(bridge.PostFiles), m.ID, Payload{Files: FetchedFiles(&m.Message)}, until)
	if hasOnlyFiles && m.IdentityID != nil {
		d.JoinKey = fmt.Sprintf("files:%d", *m.IdentityID)
	}
	w.setFilesSize(d, l, t, m)
}

// setFilesSize sets which share of a post a message's files take, and extends the lane's lease to the time of
// their upload. A lane is a queue of deliveries; a process leases it while it works on one.
func (w *work) setFilesSize(d *Delivery, l *Lane, t *Thread, m *Message) {
	var size int64
	for _, f := range m.Files {
		size += f.SizeBytes
	}

	// A post holds store.JoinRoom units. The share of these files is the larger one of their number and of their bytes.
	byCount := int64(len(m.Files) * store.JoinRoom / maxFilesTogether)
	byBytes := size * store.JoinRoom / maxBytesTogether
	tooLarge := int64(store.JoinRoom + 1) // prevents that they share a post
	d.JoinSize = int(min(max(byCount, byBytes), tooLarge))
	d.Dirty = true
	w.AllowUpload(l, t, &m.Message)
}
