package engine

import (
	"slices"
	"strings"

	"parley/bridge"
	"parley/store"
)

// NoteFetched records that a customer's file was fetched from its provider, or that fetching it was given up.
// If the post of the message's files is still queued, the file is added to it. Otherwise the file gets a post
// of its own.
func (w *work) NoteFetched(c *Conversation, f Fact) {
	m := w.Messages.Get(f.Message)
	if m == nil {
		return
	}
	if m.ConversationID != c.ID { // an agent has turned the message into a conversation of its own since
		if c = w.Conversations.Get(m.ConversationID); c == nil {
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

	d, t := w.Outbox.FilesPost(m), c.Home(w.Dir)
	if d == nil || t == nil {
		return // the message's files aren't shown anywhere
	}

	lane := w.SurfaceLane(c, t, bridge.PostFiles)
	isInFormerThread := d.LaneID != lane.ID // the message was moved, or the conversation handed over
	canAddToPost := !isInFormerThread && d.Attempt == 0 && w.Outbox.CanBeTakenBack(d)
	if !canAddToPost {
		w.Outbox.Enqueue(lane, string(bridge.PostFiles), m.ID, Payload{Files: []int{f.File}, Only: true}, nil)
		w.AllowUpload(lane, t, &m.Message)
		return
	}

	p := d.DecodedPayload()
	p.Files = append(p.Files, f.File)
	d.SetPayload(p)
	w.setFilesSize(d, lane, t, m)
	isComplete := !slices.ContainsFunc(m.Files, IsMissing)
	if isComplete {
		d.NotBefore = nil
		if w.Outbox.IsHead(d) {
			w.Outbox.SetDue(lane, nil)
		}
	}
}

// noteResult records the result of fetching a file.
func noteResult(ref *store.FileRef, f Fact) {
	ref.Blob = f.Blob
	if f.Blob == "" { // given up
		ref.Missing = f.Text
		return
	}
	ref.Missing = ""
	ref.SizeBytes = f.SizeBytes
	ref.Name = firstNonBlank(Text(f.Name), ref.Name) // the channel may have made up the name so far
	ref.ContentType = firstNonBlank(f.ContentType, ref.ContentType)
}

// firstNonBlank returns the first text that is not blank, or "".
func firstNonBlank(list ...string) string {
	for _, s := range list {
		if strings.TrimSpace(s) != "" {
			return s
		}
	}
	return ""
}
