package inbound

import (
	"slices"
	"strings"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/clean"
	"parley/bridge/engine/outbound"
	"parley/bridge/engine/own"
	"parley/store"
)

// NoteFetched notes that a file was fetched, or that it was given up. If the post of the message's files still waits, it takes the
// file along. If not, the file follows in a post of its own.
func (it *UseCases) NoteFetched(c *book.Conversation, f own.Fact) {
	m := it.Messages.Rows[f.Message]
	if m == nil {
		return
	}
	if m.ConversationID != c.ID { // an agent made a conversation of the message meanwhile
		if c = it.Conversations.Rows[m.ConversationID]; c == nil {
			return
		}
	}

	at := slices.IndexFunc(m.Files, func(r store.FileRef) bool { return r.Fetched && r.Index == f.File })
	if at < 0 {
		return
	}

	ref := &m.Files[at]
	noteResult(ref, f)
	m.Dirty = true

	d, t := it.Outbox.FilesPost(m), c.Home(it.Dir)
	if d == nil || t == nil {
		return // the message's files aren't shown anywhere
	}

	l := it.SurfaceLane(c, t, bridge.PostFiles)
	isElsewhere := d.LaneID != l.ID // in the thread from which the message was moved, or the conversation handed over
	if isElsewhere || d.Attempt > 0 || !it.Outbox.CanBeTakenBack(d) {
		it.Outbox.Enqueue(l, string(bridge.PostFiles), m.ID, outbound.Payload{Files: []int{f.File}, Only: true}, nil)
		it.AllowUpload(l, t, m)
		return
	}

	p := d.DecodedPayload()
	p.Files = append(p.Files, f.File)
	d.SetPayload(p)
	it.setFilesSize(d, l, t, m)
	if !slices.ContainsFunc(m.Files, isMissing) {
		d.NotBefore = nil
		if it.Outbox.IsHead(d) {
			it.Outbox.SetDue(l, nil)
		}
	}
}

// noteResult notes with a file what came of fetching it.
func noteResult(ref *store.FileRef, f own.Fact) {
	ref.Blob = f.Blob
	if f.Blob == "" { // it was given up
		ref.Missing = f.Text
		return
	}
	ref.Missing = ""
	ref.SizeBytes = f.SizeBytes
	ref.Name = firstNonBlank(clean.Text(f.Name), ref.Name) // a channel may have had to invent one
	ref.ContentType = firstNonBlank(f.ContentType, ref.ContentType)
}

// firstNonBlank returns the first text that is not blank, or "" if there is none.
func firstNonBlank(list ...string) string {
	for _, s := range list {
		if strings.TrimSpace(s) != "" {
			return s
		}
	}
	return ""
}
