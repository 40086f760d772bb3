package engine

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store"
)

// An agent may edit a message in the chat after typing it. The effect depends on what has become of the message
// (its fate):
//
//	held or queued     the new text leaves instead, after a new hold (the pause in which a reply can be undone)
//	being sent         the new text leaves if the attempt fails; otherwise a correction is offered (correction.go)
//	sent               a correction is offered
//	failed             Send again sends the new text
//	kept inside        it stays among colleagues, or its author is asked; an edit alone never sends it
//
// In each case Speak decides again whether the new text is for the customer at all.

func editVerb() useCase {
	return useCase{
		Rules: Rules{Name: bridge.VerbEdit},
		DoFirst: func(sp *work, _ context.Context, _ pgx.Tx, r Request) error {
			sp.editMessage(r)
			return nil
		},
	}
}

// editMessage applies a person's edit of a typed text, unless it is older than one that was applied, or the
// same one again.
func (w *work) editMessage(r Request) {
	p := w.Posts.At(r.PostKey())
	if p == nil || p.Kind == EarlyMessage {
		w.keepEarlyEdit(r, p)
		return
	}

	w.editChannelText(p, r.Action)
	m, c := w.Messages.Get(p.MessageID), conversationOf(w.Book, p)
	isByPerson := p.Kind == HumanMessage && m != nil && c != nil
	isNewer := r.Version > p.Version // strings such as "1700000000.000200:9f86d081" (bridge.Edit.Version)
	if !isByPerson || !isNewer {
		return
	}

	// A chat may report one edit twice. A restored message also has the same text as before, but must be applied.
	isReportedTwice := isSameEdit(p.Version, r.Version)
	p.Version = r.Version
	w.Posts.MarkChanged(p)

	if !isReportedTwice || r.Restored {
		w.applyEdit(r.About(c), m)
	}
}

// conversationOf returns the conversation of a post, written by a person or by Parley, or nil.
func conversationOf(b *Book, p *store.Post) *Conversation {
	m := b.Messages.Get(p.MessageID)
	if m != nil && p.Kind == HumanMessage {
		return b.Conversations.Get(m.ConversationID)
	}
	return b.Conversations.Get(p.ConversationID)
}

// isSameEdit reports whether two versions come from one edit that the chat reported twice, with different
// times. The part of a version after the colon is a hash of the content (bridge.Edit.Version).
func isSameEdit(known, reported string) bool {
	_, before, _ := strings.Cut(known, ":")
	_, now, _ := strings.Cut(reported, ":")
	return now != "" && now == before
}

// applyEdit applies an edit according to the fate of the text.
func (w *work) applyEdit(r Request, m *Message) {
	// The edit counts as one by the text's author, even if somebody else made it.
	r.Agent = w.Dir.AgentOf(m.AccountID, m.AuthorUser)
	r.Actor = bridge.Actor{ID: m.AuthorUser, Kind: bridge.ActorPerson}
	decision, reason := w.decideEdited(r, m)
	m.Promotional = m.Promotional || r.Args.Promotional

	switch m.Fate {
	case store.FateWaiting:
		if w.editWaiting(r, m, decision, reason) {
			return
		}
	case store.FateFailed:
		if parts := w.Outbox.PartsOf(m); !parts.TextHasLeft() && !isTextUnclear(parts) {
			w.editFailed(r, m, decision, reason)
			return
		}
	case store.FateUndone, store.FateDropped:
		w.editTakenBack(r, m, decision, reason)
		return
	default: // handled below
	}

	isSentInPart := m.Fate == store.FateOut && r.Text == m.Text && len(w.Outbox.PartsOf(m).Unsent(m)) > 0
	if r.Restored && isSentInPart && decision == Out { // the deletion has stopped some of its files
		w.setWords(r.Conversation, m, r.Action)
		w.askEdited(r.Conversation, m)
		return
	}

	if m.Direction == store.DirectionOut { // the customer has the text, or may have it
		changes := w.stopRemovedFiles(r, m)
		if decision != Out {
			changes.Stopped = append(changes.Stopped, w.stopRest(r.Conversation, m)...)
		}
		if r.Restored && decision == Out && m.Fate == store.FateOut {
			changes.Added = append(changes.Added, stoppedFiles(w.Outbox, m)...)
		}
		w.tellLateEdit(r.Conversation, m, r.Action, decision, changes)
		return
	}

	w.setWords(r.Conversation, m, r.Action) // the text was kept inside
	if w.keepEdited(r, m, decision, reason) {
		return
	}
	if decision == Out && m.Fate == store.FateInside {
		w.askEdited(r.Conversation, m) // an edit alone doesn't send a former note
	}
}

// stoppedFiles returns the files of a sent reply that the customer lacks, because its author deleted it before they left.
func stoppedFiles(o *Outbox, m *Message) (list []store.FileRef) {
	for _, d := range o.PartsOf(m).Unsent(m) {
		list = append(list, d.DecodedPayload().Span.FilesOf(m.Files)...)
	}
	return list
}

// isTextUnclear reports whether it is unclear whether the part with a reply's text has left. The reply may count as failed nevertheless,
// because of another part.
func isTextUnclear(parts Parts) bool {
	return len(parts) > 0 && parts[0].State == store.NeedsDecision
}

// decideEdited decides about an edited text as if it were typed now. A text that was typed outside of the thread,
// with the number of its conversation, never leaves without a click, because the edit may have changed the number.
func (w *work) decideEdited(r Request, m *Message) (decision Decision, reason bridge.Reason) {
	wasTypedInThread := m.Place != ""
	if wasTypedInThread {
		return Speak(w.speechOf(r))
	}
	speaksToParley := r.Explicit || r.MentionsBot
	if !speaksToParley {
		return Inside, bridge.ReasonNote // for colleagues now
	}
	return SpeechAsk, bridge.ReasonEditedElsewhere
}

// editWaiting applies an edit of a queued reply. It returns false if the customer may have the reply already or
// if it has no delivery.
func (w *work) editWaiting(r Request, m *Message, decision Decision, reason bridge.Reason) bool {
	d := w.Outbox.FirstPartOf(m)
	switch {
	case d == nil:
		return false
	case decision != Out && d.IsWithinPieces():
		isBetweenPieces := w.Outbox.IsBetweenPieces(d)
		w.editUnderWay(r, m, decision, reason)
		if isBetweenPieces {
			w.Outbox.MakeDue(d) // the next attempt sees that it was taken back, and ends it
		}
		return true
	case w.Outbox.PartsOf(m).TextHasLeft():
		return false
	case w.Outbox.IsReplyUnderWay(m):
		w.editUnderWay(r, m, decision, reason)
		return true
	case w.Outbox.CanBeTakenBack(d):
		w.editHeld(r, m, d, decision, reason)
		return true
	case d.State == store.Failed: // the fact that reports it is not applied yet
		w.editFailed(r, m, decision, reason)
		if decision != Out { // the fact then has no effect
			w.Messages.AwaitAnswerAgain(r.Conversation)
		}
		return true
	}
	return false
}

// editUnderWay applies an edit while an attempt to send the reply is running. If the attempt fails, the next
// one sends the new text. If it succeeds, CustomerGot tells the author that the customer has the old one.
func (w *work) editUnderWay(r Request, m *Message, decision Decision, reason bridge.Reason) {
	w.replaceWords(r, m)
	w.Outbox.StopEmptyParts(m)
	if decision != Out {
		w.keepInside(r.Conversation, m, r.Action, decision, reason)
		return
	}
	w.addParts(r, m)
}

// editHeld applies an edit of a queued reply of which nothing has left. d is its first delivery. If this was a
// repetition of an unclear attempt, and the edit stops it, people are told that the earlier attempt may have
// sent the reply.
func (w *work) editHeld(r Request, m *Message, d *Delivery, decision Decision, reason bridge.Reason) {
	toldBefore := w.ManyTexts(r.Conversation, m.Text)
	w.replaceWords(r, m)
	for _, part := range w.Outbox.PartsOf(m) {
		renumber(part)
	}
	if decision != Out {
		w.Outbox.CancelReply(m)
		w.tellMayHaveLeft(r.Conversation, m) // first, since the last line about a message has the buttons
		w.keepInside(r.Conversation, m, r.Action, decision, reason)
		return
	}

	w.Outbox.StopEmptyParts(m)
	if w.KeepEditOverLimits(r.Conversation, m) {
		w.tellMayHaveLeft(r.Conversation, m)
		return
	}
	w.addParts(r, m)
	w.MeasureLine(r.Conversation, d, m)
	if len(m.Files) > 0 {
		d.JoinKey = "" // only texts without files can be joined into one message
	}
	w.restartHold(r.Conversation, d)
	w.WarnOfTexts(r.Conversation, m, d, toldBefore)
}

// renumber gives an edited delivery a new idempotency number if an attempt was made with the old text.
// Otherwise the provider could mistake the new text for a repetition of that attempt.
func renumber(d *Delivery) {
	p := d.DecodedPayload()
	if len(p.Earlier) > 0 {
		p.Again++
		d.SetPayload(p)
	}
}

// replaceWords gives a reply its new text, also in the conversation's preview.
func (w *work) replaceWords(r Request, m *Message) {
	updatePreview(r.Conversation, m.Text, r.Text)
	w.setWords(r.Conversation, m, r.Action)
}

// addParts queues deliveries for the files that an edit added.
func (w *work) addParts(r Request, m *Message) {
	Edits{Outbox: w.Outbox}.AddParts(m, w.Caps(r.Conversation.AccountID).Files.PerMessage)
}

// editFailed applies an edit of a failed reply. Send again sends the new text, unless it is no longer for the customer.
func (w *work) editFailed(r Request, m *Message, decision Decision, reason bridge.Reason) {
	w.setWords(r.Conversation, m, r.Action)
	w.Outbox.StopEmptyParts(m)
	if decision != Out {
		w.tellMayHaveLeft(r.Conversation, m)
		m.KeepInside(reason)
		noteAuthorsDecision(w, m)
		TellWhatArrived(w.Writer, r.Conversation, m)
		w.Mark(r.Conversation, m, bridge.MarkInside)
		return
	}
	w.addParts(r, m)
}

// editTakenBack applies an edit of a reply that was undone or dropped. Neither an edit nor the restoring of a
// deleted message sends it: it stays inside, or its author is asked.
func (w *work) editTakenBack(r Request, m *Message, decision Decision, reason bridge.Reason) {
	w.setWords(r.Conversation, m, r.Action)
	if m.Fate == store.FateUndone && w.keepEdited(r, m, decision, reason) {
		return
	}
	if !r.Restored {
		return
	}
	if decision == Out {
		w.askEdited(r.Conversation, m)
		return
	}
	m.KeepInside(reason)
}

// updatePreview replaces the conversation's preview if it shows the old text of an edited reply.
func updatePreview(c *Conversation, before, now string) {
	if c.LastFrom == store.FromAgent && c.LastPreview == Preview(before) {
		c.LastPreview = Preview(now)
		c.Touch()
	}
}

// keepInside keeps a text inside that must not leave after an edit. If decision is Ask, its author is asked about it.
func (w *work) keepInside(c *Conversation, m *Message, a bridge.Action, decision Decision, reason bridge.Reason) {
	m.KeepInside(reason)
	noteAuthorsDecision(w, m)
	TellWhatArrived(w.Writer, c, m) // first, since the last line about a message has the buttons
	w.Log.ByParley(c, store.DeedKeptInside, Detail{Message: m.ID, Why: bridge.Because(reason)})
	w.Messages.AwaitAnswerAgain(c)
	w.Mark(c, m, bridge.MarkInside)
	if decision == SpeechAsk {
		m.Fate = store.FateAsk
		w.Ask(c, m, a, reason)
		return
	}
	if bridge.ConsequencesOf(reason).MustTellAuthor {
		w.TellInside(c, m, reason)
	}
}

// noteAuthorsDecision records that a text's author decided about it by an edit or a deletion. Lines about the
// text then name the author, and not a colleague who had sent it.
func noteAuthorsDecision(w *work, m *Message) {
	if author := w.Dir.AgentOf(m.AccountID, m.AuthorUser); author != nil {
		w.NoteDecision(m, author, ByFate)
	}
}

// restartHold starts the hold of an edited reply again, together with those of the texts that leave as one
// message with it. The total hold is at most reply.LongestHold, but at least minHold after an edit. An edit
// never shortens a hold.
func (w *work) restartHold(c *Conversation, d *Delivery) {
	until := w.Now.Add(w.Hold(c))
	if latest := d.CreatedAt.Add(LongestHold(w, c)); until.After(latest) {
		until = latest
	}
	if earliest := w.Now.Add(minHold); until.Before(earliest) { // takes precedence over LongestHold
		until = earliest
	}
	if d.NotBefore != nil && until.Before(*d.NotBefore) {
		until = *d.NotBefore
	}

	w.Outbox.Postpone(d, until)
	if d.JoinKey == "" {
		return
	}

	for _, other := range w.Outbox.Waiting(w.Outbox.Lanes[d.LaneID]) {
		leavesWithIt := other != d && other.JoinKey == d.JoinKey
		if leavesWithIt && w.Outbox.CanBeTakenBack(other) {
			w.Outbox.Postpone(other, until)
		}
	}
}
