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
	if p.Kind != book.HumanMessage || m == nil || c == nil || r.Version <= p.Version {
		return
	}
	isRepeated := isSameEdit(p.Version, r.Version)
	p.Version = r.Version
	sp.Posts.Change(p)
	if !isRepeated || r.Restored {
		sp.applyEdit(r.About(c), m)
	}
}

// conversationOf returns the conversation that a person's message, or a post of ours, belongs to, or nil if there is none.
func conversationOf(b *book.Book, p *store.Post) *book.Conversation {
	if m := b.Messages.Rows[p.MessageID]; m != nil && p.Kind == book.HumanMessage {
		return b.Conversations.Rows[m.ConversationID]
	}
	return b.Conversations.Rows[p.ConversationID]
}

// isSameEdit reports whether two versions of a message are one edit that a surface reported in two ways, with different times.
// Behind a colon, such versions have the same mark of the content.
func isSameEdit(known, told string) bool {
	_, before, _ := strings.Cut(known, ":")
	_, now, _ := strings.Cut(told, ":")
	return now != "" && now == before
}

// applyEdit applies an edit by what has become of the message so far.
func (sp *UseCases) applyEdit(r book.Request, m *book.Message) {
	r.Agent = sp.Dir.AgentOf(m.AccountID, m.AuthorUser)
	r.Actor = bridge.Actor{ID: m.AuthorUser, Kind: bridge.ActorPerson}
	decision, reason := Speak(sp.speechOf(r))
	if m.Place == "" { // it was typed elsewhere, with the number of its conversation, and may not be for that one any more
		decision, reason = Ask, elsewhereReason
		if speaksToParley := r.Explicit || r.MentionsBot; !speaksToParley {
			decision, reason = Inside, noteReason
		}
	}
	d := sp.Outbox.FirstPartOf(m)
	m.Promotional = m.Promotional || r.Args.Promotional
	switch {
	case m.Fate == store.FateWaiting && sp.Outbox.IsReplyUnderWay(m):
		updatePreview(r.Conversation, m.Text, r.Text)
		sp.setWords(m, r.Action) // the new text leaves if the attempt fails; if it succeeds, CustomerGot tells the author
		sp.Outbox.CancelPartsWithoutFiles(m)
		if decision != Out {
			sp.keepInside(r.Conversation, m, r.Action, decision, reason)
		}
	case m.Fate == store.FateWaiting && d != nil && sp.Outbox.CanBeTakenBack(d):
		updatePreview(r.Conversation, m.Text, r.Text)
		sp.setWords(m, r.Action)
		if decision == Out {
			sp.Outbox.CancelPartsWithoutFiles(m)
			sp.replies.MeasureLine(r.Conversation, d, m)
			sp.restartHold(r.Conversation, d)
			return
		}
		sp.Outbox.CancelReply(m)
		sp.keepInside(r.Conversation, m, r.Action, decision, reason)
	case m.Fate == store.FateFailed, m.Fate == store.FateWaiting && d != nil && d.State == store.Failed: // "Send again" sends the new text
		sp.setWords(m, r.Action)
		if decision != Out {
			m.Direction, m.Fate, m.Reason = store.DirectionNote, store.FateInside, reason
			sp.Mark(r.Conversation, m, bridge.MarkInside)
		}
	case m.Fate == store.FateUndone || m.Fate == store.FateDropped: // no customer has it
		sp.setWords(m, r.Action)
		if m.Fate == store.FateUndone && (amongColleagues{sp}).keepEdited(r, m, decision, reason) {
			return
		}
		switch {
		case !r.Restored:
		case decision == Out: // that a deleted text was restored isn't enough to send it
			(amongColleagues{sp}).askEdited(r.Conversation, m)
		default:
			m.Direction, m.Fate, m.Reason = store.DirectionNote, store.FateInside, reason
		}
	case m.Direction == store.DirectionOut:
		sp.tellLateEdit(r.Conversation, m, r.Action, decision)
	default:
		sp.setWords(m, r.Action)
		if (amongColleagues{sp}).keepEdited(r, m, decision, reason) {
			return
		}
		if decision == Out && m.Fate == store.FateInside {
			(amongColleagues{sp}).askEdited(r.Conversation, m) // that an edit made a note a reply isn't enough to send it
		}
	}
}

// updatePreview puts the new words of an edited reply into the preview that lists show, if its former words are there.
func updatePreview(c *book.Conversation, before, now string) {
	if c.LastFrom == "agent" && c.LastPreview == clean.Preview(before) {
		c.LastPreview = clean.Preview(now)
		c.Touch()
	}
}

// keepInside keeps a reply inside that waited, because an edit made it a text that doesn't leave by itself.
func (sp *UseCases) keepInside(c *book.Conversation, m *book.Message, a bridge.Action, decision Decision, reason string) {
	m.Direction, m.Fate, m.Reason = store.DirectionNote, store.FateInside, reason
	sp.Log.ByParley(c, store.DeedKeptInside, book.Detail{Message: m.ID, Reason: reason})
	sp.Messages.AwaitAnswerAgain(c)
	sp.Mark(c, m, bridge.MarkInside)
	switch {
	case decision == Ask:
		m.Fate = store.FateAsk
		sp.Mark(c, m, "")
		sp.Ask(c, m, a, reason)
	case book.MustTellAuthor(reason):
		sp.TellInside(c, m, reason)
	}
}

// restartHold begins the hold of an edited reply anew, with the lines that leave together with it. A reply is held for
// reply.MaxHold in all, but after an edit for minHold at least.
func (sp *UseCases) restartHold(c *book.Conversation, d *book.Delivery) {
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
		if other != d && other.JoinKey == d.JoinKey && sp.Outbox.CanBeTakenBack(other) {
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
	if m := sp.Messages.Rows[p.MessageID]; m != nil && p.Kind == book.HumanMessage {
		sp.applyDelete(c, m)
	}
	return nil
}

// erasedReason is the reason of a message whose customer was erased, so that store/erase has emptied it.
const erasedReason = "erased"

// applyDelete takes back a text that its author deleted. Nobody can send it any more, unless the author restores it. Only if
// nobody knows yet whether it has left, a click can still ask for it; then the attempt that is under way counts, and no other
// is made.
func (sp *UseCases) applyDelete(c *book.Conversation, m *book.Message) {
	switch {
	case m.Reason == erasedReason: // the certificate of the erasure asks people to delete it
	case m.Fate == store.FateDropped, m.Fate == store.FateUndone && m.Reason == book.DeletedReason: // it was taken back before
	case m.Fate == store.FateAsk, m.Fate == store.FateParked, m.Fate == store.FateFailed, m.Fate == store.FateUndone,
		m.Fate == store.FateInside && book.MustTellAuthor(m.Reason): // the lines about it have buttons
		m.Fate, m.Dirty = store.FateDropped, true
	case m.Fate == store.FateWaiting && sp.Outbox.CancelReply(m):
		m.Fate, m.Reason, m.Dirty = store.FateUndone, book.DeletedReason, true
		sp.Log.ByParley(c, store.DeedUndone, book.Detail{Message: m.ID, Reason: book.DeletedReason})
		sp.Messages.AwaitAnswerAgain(c)
	case m.Fate == store.FateWaiting && sp.Outbox.ReplyOf(m) != nil && (sp.Outbox.IsReplyUnderWay(m) || sp.Outbox.HasLeftPartly(m)):
		m.Fate, m.Dirty = store.FateUndone, true // if it lands all the same, CustomerGot tells the author
		if sp.Outbox.HasLeftPartly(m) {
			sp.TellWith(c, m, bridge.Line{Content: bridge.LineDeleteLate})
		}
		sp.Messages.AwaitAnswerAgain(c)
	case m.Direction == store.DirectionOut && m.Fate != store.FateFailed:
		sp.TellWith(c, m, bridge.Line{Content: bridge.LineDeleteLate})
	}
}
