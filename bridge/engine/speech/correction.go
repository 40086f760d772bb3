package speech

import (
	"encoding/json"
	"slices"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/clean"
	"parley/bridge/engine/outbound"
	"parley/store"
)

// correctionReason marks the new text of a reply that was edited after it was sent. That text leaves as a message of its own,
// and only when somebody clicks.
const correctionReason string = "correction"

// maxEarlier bounds the former texts of a reply that are kept of one attempt. People don't edit a reply more often while it is
// under way, and the first of those texts is the one that was most likely sent.
const maxEarlier = 10

// setWords gives a message the words and files of an edit. If an attempt at it has begun, its former text is kept with the
// delivery, because the customer may have that text.
func (sp *UseCases) setWords(m *book.Message, a bridge.Action) {
	d := sp.Outbox.FirstPartOf(m)
	wasAttempted := d != nil && d.Attempt > 0
	if wasAttempted && m.Text != a.Text {
		p := d.DecodedPayload()
		p.Earlier = slices.DeleteFunc(p.Earlier, func(e outbound.EarlierText) bool { return e.Attempt != d.Attempt })
		if len(p.Earlier) < maxEarlier {
			p.Earlier = append(p.Earlier, outbound.EarlierText{Attempt: d.Attempt, Text: m.Text})
			d.SetPayload(p)
		}
	}
	m.Text, m.Files = a.Text, book.SurfaceFiles(a.Files)
	m.Dirty = true
}

// CustomerGot notes that the customer has a reply. If the reply was edited or taken back while it was under way, its author is
// told that the customer has something else than the message says now.
func (sp *UseCases) CustomerGot(c *book.Conversation, m *book.Message) {
	before, now := m.Fate, m.Text
	sent, edited := sp.Outbox.TakeSentText(m)
	if edited {
		m.Text = sent
		updatePreview(c, now, sent)
	}

	m.Direction, m.Fate = store.DirectionOut, store.FateOut
	m.Dirty = true
	edit := bridge.Action{Actor: bridge.Actor{ID: m.AuthorUser, Kind: bridge.ActorPerson}, Text: now}
	switch before { // what people wanted to become of it; edited is true where an edit was too late
	case store.FateUndone, store.FateDropped:
		sp.TellWith(c, m, bridge.Line{Content: bridge.LineDeleteLate})
	case store.FateInside:
		sp.tellLateEdit(c, m, edit, Inside)
	case store.FateAsk:
		if edited {
			sp.tellLateEdit(c, m, edit, Ask)
		} else {
			sp.TellWith(c, m, bridge.Line{Content: bridge.LineEditLate})
		}
	default:
		if edited {
			sp.tellLateEdit(c, m, edit, Out)
		}
	}

	d := sp.Outbox.FirstPartOf(m)
	countAsSaid(c, m, d, before)
	sp.replies.AwaitCustomer(c, d != nil && d.DecodedPayload().KeepsStatus)
}

// countAsSaid makes a reply that seemed not to reach the customer count again as what was said last, unless the customer has
// written since it was sent (d, which may be nil): book.Messages.AwaitAnswerAgain had let it count no more.
func countAsSaid(c *book.Conversation, m *book.Message, d *book.Delivery, before store.Fate) {
	if before == store.FateWaiting || before == store.FateUnclear {
		return // it counted all the time
	}
	said := m.CreatedAt
	if d != nil {
		said = d.CreatedAt
	}
	if c.LastFrom == "customer" && !c.LastAt.After(said) {
		c.LastFrom, c.LastPreview = "agent", clean.Preview(m.Text)
	}
}

// tellLateEdit tells the author of a reply that was edited after it was sent what the customer has, and offers to send the new
// text as a correction, with the files that were added. decision is what would become of the new text if it were typed now. If the
// message says again what was sent, because its author has changed it back or restored it, there is nothing to tell.
func (sp *UseCases) tellLateEdit(c *book.Conversation, m *book.Message, a bridge.Action, decision Decision) {
	sp.dropCorrections(m)
	added := addedFiles(m, a.Files)
	hasSameFiles := len(added) == 0 && len(a.Files) == len(m.Files)
	isAsSent := a.Text == m.Text && hasSameFiles
	if isAsSent && decision != Inside {
		return
	}

	text := a.Text
	if text == m.Text { // the customer has it
		text = ""
	}

	line := bridge.Line{Content: bridge.LineEditLate, Text: m.Text}
	isEmpty := text == "" && len(added) == 0
	if decision == Inside || isEmpty {
		sp.TellWith(c, m, line)
		return
	}

	correction := bridge.Action{Actor: a.Actor, Text: text, Files: added}
	agent := sp.Dir.AgentOf(m.AccountID, m.AuthorUser)
	fix := sp.Messages.AddByPerson(book.Request{Conversation: c, Agent: agent, Surface: m.AccountID, Action: correction})
	fix.Fate, fix.Reason = store.FateAsk, correctionReason
	line.Verbs = []bridge.Verb{bridge.VerbSend}
	line.Args = bridge.Args{Conversation: c.ID, Message: fix.ID}
	sp.LineAbout(c, m, line)
}

// addedFiles returns those files that a message doesn't have.
func addedFiles(m *book.Message, files []bridge.SurfaceFile) []bridge.SurfaceFile {
	return slices.DeleteFunc(slices.Clone(files), func(f bridge.SurfaceFile) bool {
		return slices.ContainsFunc(m.Files, func(known store.FileRef) bool {
			var at bridge.SurfaceFile
			if json.Unmarshal(known.Surface, &at) == nil && at.ID != "" && f.ID != "" {
				return at.ID == f.ID
			}
			return known.Name == f.Name && known.SizeBytes == f.SizeBytes
		})
	})
}

// dropCorrections drops the corrections of a reply that still wait for a click, because a later one is about to be offered.
func (sp *UseCases) dropCorrections(m *book.Message) {
	for id, lines := range sp.TrackedLines() {
		fix := sp.Messages.Rows[id]
		if fix.Reason != correctionReason || fix.Fate != store.FateAsk {
			continue
		}
		for _, line := range lines {
			at := line.Delivery.DecodedPayload().Line.SourceRef
			if at.Channel == m.Channel && at.Message == m.Place {
				fix.Fate, fix.Dirty = store.FateDropped, true
			}
		}
	}
}
