package speech

import (
	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/clean"
	"parley/bridge/engine/files"
	"parley/store"
)

// An agent may edit, delete or take back a reply while it is being sent. Then it is known only with the result of the attempt
// which words the customer has. This file tells the author, and offers to send an edited text as a correction.

// setWords gives a message the words and files of an edit. If an attempt may have sent the former ones, its deliveries keep them.
// It tells the author which removed files are too late to be stopped.
func (sp *UseCases) setWords(c *book.Conversation, m *book.Message, a bridge.Action) {
	changes := book.Edits{Outbox: sp.Outbox}.EditWords(m, a.Text, book.SurfaceFiles(a.Files))
	tooLate := book.FileChanges{Left: changes.Left, Leaving: changes.Leaving, Failed: changes.Failed}
	if !tooLate.IsNone() {
		const onlyFiles = true // the text can still be changed
		sp.TellWith(c, m, bridge.Line{Content: lateEdit(tooLate, onlyFiles), Text: m.Text})
	}
}

// CustomerGot notes that the customer has a reply: from now on the message says what was sent. If the reply was edited or taken back
// while it was under way, its author is told so, and may send the new text as a correction.
func (sp *UseCases) CustomerGot(c *book.Conversation, m *book.Message) {
	fateBefore, editedText := m.Fate, m.Text
	changes := sp.Outbox.TakeSent(m) // from here on m has the words and files that were sent
	updatePreview(c, editedText, m.Text)

	m.Direction, m.Fate = store.DirectionOut, store.FateOut
	m.Dirty = true
	sp.editing.tellWhatCameTooLate(c, m, fateBefore, editedText, changes)

	d := sp.Outbox.FirstPartOf(m)
	countAsSaid(c, m, d, fateBefore)
	waitedSince := c.WaitingSince
	sp.replies.AwaitCustomer(c, d != nil && d.DecodedPayload().KeepsStatus)

	hasEndedWait := waitedSince != nil && c.WaitingSince == nil
	if hasEndedWait && d != nil { // kept, so that the wait goes on if it turns out that the customer didn't get the reply
		p := d.DecodedPayload()
		p.Waited = waitedSince
		d.SetPayload(p)
	}
}

// tellWhatCameTooLate tells the author of a reply that has left what they did too late: an edit, a deletion, an undo. fate is
// what had been decided about the reply; editedText and changes are the edit.
func (sp editing) tellWhatCameTooLate(
	c *book.Conversation, m *book.Message, fate store.Fate, editedText string, changes book.FileChanges,
) {
	wasEdited := m.Text != editedText || !changes.IsNone()
	edit := bridge.Action{Actor: bridge.Actor{ID: m.AuthorUser, Kind: bridge.ActorPerson}, Text: editedText}
	switch fate {
	case store.FateUndone, store.FateDropped: // it was deleted
		sp.TellWith(c, m, bridge.Line{Content: &bridge.DeleteLateLine{}})
	case store.FateInside: // it was edited into a remark
		sp.tellLateEdit(c, m, edit, Inside, changes)
	case store.FateAsk: // it was to wait until its author has looked at it once more
		if wasEdited {
			sp.tellLateEdit(c, m, edit, Ask, changes)
		} else {
			sp.TellWith(c, m, bridge.Line{Content: &bridge.EditLateLine{}})
		}
	default: // it was to leave
		if wasEdited {
			sp.tellLateEdit(c, m, edit, Out, changes)
		}
	}
}

// countAsSaid makes a reply that the customer has got after all count again as what was said last. When it seemed lost,
// book.Messages.AwaitAnswerAgain had put the customer's words in its place. Words that the customer has written since the reply
// was queued stay. d is the delivery of the reply's first part, or nil; before is the fate that the reply had.
func countAsSaid(c *book.Conversation, m *book.Message, d *book.Delivery, before store.Fate) {
	if c.LastFrom != store.FromCustomer {
		return
	}

	said := m.CreatedAt
	if d != nil {
		said = d.CreatedAt
		if d.DecodedPayload().Overtaken {
			return
		}
	}
	if c.LastAt.After(said) {
		return
	}
	hadNoResult := before == store.FateWaiting || before == store.FateUnclear
	mayBeSentAgain := hadNoResult && c.LastAt.Equal(said) // said would be the time of that sending
	if mayBeSentAgain {
		return
	}
	c.LastFrom, c.LastPreview = store.FromAgent, clean.Preview(m.Text)
}

// tellLateEdit tells the author of a reply that was edited after it was sent what the customer has. It offers to send the new
// text, and added files, as a correction, unless decision is Inside. It tells nothing if the message says again what was sent.
//   - a has the new words, changes are those of the files;
//   - decision is what Speak says of the new text.
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

	onlyFiles := hasSentText && !changes.IsNone()
	content := lateEdit(changes, onlyFiles)
	content.Unclear = m.Fate == store.FateUnclear && !sp.Outbox.PartsOf(m).TextHasLeft()
	line := bridge.Line{Content: content, Text: m.Text}
	isEmpty := correction.Text == "" && len(correction.Files) == 0
	if decision == Inside || isEmpty {
		sp.TellWith(c, m, line)
		return
	}

	agent := sp.Dir.AgentOf(m.AccountID, m.AuthorUser)
	fix := sp.Messages.AddByPerson(book.Request{Conversation: c, Agent: agent, Surface: m.AccountID, Action: correction})
	fix.Fate, fix.Reason = store.FateAsk, bridge.ReasonCorrection
	line.Verbs = []bridge.Verb{bridge.VerbSend}
	line.Args = bridge.Args{Conversation: c.ID, Message: fix.ID}
	sp.LineAbout(c, m, line)
}

// lateEdit says what became of the files that an edit removed or added too late. onlyFiles means that
// nothing is to be said of the text: the customer has it as it is now, or it can still be changed.
func lateEdit(changes book.FileChanges, onlyFiles bool) *bridge.EditLateLine {
	return &bridge.EditLateLine{
		OnlyFiles: onlyFiles,
		Left:      changes.Left,
		Leaving:   changes.Leaving,
		Failed:    changes.Failed,
		Stopped:   changes.Stopped,
		Added:     changes.AddedNames(),
	}
}

// dropCorrections drops the corrections of a reply that wait for a click, or were taken back, because a later one is about to be
// offered, or because the reply was deleted.
func (sp *UseCases) dropCorrections(m *book.Message) {
	for id, lines := range sp.TrackedLines() {
		fix := sp.Messages.Rows[id]
		if fix.Fate != store.FateAsk && fix.Fate != store.FateUndone {
			continue
		}
		for _, line := range lines {
			offer := line.Delivery.DecodedPayload().Line
			isAboutReply := offer.SourceRef.Channel == m.Channel && offer.SourceRef.Message == m.Place
			if offer.Kind() == bridge.LineEditLate && isAboutReply {
				fix.Fate, fix.Dirty = store.FateDropped, true
			}
		}
	}
}
