package speech

import (
	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/store"
)

// If the answer to a submitted form is lost, the form stays open, and its author believes that nothing was done. When the
// author submits it again with other words, these take the place of the first ones, unless the customer may have the first
// ones already.

// TakeBackEarlierSubmission takes back what the same opened form sent before, so that what it sends now can take its place. It returns
// false if the customer has, or may get, something of that.
func (sp *UseCases) TakeBackEarlierSubmission(r book.Request) bool {
	hadLeft := false
	for _, k := range book.FormKeys(r) {
		p := sp.Posts.Rows[k]
		if p == nil || p.ConversationID != r.Conversation.ID {
			continue
		}
		m := sp.Messages.Rows[p.MessageID]
		if m == nil {
			continue
		}
		hadLeft = hadLeft || m.Reason == bridge.ReasonHandedIn // its author was asked about m, because what was sent before m had left
		if !takeBackForAnother(sp, r.Conversation, m) {
			return false
		}
	}
	return !hadLeft
}

// takeBackForAnother takes back a message, so that another one can take its place. It returns false if the customer has it, or may get it.
func takeBackForAnother(sp *UseCases, c *book.Conversation, m *book.Message) bool {
	switch m.Fate {
	case store.FateIn, store.FateInside, store.FateFailed, store.FateUndone, store.FateDropped: // nothing of it is on its way
		return true
	case store.FateAsk, store.FateParked:
		m.Fate, m.Dirty = store.FateDropped, true
		return true
	case store.FateWaiting:
		if sp.Outbox.PartsOf(m).MayHaveLeft() || !sp.Outbox.CancelReply(m) {
			return false
		}
		why := bridge.Because(bridge.ReasonHandedIn)
		m.Fate, m.Dirty = store.FateUndone, true
		sp.Log.ByParley(c, store.DeedUndone, book.Detail{Message: m.ID, Why: why})
		sp.TellAuthor(c, m, &bridge.UndoneLine{Why: why})
		sp.Messages.AwaitAnswerAgain(c)
		return true
	default: // FateOut, FateUnclear
		return false
	}
}

// EndReplying notes that an agent is no longer writing a reply in a form, because the agent has submitted the form of the reply or
// template, whatever becomes of it.
func (sp *UseCases) EndReplying(r book.Request) {
	isReply := r.Verb == bridge.VerbReply || r.Verb == bridge.VerbTemplate
	if r.Origin != bridge.OriginForm || !isReply {
		return
	}
	sp.Replying.End(r.Conversation, r.Agent)
}
