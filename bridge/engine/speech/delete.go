package speech

import (
	"context"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/threads"
	"parley/bridge/engine/verb"
	"parley/store"
)

// An agent may delete a message in the chat after typing it. A reply that hasn't left doesn't leave then. One that has left can't be
// taken back, which its author is told.

func deleteVerb() useCase {
	return useCase{
		Rules: verb.Rules{Name: bridge.VerbDelete, NeedsLatest: true},
		// If the deleted message began its thread, the customer's last words are posted again with it.
		Wants: func(_ *UseCases, n *book.Prefetch, r book.Request) { n.AddLastWords(r) },
		DoFirst: func(sp *UseCases, _ context.Context, _ pgx.Tx, r book.Request) error {
			return sp.deleteMessage(r)
		},
	}
}

// deleteMessage applies the deletion of a message. A typed text is taken back as far as it hasn't left. If the thread's first message was
// deleted, it is posted again.
func (sp *UseCases) deleteMessage(r book.Request) error {
	p := sp.Posts.Rows[r.PostKey()]
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
		sp.editing.applyDelete(c, m)
	}

	return nil
}

// applyDelete takes back a text that its author deleted, as far as its fate allows. From then on nobody can send it, unless the author
// restores it.
func (sp editing) applyDelete(c *book.Conversation, m *book.Message) {
	wasDeleted := m.Fate == store.FateUndone && m.Reason == bridge.ReasonDeleted
	sp.dropCorrections(m)
	switch {
	case m.Reason == store.ReasonErased: // an erasure asks people to delete what is left in the chat, which takes nothing back
	case m.Fate == store.FateDropped, wasDeleted: // it was taken back before
	case m.Fate == store.FateFailed, m.Fate == store.FateUndone, book.CanBeSent(&m.Message):
		sp.dropUnsent(c, m)
	case m.Fate == store.FateUnclear:
		sp.deleteUnclear(c, m)
	case m.Fate == store.FateWaiting && sp.deleteWaiting(c, m):
	case m.Direction == store.DirectionOut: // it is too late
		sp.TellWith(c, m, bridge.Line{Content: &bridge.DeleteLateLine{}})
	}
}

// dropUnsent drops a text that would leave only by a click: the button that sends it goes.
func (sp editing) dropUnsent(c *book.Conversation, m *book.Message) {
	m.Fate, m.Dirty = store.FateDropped, true
	noteAuthorsDecision(sp.UseCases, m)
	threads.TellWhatArrived(sp.Writer, c, m)
}

// deleteWaiting takes back a reply that waits to be sent, because its author deleted it. It returns false, and changes nothing, if
// the reply doesn't wait, or if the customer may have all of it.
func (sp editing) deleteWaiting(c *book.Conversation, m *book.Message) bool {
	if sp.Outbox.CancelReply(m) {
		sp.noteDeleted(c, m)
		if !sp.resending.askAboutUnclear(c, m) {
			m.SetFate(store.FateUndone, bridge.ReasonDeleted)
			noteAuthorsDecision(sp.UseCases, m)
			threads.TellWhatArrived(sp.Writer, c, m)
			sp.Messages.AwaitAnswerAgain(c)
		}
		return true
	}
	return sp.deleteLeaving(c, m)
}

// deleteLeaving takes back a reply that is being sent, or of which a part has left: no further attempt follows. If the reply lands all
// the same, CustomerGot tells its author, and the Send button still works. It returns false, and changes nothing, for any other reply.
func (sp editing) deleteLeaving(c *book.Conversation, m *book.Message) bool {
	if sp.Outbox.ReplyOf(m) == nil {
		return false
	}
	hasLeftPartly := sp.Outbox.PartsOf(m).HaveLeftPartly()
	if !hasLeftPartly && !sp.Outbox.IsReplyUnderWay(m) {
		return false
	}

	noteAuthorsDecision(sp.UseCases, m)
	m.SetFate(store.FateUndone, bridge.ReasonDeletedLate)
	first := sp.Outbox.FirstPartOf(m)
	switch {
	case sp.Outbox.IsBetweenPieces(first):
		sp.Outbox.MakeDue(first) // the next attempt finds it taken back, and ends it
	case hasLeftPartly:
		sp.TellWith(c, m, bridge.Line{Content: &bridge.DeleteLateLine{}})
	}
	sp.Messages.AwaitAnswerAgain(c)
	return true
}

// noteDeleted notes in the log that a reply, or a part of it, was taken back because its author deleted it.
func (sp editing) noteDeleted(c *book.Conversation, m *book.Message) {
	sp.Log.ByParley(c, store.DeedUndone, book.Detail{Message: m.ID, Why: bridge.Because(bridge.ReasonDeleted)})
}

// deleteUnclear takes back what waits of a reply of which nobody knows whether it has left. A person is still asked about that.
// But if an attempt is under way, the whole reply is taken back, so that no further attempt follows.
func (sp editing) deleteUnclear(c *book.Conversation, m *book.Message) {
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
	text, files := book.ArrivedContent(sp.Outbox, m)
	hasArrived := text != "" || len(files) > 0
	switch {
	case !hasArrived:
		if m.Fate == store.FateUnclear {
			m.SetFate(store.FateUnclear, bridge.ReasonDeleted)
		}
		sp.TellWith(c, m, bridge.Line{Content: &bridge.DeleteLateLine{Unclear: true}})
	case !isTakenBack: // else deleteWaiting has told it
		threads.TellWhatArrived(sp.Writer, c, m)
	}
}
