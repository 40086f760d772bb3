package engine

import (
	"context"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store"
)

// An agent may delete a message in the chat after typing it. If it was a reply that hasn't left yet, it is
// taken back. If the customer has it already, its author is told so. Between these two there are replies that
// are being sent right now, replies of which only some parts have left, and replies whose attempt was unclear
// (the provider's answer was lost). This file handles each of them.

func deleteVerb() useCase {
	return useCase{
		Rules: Rules{Name: bridge.VerbDelete},
		// If the deleted message was the root of its thread, a new thread begins with the customer's last message.
		DoFirst: func(sp *work, _ context.Context, _ pgx.Tx, r Request) error {
			return sp.deleteMessage(r)
		},
	}
}

// deleteMessage applies the deletion of a message in the chat. An agent's text is taken back as far as
// possible. If Parley's first message of the thread (its root) was deleted, it is posted again.
func (w *work) deleteMessage(r Request) error {
	p := w.Posts.At(r.PostKey())
	if p == nil || p.Kind == EarlyMessage {
		keepEarlyDeletion(w.Posts, r, p)
		return nil
	}

	c := conversationOf(w.Book, p)
	if c == nil {
		w.dropChannelText(p)
		return nil
	}
	if p.Kind == string(bridge.PostRoot) {
		return w.ThreadLost(c, r.Surface, r.Place.Message)
	}

	m := w.Messages.Get(p.MessageID)
	if m != nil && p.Kind == HumanMessage {
		w.applyDelete(c, m)
	}

	return nil
}

// applyDelete takes back a text that its author deleted, as far as its fate (whether it has left, for example) allows.
// Afterwards it can't be sent unless the author restores it in the chat.
func (w *work) applyDelete(c *Conversation, m *Message) {
	wasDeleted := m.Fate == store.FateUndone && m.Reason == bridge.ReasonDeleted
	w.dropCorrections(m)
	switch {
	case m.Reason == store.ReasonErased: // the customer was erased, and agents were asked to delete their messages in the chat
	case m.Fate == store.FateDropped, wasDeleted: // already taken back
	case m.Fate == store.FateUnclear, m.Fate == store.FateFailed && len(w.Outbox.PartsOf(m).Unclear()) > 0:
		w.deleteUnclear(c, m)
	case m.Fate == store.FateFailed, m.Fate == store.FateUndone, CanBeSent(&m.Message):
		w.dropUnsent(c, m)
	case m.Fate == store.FateWaiting && w.deleteWaiting(c, m):
	case m.Direction == store.DirectionOut: // too late: the customer has it
		w.TellWith(c, m, bridge.Line{Content: &bridge.DeleteLateLine{}})
	}
}

// dropUnsent drops a text that could leave only by a click, and removes its Send button.
func (w *work) dropUnsent(c *Conversation, m *Message) {
	m.Fate, m.Dirty = store.FateDropped, true
	noteAuthorsDecision(w, m)
	TellWhatArrived(w.Writer, c, m)
}

// deleteWaiting takes back a reply that isn't known to have been sent. It returns false, and changes nothing, if
// the provider has all of it.
func (w *work) deleteWaiting(c *Conversation, m *Message) bool {
	if w.Outbox.CancelReply(m) {
		w.noteDeleted(c, m)
		if !w.askAboutUnclear(c, m) {
			m.SetFate(store.FateUndone, bridge.ReasonDeleted)
			noteAuthorsDecision(w, m)
			TellWhatArrived(w.Writer, c, m)
			w.Messages.AwaitAnswerAgain(c)
		}
		return true
	}
	return w.deleteLeaving(c, m) || w.deleteEnded(c, m)
}

// deleteEnded takes back a reply whose last attempt has ended, before the fact that reports it is applied: the reply
// has failed, or its attempt was unclear. It returns false, and changes nothing, for any other reply.
func (w *work) deleteEnded(c *Conversation, m *Message) bool {
	parts := w.Outbox.PartsOf(m)
	switch {
	case len(parts.Unclear()) > 0:
		w.deleteUnclear(c, m)
	case hasEndedUnsent(w.Outbox, m):
		w.dropUnsent(c, m)
		w.Messages.AwaitAnswerAgain(c)
	default:
		return false
	}
	return true
}

// deleteLeaving takes back a reply that is being sent or of which a part has left, so that no further attempt
// is made. If the attempt succeeds after all, CustomerGot tells the author. Unlike other deleted replies, it can
// still be sent by a click. deleteLeaving returns false, and changes nothing, for any other reply.
func (w *work) deleteLeaving(c *Conversation, m *Message) bool {
	if w.Outbox.ReplyOf(m) == nil {
		return false
	}
	hasLeftPartly := w.Outbox.PartsOf(m).HaveLeftPartly()
	if !hasLeftPartly && !w.Outbox.IsReplyUnderWay(m) {
		return false
	}

	noteAuthorsDecision(w, m)
	m.SetFate(store.FateUndone, bridge.ReasonDeletedLate)
	first := w.Outbox.FirstPartOf(m)
	switch {
	case w.Outbox.IsBetweenPieces(first):
		w.Outbox.MakeDue(first) // the next attempt sees that it was taken back, and ends it
	case hasLeftPartly:
		TellWhatArrived(w.Writer, c, m)
	}
	w.Messages.AwaitAnswerAgain(c)
	return true
}

// noteDeleted logs that a reply, or a part of it, was taken back because its author deleted it.
func (w *work) noteDeleted(c *Conversation, m *Message) {
	w.Log.ByParley(c, store.DeedUndone, Detail{Message: m.ID, Why: bridge.Because(bridge.ReasonDeleted)})
}

// deleteUnclear takes back the queued parts of a reply whose attempt was unclear. An agent still has to say
// whether it left, also if another part of it has failed. If an attempt is running, the whole reply is taken back, so
// that no further attempt is made.
func (w *work) deleteUnclear(c *Conversation, m *Message) {
	m.Fate = store.FateUnclear
	parts := w.Outbox.PartsOf(m)
	for _, d := range parts {
		if !w.Outbox.Cancel(d) {
			continue
		}
		w.noteDeleted(c, m)
		if d.State == store.NeedsDecision {
			w.askWhetherItLeft(c, m, d)
		}
	}

	isTakenBack := parts.AreLeaving() && w.deleteWaiting(c, m)
	text, files := ArrivedContent(w.Outbox, m)
	hasArrived := text != "" || len(files) > 0
	switch {
	case !hasArrived:
		if m.Fate == store.FateUnclear {
			m.SetFate(store.FateUnclear, bridge.ReasonDeleted)
		}
		w.TellWith(c, m, bridge.Line{Content: &bridge.DeleteLateLine{Unclear: true}})
	case !isTakenBack: // otherwise deleteWaiting has told the author
		TellWhatArrived(w.Writer, c, m)
	}
}
