package engine

import (
	"parley/bridge"
	"parley/store"
)

// If the chat loses the response to a submitted form, the form stays open, and its author believes that nothing
// happened. The author may change the text and submit the form again. The second text then replaces the first
// one, unless the customer may already have that.

// TakeBackEarlierSubmission takes back the messages of earlier submissions of the same form. It returns false
// if the customer has, or may get, any of them.
func (w *work) TakeBackEarlierSubmission(r Request) bool {
	hadLeft := false
	for _, k := range FormKeys(r) {
		p := w.Posts.At(k)
		if p == nil || p.ConversationID != r.Conversation.ID {
			continue
		}
		m := w.Messages.Get(p.MessageID)
		if m == nil {
			continue
		}
		hadLeft = hadLeft || m.Reason == bridge.ReasonHandedIn // m wasn't sent because a submission before it had left
		if !takeBackForAnother(w, r.Conversation, m) {
			return false
		}
	}
	return !hadLeft
}

// takeBackForAnother takes back a message that is to be replaced. It returns false if the customer has it, or a part of it, or may get it.
func takeBackForAnother(w *work, c *Conversation, m *Message) bool {
	if w.Outbox.PartsOf(m).HaveLeftPartly() { // such as the text of a reply whose file has failed
		return false
	}
	switch m.Fate {
	case store.FateIn, store.FateInside, store.FateFailed, store.FateUndone, store.FateDropped: // not on its way
		return true
	case store.FateAsk, store.FateParked:
		m.Fate, m.Dirty = store.FateDropped, true
		return true
	case store.FateWaiting:
		if w.Outbox.PartsOf(m).MayHaveLeft() || !w.Outbox.CancelReply(m) {
			return false
		}
		why := bridge.Because(bridge.ReasonHandedIn)
		m.Fate, m.Dirty = store.FateUndone, true
		w.Log.ByParley(c, store.DeedUndone, Detail{Message: m.ID, Why: why})
		w.TellAuthor(c, m, &bridge.UndoneLine{Why: why})
		w.Messages.AwaitAnswerAgain(c)
		return true
	default: // FateOut, FateUnclear
		return false
	}
}

// EndReplying ends the display that an agent is writing a reply, when the agent submits the form of a reply or
// a template.
func (w *work) EndReplying(r Request) {
	isReply := r.Verb == bridge.VerbReply || r.Verb == bridge.VerbTemplate
	if r.Origin != bridge.OriginForm || !isReply {
		return
	}
	w.Replying.End(r.Conversation, r.Agent)
}
