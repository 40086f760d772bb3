package engine

import (
	"parley/bridge"
	"parley/store"
)

// An agent may edit, delete or undo a reply while it is being sent. Only the result of the attempt shows which
// version the customer has. If the edit came too late ("Your parcel left on Monday" was sent, and now says
// "Tuesday"), this file tells the author and offers to send the new text as a correction: a message of its own
// that leaves only if the author clicks.

// setWords gives a message the text and files of an edit. Deliveries whose attempt may have sent the old
// version keep that version. setWords tells the author about removed files that can no longer be stopped.
func (w *work) setWords(c *Conversation, m *Message, a bridge.Action) {
	changes := Edits{Outbox: w.Outbox}.EditWords(m, a.Text, SurfaceFiles(a.Files))
	tooLate := FileChanges{Left: changes.Left, Leaving: changes.Leaving, Failed: changes.Failed}
	if !tooLate.IsNone() {
		const onlyFiles = true // the text can still be changed
		w.TellWith(c, m, bridge.Line{Content: lateEdit(tooLate, onlyFiles), Text: m.Text})
	}
}

// CustomerGot records that a reply has left. From now on the message has the text that was sent. If it was
// edited or taken back in the meantime, its author is told, and is offered a correction.
func (w *work) CustomerGot(c *Conversation, m *Message) {
	if m.IsAutomaticReply() { // it is nobody's answer
		m.Fate, m.Dirty = store.FateOut, true
		return
	}
	fateBefore, editedText := m.Fate, m.Text
	changes := w.Outbox.TakeSent(m) // from here on m has the text and files that were sent
	updatePreview(c, editedText, m.Text)

	m.Direction, m.Fate = store.DirectionOut, store.FateOut
	m.Dirty = true
	w.tellWhatCameTooLate(c, m, fateBefore, editedText, changes)

	d := w.Outbox.FirstPartOf(m)
	countAsSaid(c, m, d, fateBefore)
	waitedSince := c.WaitingSince
	w.AwaitCustomer(c, d != nil && d.DecodedPayload().KeepsStatus)

	hasEndedWait := waitedSince != nil && c.WaitingSince == nil
	if hasEndedWait && d != nil { // lets the wait go on if the provider reports later that the reply didn't arrive
		p := d.DecodedPayload()
		p.Waited = waitedSince
		d.SetPayload(p)
	}
}

// tellWhatCameTooLate tells the author of a reply that has left which of their changes came too late. fate is
// the reply's fate before the result was known; editedText and changes are the edit.
func (w *work) tellWhatCameTooLate(
	c *Conversation, m *Message, fate store.Fate, editedText string, changes FileChanges,
) {
	wasEdited := m.Text != editedText || !changes.IsNone()
	edit := bridge.Action{Actor: bridge.Actor{ID: m.AuthorUser, Kind: bridge.ActorPerson}, Text: editedText}
	switch fate {
	case store.FateUndone, store.FateDropped: // deleted or undone
		TellDeletedLate(w.Writer, c, m)
	case store.FateInside: // edited into a message to colleagues
		line := bridge.Line{Content: &bridge.EditLateLine{}, Text: m.Text}
		if !changes.IsNone() || !WasTold(w.Outbox, m, line) {
			w.tellLateEdit(c, m, edit, Inside, changes)
		}
	case store.FateAsk: // edited so that its author was asked about it
		if wasEdited {
			w.tellLateEdit(c, m, edit, SpeechAsk, changes)
		} else {
			w.TellWith(c, m, bridge.Line{Content: &bridge.EditLateLine{}})
		}
	default: // meant to leave
		if wasEdited {
			w.tellLateEdit(c, m, edit, Out, changes)
		}
	}
}

// countAsSaid makes a reply that was delivered after all the conversation's latest message again. While it
// seemed lost, book.Messages.AwaitAnswerAgain had put the customer's message there. If the customer has written
// since the reply was queued, that message stays. d is the reply's first delivery, or nil.
func countAsSaid(c *Conversation, m *Message, d *Delivery, fateBefore store.Fate) {
	if c.LastFrom != store.FromCustomer {
		return
	}

	queuedAt := m.CreatedAt
	if d != nil {
		queuedAt = d.CreatedAt
		if d.DecodedPayload().Overtaken {
			return
		}
	}
	if c.LastAt.After(queuedAt) {
		return
	}
	hadNoResult := fateBefore == store.FateWaiting || fateBefore == store.FateUnclear
	mayBeSentAgain := hadNoResult && c.LastAt.Equal(queuedAt) // queuedAt would then be the time of the repetition
	if mayBeSentAgain {
		return
	}
	c.LastFrom, c.LastPreview = store.FromAgent, Preview(m.Text)
}

// tellLateEdit tells the author of a reply that was edited after it was sent what the customer has. Unless
// decision is Inside, it offers to send the new text and added files as a correction. It does nothing if the
// edit restores what was sent. a has the new text, changes has the changed files, and decision is what Speak
// says about the new text.
func (w *work) tellLateEdit(c *Conversation, m *Message, a bridge.Action, decision Decision, changes FileChanges) {
	w.dropCorrections(m)
	hasSentText := a.Text == m.Text
	if hasSentText && changes.IsNone() && decision != Inside {
		return
	}

	correction := bridge.Action{Actor: a.Actor}
	if !hasSentText { // otherwise the customer has it already
		correction.Text = a.Text
	}
	for _, f := range changes.Added {
		correction.Files = append(correction.Files, FromSurface(f))
	}

	onlyFiles := hasSentText && !changes.IsNone()
	content := lateEdit(changes, onlyFiles)
	parts := w.Outbox.PartsOf(m)
	isUnclear := m.Fate == store.FateUnclear || len(parts.Unclear()) > 0 // the fact that reports it may not be applied yet
	content.Unclear = isUnclear && !parts.TextHasLeft()
	line := bridge.Line{Content: content, Text: m.Text}
	isEmpty := correction.Text == "" && len(correction.Files) == 0
	if decision == Inside || isEmpty {
		w.TellWith(c, m, line)
		return
	}

	agent := w.Dir.AgentOf(m.AccountID, m.AuthorUser)
	fix := w.Messages.AddByPerson(Request{Conversation: c, Agent: agent, Surface: m.AccountID, Action: correction})
	fix.Fate, fix.Reason = store.FateAsk, bridge.ReasonCorrection
	line.Verbs = []bridge.Verb{bridge.VerbSend}
	line.Args = bridge.Args{Conversation: c.ID, Message: fix.ID}
	w.LineAbout(c, m, line)
}

// lateEdit returns the line about an edit that came too late. onlyFiles leaves out the text, because the
// customer has the current one or it can still be changed.
func lateEdit(changes FileChanges, onlyFiles bool) *bridge.EditLateLine {
	return &bridge.EditLateLine{
		OnlyFiles: onlyFiles,
		Left:      changes.Left,
		Leaving:   changes.Leaving,
		Failed:    changes.Failed,
		Stopped:   changes.Stopped,
		Added:     changes.AddedNames(),
	}
}

// dropCorrections drops the corrections of a reply that haven't been sent, before a newer one is offered or
// when the reply is deleted.
func (w *work) dropCorrections(m *Message) {
	if c := w.Conversations.Get(m.ConversationID); c != nil {
		w.Messages.Latest(c)
	}
	for id, lines := range w.TrackedLines() {
		fix := w.Messages.Get(id)
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
