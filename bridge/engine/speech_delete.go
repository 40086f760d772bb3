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

func deleteVerb() speechUseCase {
	return speechUseCase{
		Rules: Rules{Name: bridge.VerbDelete},
		// If the deleted message was the root of its thread, a new thread begins with the customer's last message.
		DoFirst: func(sp *SpeechUseCases, _ context.Context, _ pgx.Tx, r Request) error {
			return sp.deleteMessage(r)
		},
	}
}

// deleteMessage applies the deletion of a message in the chat. An agent's text is taken back as far as
// possible. If Parley's first message of the thread (its root) was deleted, it is posted again.
func (sp *SpeechUseCases) deleteMessage(r Request) error {
	p := sp.Posts.At(r.PostKey())
	if p == nil || p.Kind == EarlyMessage {
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

	m := sp.Messages.Get(p.MessageID)
	if m != nil && p.Kind == HumanMessage {
		sp.editing.applyDelete(c, m)
	}

	return nil
}

// applyDelete takes back a text that its author deleted, as far as its fate (whether it has left, for example) allows.
// Afterwards it can't be sent unless the author restores it in the chat.
func (sp editing) applyDelete(c *Conversation, m *Message) {
	wasDeleted := m.Fate == store.FateUndone && m.Reason == bridge.ReasonDeleted
	sp.dropCorrections(m)
	switch {
	case m.Reason == store.ReasonErased: // the customer was erased, and agents were asked to delete their messages in the chat
	case m.Fate == store.FateDropped, wasDeleted: // already taken back
	case m.Fate == store.FateUnclear, m.Fate == store.FateFailed && len(sp.Outbox.PartsOf(m).Unclear()) > 0:
		sp.deleteUnclear(c, m)
	case m.Fate == store.FateFailed, m.Fate == store.FateUndone, CanBeSent(&m.Message):
		sp.dropUnsent(c, m)
	case m.Fate == store.FateWaiting && sp.deleteWaiting(c, m):
	case m.Direction == store.DirectionOut: // too late: the customer has it
		sp.TellWith(c, m, bridge.Line{Content: &bridge.DeleteLateLine{}})
	}
}

// dropUnsent drops a text that could leave only by a click, and removes its Send button.
func (sp editing) dropUnsent(c *Conversation, m *Message) {
	m.Fate, m.Dirty = store.FateDropped, true
	noteAuthorsDecision(sp.SpeechUseCases, m)
	TellWhatArrived(sp.Writer, c, m)
}

// deleteWaiting takes back a reply that isn't known to have been sent. It returns false, and changes nothing, if
// the provider has all of it.
func (sp editing) deleteWaiting(c *Conversation, m *Message) bool {
	if sp.Outbox.CancelReply(m) {
		sp.noteDeleted(c, m)
		if !sp.resending.askAboutUnclear(c, m) {
			m.SetFate(store.FateUndone, bridge.ReasonDeleted)
			noteAuthorsDecision(sp.SpeechUseCases, m)
			TellWhatArrived(sp.Writer, c, m)
			sp.Messages.AwaitAnswerAgain(c)
		}
		return true
	}
	return sp.deleteLeaving(c, m) || sp.deleteEnded(c, m)
}

// deleteEnded takes back a reply whose last attempt has ended, before the fact that reports it is applied: the reply
// has failed, or its attempt was unclear. It returns false, and changes nothing, for any other reply.
func (sp editing) deleteEnded(c *Conversation, m *Message) bool {
	parts := sp.Outbox.PartsOf(m)
	switch {
	case len(parts.Unclear()) > 0:
		sp.deleteUnclear(c, m)
	case hasEndedUnsent(sp.Outbox, m):
		sp.dropUnsent(c, m)
		sp.Messages.AwaitAnswerAgain(c)
	default:
		return false
	}
	return true
}

// deleteLeaving takes back a reply that is being sent or of which a part has left, so that no further attempt
// is made. If the attempt succeeds after all, CustomerGot tells the author. Unlike other deleted replies, it can
// still be sent by a click. deleteLeaving returns false, and changes nothing, for any other reply.
func (sp editing) deleteLeaving(c *Conversation, m *Message) bool {
	if sp.Outbox.ReplyOf(m) == nil {
		return false
	}
	hasLeftPartly := sp.Outbox.PartsOf(m).HaveLeftPartly()
	if !hasLeftPartly && !sp.Outbox.IsReplyUnderWay(m) {
		return false
	}

	noteAuthorsDecision(sp.SpeechUseCases, m)
	m.SetFate(store.FateUndone, bridge.ReasonDeletedLate)
	first := sp.Outbox.FirstPartOf(m)
	switch {
	case sp.Outbox.IsBetweenPieces(first):
		sp.Outbox.MakeDue(first) // the next attempt sees that it was taken back, and ends it
	case hasLeftPartly:
		TellWhatArrived(sp.Writer, c, m)
	}
	sp.Messages.AwaitAnswerAgain(c)
	return true
}

// noteDeleted logs that a reply, or a part of it, was taken back because its author deleted it.
func (sp editing) noteDeleted(c *Conversation, m *Message) {
	sp.Log.ByParley(c, store.DeedUndone, Detail{Message: m.ID, Why: bridge.Because(bridge.ReasonDeleted)})
}

// deleteUnclear takes back the queued parts of a reply whose attempt was unclear. An agent still has to say
// whether it left, also if another part of it has failed. If an attempt is running, the whole reply is taken back, so
// that no further attempt is made.
func (sp editing) deleteUnclear(c *Conversation, m *Message) {
	m.Fate = store.FateUnclear
	parts := sp.Outbox.PartsOf(m)
	for _, d := range parts {
		if !sp.Outbox.Cancel(d) {
			continue
		}
		sp.noteDeleted(c, m)
		if d.State == store.NeedsDecision {
			sp.resending.askWhetherItLeft(c, m, d)
		}
	}

	isTakenBack := parts.AreLeaving() && sp.deleteWaiting(c, m)
	text, files := ArrivedContent(sp.Outbox, m)
	hasArrived := text != "" || len(files) > 0
	switch {
	case !hasArrived:
		if m.Fate == store.FateUnclear {
			m.SetFate(store.FateUnclear, bridge.ReasonDeleted)
		}
		sp.TellWith(c, m, bridge.Line{Content: &bridge.DeleteLateLine{Unclear: true}})
	case !isTakenBack: // otherwise deleteWaiting has told the author
		TellWhatArrived(sp.Writer, c, m)
	}
}
