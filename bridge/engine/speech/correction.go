package speech

import (
	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/clean"
	"parley/bridge/engine/files"
	"parley/store"
)

// correctionReason marks the new text of a reply that was edited after it was sent. That text leaves as a message of its own,
// and only when somebody clicks.
const correctionReason string = "correction"

// setWords gives a message the words and files of an edit. What the customer may have of the former ones is kept with its deliveries.
func (sp *UseCases) setWords(c *book.Conversation, m *book.Message, a bridge.Action) {
	changes := book.Edits{Outbox: sp.Outbox}.EditWords(m, a.Text, book.SurfaceFiles(a.Files))
	tooLate := book.FileChanges{Left: changes.Left, Leaving: changes.Leaving, Failed: changes.Failed}
	if !tooLate.IsNone() {
		sp.TellWith(c, m, bridge.Line{Content: lateEdit(tooLate, true), Text: m.Text})
	}
}

// CustomerGot notes that the customer has a reply. If the reply was edited or taken back while it was under way, its author is
// told that the customer has something else than the message says now.
func (sp *UseCases) CustomerGot(c *book.Conversation, m *book.Message) {
	before, now := m.Fate, m.Text
	changes := sp.Outbox.TakeSent(m)
	edited := m.Text != now || !changes.IsNone()
	updatePreview(c, now, m.Text)

	m.Direction, m.Fate = store.DirectionOut, store.FateOut
	m.Dirty = true
	edit := bridge.Action{Actor: bridge.Actor{ID: m.AuthorUser, Kind: bridge.ActorPerson}, Text: now}
	switch before { // what people wanted to become of it; edited is true where an edit was too late
	case store.FateUndone, store.FateDropped:
		sp.TellWith(c, m, bridge.Line{Content: bridge.LineDeleteLate})
	case store.FateInside:
		sp.tellLateEdit(c, m, edit, Inside, changes)
	case store.FateAsk:
		if edited {
			sp.tellLateEdit(c, m, edit, Ask, changes)
		} else {
			sp.TellWith(c, m, bridge.Line{Content: &bridge.EditLateLine{}})
		}
	default:
		if edited {
			sp.tellLateEdit(c, m, edit, Out, changes)
		}
	}

	d := sp.Outbox.FirstPartOf(m)
	countAsSaid(c, m, d, before)
	waited := c.WaitingSince
	sp.replies.AwaitCustomer(c, d != nil && d.DecodedPayload().KeepsStatus)

	hasEndedWait := waited != nil && c.WaitingSince == nil
	if hasEndedWait && d != nil {
		p := d.DecodedPayload()
		p.Waited = waited
		d.SetPayload(p)
	}
}

// countAsSaid makes a reply that seemed not to reach the customer count again as what was said last, unless the customer has
// written since it was to be sent (d, which may be nil): book.Messages.AwaitAnswerAgain had let it count no more. One whose fate
// was open until now, perhaps since it was sent again, doesn't count if the customer wrote at the same time: it may be the older.
func countAsSaid(c *book.Conversation, m *book.Message, d *book.Delivery, before store.Fate) {
	said := m.CreatedAt
	if d != nil {
		said = d.CreatedAt
	}
	wasOpen := before == store.FateWaiting || before == store.FateUnclear
	if c.LastFrom != "customer" || c.LastAt.After(said) || wasOpen && c.LastAt.Equal(said) {
		return
	}
	c.LastFrom, c.LastPreview = "agent", clean.Preview(m.Text)
}

// tellLateEdit tells the author of a reply that was edited after it was sent what the customer has, and offers to send the new
// text as a correction, with the files that were added. decision is what would become of the new text if it were typed now, changes
// are those of the files. If the message says again what was sent, because its author has changed it back or restored it, there is
// nothing to tell.
func (sp *UseCases) tellLateEdit(c *book.Conversation, m *book.Message, a bridge.Action, decision Decision, changes book.FileChanges) {
	sp.dropCorrections(m)
	hasSentText := a.Text == m.Text
	if hasSentText && changes.IsNone() && decision != Inside {
		return
	}

	correction := bridge.Action{Actor: a.Actor}
	if !hasSentText { // else the customer has it
		correction.Text = a.Text
	}
	for _, f := range changes.Added {
		correction.Files = append(correction.Files, files.FromSurface(f))
	}

	line := bridge.Line{Content: lateEdit(changes, hasSentText && !changes.IsNone()), Text: m.Text}
	isEmpty := correction.Text == "" && len(correction.Files) == 0
	if decision == Inside || isEmpty {
		sp.TellWith(c, m, line)
		return
	}

	agent := sp.Dir.AgentOf(m.AccountID, m.AuthorUser)
	fix := sp.Messages.AddByPerson(book.Request{Conversation: c, Agent: agent, Surface: m.AccountID, Action: correction})
	fix.Fate, fix.Reason = store.FateAsk, correctionReason
	line.Verbs = []bridge.Verb{bridge.VerbSend}
	line.Args = bridge.Args{Conversation: c.ID, Message: fix.ID}
	sp.LineAbout(c, m, line)
}

// lateEdit says what became of the files that an edit removed or added too late, and whether it changed only these.
func lateEdit(changes book.FileChanges, onlyFiles bool) *bridge.EditLateLine {
	return &bridge.EditLateLine{OnlyFiles: onlyFiles, Left: changes.Left, Leaving: changes.Leaving, Failed: changes.Failed,
		Stopped: changes.Stopped, Added: changes.AddedNames()}
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
