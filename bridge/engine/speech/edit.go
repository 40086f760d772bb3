package speech

import (
	"strings"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/clean"
	"parley/bridge/engine/reply"
	"parley/store"
)

// elsewhereReason marks a reply that was typed outside of its conversation's thread, and edited there.
const elsewhereReason string = "edited_elsewhere"

// editedReason marks a message whose text is not what it was when it was decided.
const editedReason string = "edited"

// Edit applies a person's edit of a typed text. During the hold the new text is what leaves; later
// a new text never reaches the customer without a click.
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
	again := sameContent(p.Version, r.Version)
	p.Version = r.Version
	sp.Posts.Change(p)
	if !again || r.Restored {
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

// sameContent reports whether two versions of a message are one edit that a surface reported in two
// ways, with different times. Such versions have the same mark of the content behind a colon.
func sameContent(known, told string) bool {
	_, before, _ := strings.Cut(known, ":")
	_, now, _ := strings.Cut(told, ":")
	return now != "" && now == before
}

func (sp *UseCases) applyEdit(r book.Request, m *book.Message) {
	r.Agent = sp.Dir.AgentOf(m.AccountID, m.AuthorUser)
	r.Actor = bridge.Actor{ID: m.AuthorUser, Kind: bridge.ActorPerson}
	decision, reason := Speak(sp.speechOf(r))
	if m.Place == "" { // typed elsewhere, with the number of its conversation, and perhaps not for that one any more
		if decision, reason = Ask, elsewhereReason; !r.Explicit && !r.MentionsBot {
			decision, reason = Inside, noteReason
		}
	}
	d := sp.Outbox.FirstPartOf(m)
	m.Promotional = m.Promotional || r.Args.Promotional
	switch {
	case m.Fate == store.FateWaiting && sp.Outbox.IsReplyUnderWay(m):
		previewChanged(r.Conversation, m.Text, r.Text)
		sp.rewrite(m, r.Action) // the new text leaves if the attempt fails; if it succeeds, Reached tells the author
		sp.Outbox.CancelPartsWithoutFiles(m)
		if decision != Out {
			sp.keepInside(r.Conversation, m, r.Action, decision, reason)
		}
	case m.Fate == store.FateWaiting && d != nil && sp.Outbox.CanBeTakenBack(d):
		previewChanged(r.Conversation, m.Text, r.Text)
		sp.rewrite(m, r.Action)
		if decision == Out {
			sp.Outbox.CancelPartsWithoutFiles(m)
			sp.replies.MeasureLine(r.Conversation, d, m)
			sp.restartHold(r.Conversation, d)
			return
		}
		sp.Outbox.CancelReply(m)
		sp.keepInside(r.Conversation, m, r.Action, decision, reason)
	case m.Fate == store.FateFailed, m.Fate == store.FateWaiting && d != nil && d.State == store.Failed: // Send again sends what it says now
		sp.rewrite(m, r.Action)
		if decision != Out {
			m.Direction, m.Fate, m.Reason = store.DirectionNote, store.FateInside, reason
			sp.Mark(r.Conversation, m, bridge.MarkInside)
		}
	case m.Fate == store.FateUndone || m.Fate == store.FateDropped: // nobody has it
		sp.rewrite(m, r.Action)
		if m.Fate == store.FateUndone && (amongColleagues{sp}).keepEdited(r, m, decision, reason) {
			return
		}
		switch {
		case !r.Restored:
		case decision == Out: // what was deleted and is back isn't sent by that alone
			(amongColleagues{sp}).askEdited(r.Conversation, m)
		default:
			m.Direction, m.Fate, m.Reason = store.DirectionNote, store.FateInside, reason
		}
	case m.Direction == store.DirectionOut:
		sp.tellLateEdit(r.Conversation, m, r.Action, decision)
	default:
		sp.rewrite(m, r.Action)
		if (amongColleagues{sp}).keepEdited(r, m, decision, reason) {
			return
		}
		if decision == Out && m.Fate == store.FateInside {
			(amongColleagues{sp}).askEdited(r.Conversation, m) // a note that became a reply is never sent by an edit alone
		}
	}
}

// previewChanged puts the new words of an edited reply into the preview that lists show, if its former
// words are there.
func previewChanged(c *book.Conversation, before, now string) {
	if c.LastFrom == "agent" && c.LastPreview == clean.Preview(before) {
		c.LastPreview = clean.Preview(now)
		c.Touch()
	}
}

// keepInside keeps a waiting reply inside, because it was edited into a text that is not to leave.
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

// restartHold returns an edited reply its hold again: at least 5 s, 60 s in all.
func (sp *UseCases) restartHold(c *book.Conversation, d *book.Delivery) {
	until := sp.Now.Add(max(sp.replies.Hold(c), holdMinimum))
	if last := d.CreatedAt.Add(reply.HoldLongest); until.After(last) {
		until = last
	}
	if soonest := sp.Now.Add(holdMinimum); until.Before(soonest) {
		until = soonest
	}
	sp.Outbox.Postpone(d, until)
	l := sp.Outbox.Lanes[d.LaneID]
	for _, other := range l.Waiting { // those that leave with it
		if other != d && other.JoinKey == d.JoinKey && d.JoinKey != "" && sp.Outbox.CanBeTakenBack(other) {
			sp.Outbox.Postpone(other, until)
		}
	}
}

// Delete applies the deletion of a message. A typed text is taken back: if it is still held, nothing of it
// leaves. A root is posted anew.
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

// erasedReason is the reason of a message that store/erase has emptied.
const erasedReason = "erased"

// applyDelete takes a text back that its author deleted. Nobody can send it any more, unless the author restores it. Where
// nobody knows yet whether it has left, it can still be asked for by a click; it isn't sent beside the attempt that is looked for.
func (sp *UseCases) applyDelete(c *book.Conversation, m *book.Message) {
	switch {
	case m.Reason == erasedReason: // whoever deletes it does what the certificate of the erasure asks for
	case m.Fate == store.FateDropped, m.Fate == store.FateUndone && m.Reason == book.DeletedReason: // nobody has it
	case m.Fate == store.FateAsk, m.Fate == store.FateParked, m.Fate == store.FateFailed, m.Fate == store.FateUndone,
		m.Fate == store.FateInside && book.MustTellAuthor(m.Reason): // the lines about it have buttons
		m.Fate, m.Dirty = store.FateDropped, true
	case m.Fate == store.FateWaiting && sp.Outbox.CancelReply(m):
		m.Fate, m.Reason, m.Dirty = store.FateUndone, book.DeletedReason, true
		sp.Log.ByParley(c, store.DeedUndone, book.Detail{Message: m.ID, Reason: book.DeletedReason})
		sp.Messages.AwaitAnswerAgain(c)
	case m.Fate == store.FateWaiting && sp.Outbox.ReplyOf(m) != nil && (sp.Outbox.IsReplyUnderWay(m) || sp.Outbox.HasLeftPartly(m)):
		m.Fate, m.Dirty = store.FateUndone, true // if it lands all the same, Reached tells
		if sp.Outbox.HasLeftPartly(m) {
			sp.TellWith(c, m, bridge.Line{Content: bridge.LineDeleteLate})
		}
		sp.Messages.AwaitAnswerAgain(c)
	case m.Direction == store.DirectionOut && m.Fate != store.FateFailed:
		sp.TellWith(c, m, bridge.Line{Content: bridge.LineDeleteLate})
	}
}
