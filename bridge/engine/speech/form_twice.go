package speech

import (
	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/store"
)

// When the answer to a submitted form is lost, the form stays open, and its author believes that nothing
// was done. If the author submits it again with other words, these take the place of the first ones,
// unless the customer may have those already.

// TakeFormBack takes back what the same form sent before. It returns false if that is on its way to the
// customer, or may have arrived.
func (sp *UseCases) TakeFormBack(r book.Request) bool {
	for _, k := range book.FormKeys(r.Surface, r.Action) {
		p := sp.Posts.Rows[k]
		if p == nil || sp.Messages.Rows[p.MessageID] == nil || p.ConversationID != r.Conversation.ID {
			continue
		}
		m := sp.Messages.Rows[p.MessageID]
		switch m.Fate {
		case store.FateIn, store.FateInside, store.FateFailed, store.FateUndone, store.FateDropped: // as it was
		case store.FateAsk, store.FateParked:
			m.Fate, m.Dirty = store.FateDropped, true
		case store.FateWaiting:
			if !sp.Outbox.CancelReply(m) {
				return false
			}
			m.Fate, m.Dirty = store.FateUndone, true
			sp.Log.ByParley(r.Conversation, store.DeedUndone, book.Detail{Message: m.ID, Reason: book.FormReason})
			sp.TellAuthor(r.Conversation, m, &bridge.UndoneLine{Reason: book.FormReason})
			sp.Messages.AwaitAnswerAgain(r.Conversation)
		case store.FateOut, store.FateUnclear:
			return false
		}
	}
	return true
}

// FormHandedIn notes that the form of a reply or a template was submitted, and so is closed, whatever
// becomes of the reply.
func (sp *UseCases) FormHandedIn(r book.Request) {
	if r.Origin != bridge.OriginForm || r.Verb != bridge.VerbReply && r.Verb != bridge.VerbTemplate {
		return
	}
	sp.Replying.End(r.Conversation, sp.Dir.AgentOf(r.Surface, r.Actor.ID))
}
