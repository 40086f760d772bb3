package speech

import (
	"strings"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/clean"
	"parley/bridge/engine/reply"
	"parley/store"
)

// elsewhereReason marks a reply that was typed outside of its conversation's thread, and was edited there.
const elsewhereReason string = "edited_elsewhere"

// editedReason marks a message that was edited after its fate was decided.
const editedReason string = "edited"

// Edit applies a person's edit of a typed text. During the hold, the time in which a reply can still be taken back, the new
// text is what leaves. Later a new text never reaches the customer without a click.
func (sp *UseCases) Edit(r book.Request) {
	p := sp.Posts.Rows[book.PostKey{Account: r.Surface, Channel: r.Place.Channel, Message: r.Place.Message}]
	if p == nil || p.Kind == book.EarlyMessage {
		sp.keepEarly(r, p, false)
		return
	}

	sp.ChannelTexts.editChannelText(p, r.Action)
	m, c := sp.Messages.Rows[p.MessageID], conversationOf(sp.Book, p)
	isKnown := m != nil && c != nil
	if p.Kind != book.HumanMessage || !isKnown || r.Version <= p.Version {
		return
	}

	isRepeated := isSameEdit(p.Version, r.Version)
	p.Version = r.Version
	sp.Posts.Change(p)

	if !isRepeated || r.Restored {
		editing{sp}.applyEdit(r.About(c), m)
	}
}

// conversationOf returns the conversation that a person's message, or a post of ours, belongs to, or nil if there is none.
func conversationOf(b *book.Book, p *store.Post) *book.Conversation {
	m := b.Messages.Rows[p.MessageID]
	if m != nil && p.Kind == book.HumanMessage {
		return b.Conversations.Rows[m.ConversationID]
	}
	return b.Conversations.Rows[p.ConversationID]
}

// isSameEdit reports whether two versions of a message are one edit that a surface reported in two ways, with different times.
// Behind a colon, such versions have the same mark of the content.
func isSameEdit(known, reported string) bool {
	_, before, _ := strings.Cut(known, ":")
	_, now, _ := strings.Cut(reported, ":")
	return now != "" && now == before
}

// editing applies edits and deletions of typed texts, by what has become of the message so far.
type editing struct{ *UseCases }

// applyEdit applies an edit by what has become of the message so far.
func (sp editing) applyEdit(r book.Request, m *book.Message) {
	r.Agent = sp.Dir.AgentOf(m.AccountID, m.AuthorUser)
	r.Actor = bridge.Actor{ID: m.AuthorUser, Kind: bridge.ActorPerson}
	decision, reason := sp.decideEdited(r, m)
	m.Promotional = m.Promotional || r.Args.Promotional
	if m.Fate == store.FateWaiting && sp.editWaiting(r, m, decision, reason) {
		return
	}

	switch m.Fate {
	case store.FateFailed:
		if !sp.Outbox.PartsOf(m).TextHasLeft() {
			sp.editFailed(r, m, decision, reason)
			return
		}
	case store.FateUndone, store.FateDropped:
		sp.editTakenBack(r, m, decision, reason)
		return
	default:
	}

	if m.Direction == store.DirectionOut {
		sp.tellLateEdit(r.Conversation, m, r.Action, decision, resending(sp).stopRemovedFiles(r, m))
		return
	}

	sp.setWords(r.Conversation, m, r.Action)
	if amongColleagues(sp).keepEdited(r, m, decision, reason) {
		return
	}
	if decision == Out && m.Fate == store.FateInside {
		amongColleagues(sp).askEdited(r.Conversation, m) // that an edit made a note a reply isn't enough to send it
	}
}

// decideEdited decides about an edited text as about a new one. A text that was typed elsewhere, with the number of its
// conversation, may not be for that conversation any more: it never leaves without a click.
func (sp editing) decideEdited(r book.Request, m *book.Message) (decision Decision, reason string) {
	wasTypedInThread := m.Place != ""
	if wasTypedInThread {
		return Speak(sp.speechOf(r))
	}
	if r.Explicit || r.MentionsBot { // it speaks to Parley
		return Ask, elsewhereReason
	}
	return Inside, noteReason
}

// editWaiting applies an edit of a reply that waits to be sent. It returns false if the reply doesn't wait any more, because
// the customer may have it, or because it has no delivery.
func (sp editing) editWaiting(r book.Request, m *book.Message, decision Decision, reason string) bool {
	if sp.Outbox.PartsOf(m).TextHasLeft() {
		return false
	}
	if sp.Outbox.IsReplyUnderWay(m) {
		updatePreview(r.Conversation, m.Text, r.Text)
		sp.setWords(r.Conversation, m, r.Action) // the new text leaves if the attempt fails; if it succeeds, CustomerGot tells the author
		sp.Outbox.StopEmptyParts(m)

		if decision == Out {
			book.Edits{Outbox: sp.Outbox}.AddParts(m, sp.Caps(r.Conversation.AccountID).Files.PerMessage)
		} else {
			sp.keepInside(r.Conversation, m, r.Action, decision, reason)
		}
		return true
	}

	d := sp.Outbox.FirstPartOf(m)
	if d == nil {
		return false
	}

	if sp.Outbox.CanBeTakenBack(d) {
		updatePreview(r.Conversation, m.Text, r.Text)
		sp.setWords(r.Conversation, m, r.Action)
		if decision == Out {
			sp.Outbox.StopEmptyParts(m)
			if sp.replies.KeepEditOverLimits(r.Conversation, m) {
				return true
			}
			book.Edits{Outbox: sp.Outbox}.AddParts(m, sp.Caps(r.Conversation.AccountID).Files.PerMessage)
			sp.replies.MeasureLine(r.Conversation, d, m)
			if len(m.Files) > 0 {
				d.JoinKey = "" // only texts leave as one message
			}

			sp.restartHold(r.Conversation, d)
			return true
		}

		sp.Outbox.CancelReply(m)
		sp.keepInside(r.Conversation, m, r.Action, decision, reason)
		return true
	}

	if d.State == store.Failed {
		sp.editFailed(r, m, decision, reason)
		return true
	}

	return false
}

// editFailed applies an edit of a reply that failed: "Send again" sends the new text.
func (sp editing) editFailed(r book.Request, m *book.Message, decision Decision, reason string) {
	sp.setWords(r.Conversation, m, r.Action)
	sp.Outbox.StopEmptyParts(m)
	if decision != Out {
		m.KeepInside(reason)
		sp.Mark(r.Conversation, m, bridge.MarkInside)
		return
	}
	book.Edits{Outbox: sp.Outbox}.AddParts(m, sp.Caps(r.Conversation.AccountID).Files.PerMessage)
}

// editTakenBack applies an edit of a reply that was undone or dropped, so that no customer has it. A text that was deleted and
// then restored (Restored) stays inside, or its author is asked about it: that it was restored isn't enough to send it.
func (sp editing) editTakenBack(r book.Request, m *book.Message, decision Decision, reason string) {
	sp.setWords(r.Conversation, m, r.Action)
	if m.Fate == store.FateUndone && amongColleagues(sp).keepEdited(r, m, decision, reason) {
		return
	}
	if !r.Restored {
		return
	}
	if decision == Out {
		amongColleagues(sp).askEdited(r.Conversation, m)
		return
	}
	m.KeepInside(reason)
}

// updatePreview puts the new words of an edited reply into the preview that lists show, if its former words are there.
func updatePreview(c *book.Conversation, before, now string) {
	if c.LastFrom == "agent" && c.LastPreview == clean.Preview(before) {
		c.LastPreview = clean.Preview(now)
		c.Touch()
	}
}

// keepInside keeps a reply inside that waited, because an edit made it a text that doesn't leave by itself. If decision is Ask,
// its author is asked whether it shall leave.
func (sp *UseCases) keepInside(c *book.Conversation, m *book.Message, a bridge.Action, decision Decision, reason string) {
	m.KeepInside(reason)
	sp.Log.ByParley(c, store.DeedKeptInside, book.Detail{Message: m.ID, Reason: reason})
	sp.Messages.AwaitAnswerAgain(c)
	sp.Mark(c, m, bridge.MarkInside)
	if decision == Ask {
		m.Fate = store.FateAsk
		sp.Mark(c, m, "")
		sp.Ask(c, m, a, reason)
		return
	}
	if book.MustTellAuthor(reason) {
		sp.TellInside(c, m, reason)
	}
}

// restartHold begins the hold of an edited reply anew, with the lines that leave together with it. A reply is held for
// reply.MaxHold in all, but after an edit for minHold at least.
func (sp editing) restartHold(c *book.Conversation, d *book.Delivery) {
	until := sp.Now.Add(sp.replies.Hold(c))
	if latest := d.CreatedAt.Add(reply.MaxHold); until.After(latest) {
		until = latest
	}
	if soonest := sp.Now.Add(minHold); until.Before(soonest) {
		until = soonest
	}

	sp.Outbox.Postpone(d, until)

	if d.JoinKey == "" {
		return
	}

	for _, other := range sp.Outbox.Lanes[d.LaneID].Waiting {
		leavesWithIt := other != d && other.JoinKey == d.JoinKey
		if leavesWithIt && sp.Outbox.CanBeTakenBack(other) {
			sp.Outbox.Postpone(other, until)
		}
	}
}

// Delete applies the deletion of a message. A typed text is taken back: if it is still held, nothing of it leaves. A root of a
// thread is posted anew.
func (sp *UseCases) Delete(r book.Request) error {
	p := sp.Posts.Rows[book.PostKey{Account: r.Surface, Channel: r.Place.Channel, Message: r.Place.Message}]
	if p == nil || p.Kind == book.EarlyMessage {
		sp.keepEarly(r, p, true)
		return nil
	}

	c := conversationOf(sp.Book, p)
	if c == nil {
		sp.ChannelTexts.dropChannelText(p)
		return nil
	}
	if p.Kind == string(bridge.PostRoot) {
		return sp.ThreadLost(c, r.Surface, r.Place.Message)
	}

	m := sp.Messages.Rows[p.MessageID]
	if m != nil && p.Kind == book.HumanMessage {
		editing{sp}.applyDelete(c, m)
	}

	return nil
}

// erasedReason is the reason of a message whose customer was erased, so that store/erase has emptied it.
const erasedReason = "erased"

// applyDelete takes back a text that its author deleted. Nobody can send it any more, unless the author restores it. Only if
// nobody knows yet whether it has left, a click can still ask for it; then the attempt that is under way counts, and no other
// is made.
func (sp editing) applyDelete(c *book.Conversation, m *book.Message) {
	if m.Reason == erasedReason {
		return // the certificate of the erasure asks people to delete it
	}

	wasDeleted := m.Fate == store.FateUndone && m.Reason == book.DeletedReason
	if m.Fate == store.FateDropped || wasDeleted {
		return // it was taken back before
	}
	if isOffered(m) {
		m.Fate, m.Dirty = store.FateDropped, true
		return
	}
	if m.Fate == store.FateWaiting && sp.deleteWaiting(c, m) {
		return
	}
	if m.Direction == store.DirectionOut {
		sp.TellWith(c, m, bridge.Line{Content: bridge.LineDeleteLate})
	}
}

// isOffered reports whether lines about a message have buttons that send it.
func isOffered(m *book.Message) bool {
	return m.Fate == store.FateFailed || m.Fate == store.FateUndone || book.CanBeSent(m)
}

// deleteWaiting takes back a reply that waits to be sent, because its author deleted it. It returns false if it can't be
// taken back, because the customer may have all of it, or because it doesn't wait.
func (sp editing) deleteWaiting(c *book.Conversation, m *book.Message) bool {
	if sp.Outbox.CancelReply(m) {
		m.SetFate(store.FateUndone, book.DeletedReason)
		sp.Log.ByParley(c, store.DeedUndone, book.Detail{Message: m.ID, Reason: book.DeletedReason})
		sp.Messages.AwaitAnswerAgain(c)
		return true
	}

	if sp.Outbox.ReplyOf(m) == nil {
		return false
	}

	hasLeftPartly := sp.Outbox.PartsOf(m).HaveLeftPartly()
	if !hasLeftPartly && !sp.Outbox.IsReplyUnderWay(m) {
		return false
	}

	m.Fate, m.Dirty = store.FateUndone, true // if it lands all the same, CustomerGot tells the author
	if d := sp.Outbox.FirstPartOf(m); sp.Outbox.IsBetweenPieces(d) {
		sp.Outbox.MakeDue(d) // the next attempt finds it taken back, and ends it
	} else if hasLeftPartly {
		sp.TellWith(c, m, bridge.Line{Content: bridge.LineDeleteLate})
	}

	sp.Messages.AwaitAnswerAgain(c)
	return true
}
