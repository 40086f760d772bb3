package speech

import (
	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/threads"
	"parley/store"
)

// Delete applies the deletion of a message. A typed text is taken back as far as it hasn't left. If the thread's first message was
// deleted, it is posted anew.
func (sp *UseCases) Delete(r book.Request) error {
	p := sp.Posts.Rows[book.PostKey{Account: r.Surface, Channel: r.Place.Channel, Message: r.Place.Message}]
	if p == nil || p.Kind == book.EarlyMessage {
		keepEarlyDeletion(sp.Posts, r, p)
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

// erasedReason is the reason that store/erase gives to the messages of a customer who was erased, when it empties them.
const erasedReason = "erased"

// applyDelete takes back a text that its author deleted. From then on nobody can send it, unless the author restores it. If an
// attempt is under way, or a part has left, the Send button still works (see deleteWaiting).
func (sp editing) applyDelete(c *book.Conversation, m *book.Message) {
	if m.Reason == erasedReason {
		return // an erasure asks people to delete what is left in the chat, which takes nothing back
	}

	wasDeleted := m.Fate == store.FateUndone && m.Reason == book.DeletedReason
	if m.Fate == store.FateDropped || wasDeleted {
		return // it was taken back before
	}
	if hasSendButton(m) {
		m.Fate, m.Dirty = store.FateDropped, true
		noteAuthorsDecision(sp.UseCases, m)
		threads.TellWhatArrived(sp.Writer, c, m)
		return
	}
	if m.Fate == store.FateUnclear {
		sp.deleteUnclear(c, m)
		return
	}
	if m.Fate == store.FateWaiting && sp.deleteWaiting(c, m) {
		return
	}
	if m.Direction == store.DirectionOut {
		sp.TellWith(c, m, bridge.Line{Content: &bridge.DeleteLateLine{}})
	}
}

// hasSendButton reports whether a line about a message has a button that sends it.
func hasSendButton(m *book.Message) bool {
	return m.Fate == store.FateFailed || m.Fate == store.FateUndone || book.CanBeSent(m)
}

// deleteWaiting takes back a reply that waits to be sent, because its author deleted it. It returns false, and changes nothing, if
// the reply doesn't wait, or if the customer may have all of it.
func (sp editing) deleteWaiting(c *book.Conversation, m *book.Message) bool {
	if sp.Outbox.CancelReply(m) {
		sp.Log.ByParley(c, store.DeedUndone, book.Detail{Message: m.ID, Reason: book.DeletedReason})
		if resending(sp).askAboutUnclear(c, m) {
			return true
		}
		m.SetFate(store.FateUndone, book.DeletedReason)
		noteAuthorsDecision(sp.UseCases, m)
		threads.TellWhatArrived(sp.Writer, c, m)
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

	noteAuthorsDecision(sp.UseCases, m)
	m.SetFate(store.FateUndone, book.DeletedLateReason) // if the reply lands all the same, CustomerGot tells the author
	d := sp.Outbox.FirstPartOf(m)
	switch {
	case sp.Outbox.IsBetweenPieces(d):
		sp.Outbox.MakeDue(d) // the next attempt finds it taken back, and ends it
	case hasLeftPartly:
		sp.TellWith(c, m, bridge.Line{Content: &bridge.DeleteLateLine{}})
	}

	sp.Messages.AwaitAnswerAgain(c)
	return true
}

// deleteUnclear takes back what waits of a reply of which nobody knows whether it has left. A person is still asked about that.
// But if an attempt is under way, the whole reply is taken back, so that no further attempt follows.
func (sp editing) deleteUnclear(c *book.Conversation, m *book.Message) {
	parts := sp.Outbox.PartsOf(m)
	for _, d := range parts {
		if !sp.Outbox.Cancel(d) {
			continue
		}
		sp.Log.ByParley(c, store.DeedUndone, book.Detail{Message: m.ID, Reason: book.DeletedReason})
		if d.State == store.NeedsDecision {
			resending(sp).askWhetherItLeft(c, m, d)
		}
	}

	isTakenBack := parts.AreLeaving() && sp.deleteWaiting(c, m)
	text, files := book.ArrivedOf(sp.Outbox, m)
	hasArrived := text != "" || len(files) > 0
	switch {
	case !hasArrived:
		if m.Fate == store.FateUnclear {
			m.SetFate(store.FateUnclear, book.DeletedReason)
		}
		sp.TellWith(c, m, bridge.Line{Content: &bridge.DeleteLateLine{Unclear: true}})
	case !isTakenBack: // else deleteWaiting has told it
		threads.TellWhatArrived(sp.Writer, c, m)
	}
}
