package speech

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/clean"
	"parley/bridge/engine/reply"
	"parley/bridge/engine/threads"
	"parley/bridge/engine/verb"
	"parley/store"
)

// An agent may edit a message in the chat after typing it. What that does depends on how far the message has come as a reply: the
// new text may leave in its place, it may be decided anew, or the customer has the old one and only a correction can follow.

func editVerb() useCase {
	return useCase{
		Rules: verb.Rules{Name: bridge.VerbEdit, NeedsLatest: true},
		Wants: wantAnswered,
		DoFirst: func(sp *UseCases, _ context.Context, _ pgx.Tx, r book.Request) error {
			sp.editMessage(r)
			return nil
		},
	}
}

// wantAnswered adds what was said before the latest notes: it tells whether the customer waits for an answer once a reply is taken back.
func wantAnswered(_ *UseCases, n *book.Prefetch, _ book.Request) { n.Answered = true }

// editMessage applies a person's edit of a typed text. As long as nothing of a reply has left, the new text is what leaves, even if an
// attempt is under way, should that fail. Once the customer has the reply, the new text leaves only by a click.
func (sp *UseCases) editMessage(r book.Request) {
	p := sp.Posts.Rows[r.PostKey()]
	if p == nil || p.Kind == book.EarlyMessage {
		sp.keepEarlyEdit(r, p)
		return
	}

	sp.ChannelTexts.editChannelText(p, r.Action)
	m, c := sp.Messages.Rows[p.MessageID], conversationOf(sp.Book, p)
	isPersons := p.Kind == book.HumanMessage && m != nil && c != nil
	isNewer := r.Version > p.Version // versions are compared as strings, such as "1700000000.000200:9f86d081" (bridge.Edit.Version)
	if !isPersons || !isNewer {
		return
	}

	// A chat may report one edit twice. A restored message has the same text as before, too, but is applied.
	isReportedTwice := isSameEdit(p.Version, r.Version)
	p.Version = r.Version
	sp.Posts.MarkChanged(p)

	if !isReportedTwice || r.Restored {
		sp.editing.applyEdit(r.About(c), m)
	}
}

// conversationOf returns the conversation of a person's message or of a post of ours, or nil if it belongs to none.
func conversationOf(b *book.Book, p *store.Post) *book.Conversation {
	m := b.Messages.Rows[p.MessageID]
	if m != nil && p.Kind == book.HumanMessage {
		return b.Conversations.Rows[m.ConversationID]
	}
	return b.Conversations.Rows[p.ConversationID]
}

// isSameEdit reports whether two versions of a message stand for one edit, which a chat reported twice with different times. The
// part of a version behind the colon stands for the content (bridge.Edit.Version).
func isSameEdit(known, reported string) bool {
	_, before, _ := strings.Cut(known, ":")
	_, now, _ := strings.Cut(reported, ":")
	return now != "" && now == before
}

// editing applies edits and deletions of typed texts.
type editing struct{ *UseCases }

// applyEdit decides about an edited text anew, and does what is still possible.
func (sp editing) applyEdit(r book.Request, m *book.Message) {
	// The text counts as its author's, whoever edits it.
	r.Agent = sp.Dir.AgentOf(m.AccountID, m.AuthorUser)
	r.Actor = bridge.Actor{ID: m.AuthorUser, Kind: bridge.ActorPerson}
	decision, reason := sp.decideEdited(r, m)
	m.Promotional = m.Promotional || r.Args.Promotional

	switch m.Fate {
	case store.FateWaiting:
		if sp.editWaiting(r, m, decision, reason) {
			return
		}
	case store.FateFailed:
		if !sp.Outbox.PartsOf(m).TextHasLeft() {
			sp.editFailed(r, m, decision, reason)
			return
		}
	case store.FateUndone, store.FateDropped:
		sp.editTakenBack(r, m, decision, reason)
		return
	default: // see below
	}

	if m.Direction == store.DirectionOut { // the customer has the words, or may have them
		sp.tellLateEdit(r.Conversation, m, r.Action, decision, sp.resending.stopRemovedFiles(r, m))
		return
	}

	sp.setWords(r.Conversation, m, r.Action) // the text is inside
	if sp.colleagueTexts.keepEdited(r, m, decision, reason) {
		return
	}
	if decision == Out && m.Fate == store.FateInside {
		sp.colleagueTexts.askEdited(r.Conversation, m) // an edit that turns a note into a reply is not enough to send it
	}
}

// decideEdited decides about an edited text as if it were typed now. A text that was typed outside of the thread, with the
// number of its conversation, never leaves without a click: since the edit it may be meant for another conversation.
func (sp editing) decideEdited(r book.Request, m *book.Message) (decision Decision, reason bridge.Reason) {
	wasTypedInThread := m.Place != ""
	if wasTypedInThread {
		return Speak(sp.speechOf(r))
	}
	speaksToParley := r.Explicit || r.MentionsBot
	if !speaksToParley {
		return Inside, bridge.ReasonNote // it is for colleagues now
	}
	return Ask, bridge.ReasonEditedElsewhere
}

// editWaiting applies an edit of a reply that waits to be sent. It returns false if the customer may have the reply already, or
// if it has no delivery.
func (sp editing) editWaiting(r book.Request, m *book.Message, decision Decision, reason bridge.Reason) bool {
	if sp.Outbox.PartsOf(m).TextHasLeft() {
		return false
	}
	if sp.Outbox.IsReplyUnderWay(m) {
		sp.editUnderWay(r, m, decision, reason)
		return true
	}

	d := sp.Outbox.FirstPartOf(m)
	switch {
	case d == nil:
		return false
	case sp.Outbox.CanBeTakenBack(d):
		sp.editHeld(r, m, d, decision, reason)
		return true
	case d.State == store.Failed:
		sp.editFailed(r, m, decision, reason)
		return true
	}
	return false
}

// editUnderWay applies an edit of a reply while an attempt to send it runs. If the attempt fails, the next one sends the new
// text. If it succeeds, CustomerGot tells the author that the customer has the former text.
func (sp editing) editUnderWay(r book.Request, m *book.Message, decision Decision, reason bridge.Reason) {
	sp.replaceWords(r, m)
	sp.Outbox.StopEmptyParts(m)
	if decision != Out {
		sp.keepInside(r.Conversation, m, r.Action, decision, reason)
		return
	}
	sp.addParts(r, m)
}

// editHeld applies an edit of a reply that still waits, so that nothing of the present sending has left. If the reply was sent
// before, and the edit stops the present sending, people are told that the earlier one may have left. d is the first part.
func (sp editing) editHeld(r book.Request, m *book.Message, d *book.Delivery, decision Decision, reason bridge.Reason) {
	told := sp.replies.ManyTexts(r.Conversation, m.Text)
	sp.replaceWords(r, m)
	for _, part := range sp.Outbox.PartsOf(m) {
		numberAnew(part)
	}
	if decision != Out {
		sp.Outbox.CancelReply(m)
		sp.resending.tellMayHaveLeft(r.Conversation, m) // first, since the last line about a message has the buttons
		sp.keepInside(r.Conversation, m, r.Action, decision, reason)
		return
	}

	sp.Outbox.StopEmptyParts(m)
	if sp.replies.KeepEditOverLimits(r.Conversation, m) {
		sp.resending.tellMayHaveLeft(r.Conversation, m)
		return
	}
	sp.addParts(r, m)
	sp.replies.MeasureLine(r.Conversation, d, m)
	if len(m.Files) > 0 {
		d.JoinKey = "" // only texts leave together in one message
	}
	sp.restartHold(r.Conversation, d)
	sp.replies.WarnOfTexts(r.Conversation, m, d, told)
}

// numberAnew gives an edited delivery another number at the provider, if an attempt was made with other words. Otherwise the
// provider could take the new words for a repetition of that attempt.
func numberAnew(d *book.Delivery) {
	p := d.DecodedPayload()
	if len(p.Earlier) > 0 {
		p.Again++
		d.SetPayload(p)
	}
}

// replaceWords gives a reply its new words, also in the preview that lists show.
func (sp editing) replaceWords(r book.Request, m *book.Message) {
	updatePreview(r.Conversation, m.Text, r.Text)
	sp.setWords(r.Conversation, m, r.Action)
}

// addParts makes deliveries for the files that an edit added to a reply.
func (sp editing) addParts(r book.Request, m *book.Message) {
	book.Edits{Outbox: sp.Outbox}.AddParts(m, sp.Caps(r.Conversation.AccountID).Files.PerMessage)
}

// editFailed applies an edit of a reply that failed. The new text is what Send again sends, or it stays inside if it isn't for
// the customer any more.
func (sp editing) editFailed(r book.Request, m *book.Message, decision Decision, reason bridge.Reason) {
	sp.setWords(r.Conversation, m, r.Action)
	sp.Outbox.StopEmptyParts(m)
	if decision != Out {
		m.KeepInside(reason)
		noteAuthorsDecision(sp.UseCases, m)
		threads.TellWhatArrived(sp.Writer, r.Conversation, m)
		sp.Mark(r.Conversation, m, bridge.MarkInside)
		return
	}
	sp.addParts(r, m)
}

// editTakenBack applies an edit of a reply that was undone or dropped, so that the customer doesn't have it. It doesn't leave by
// the edit, nor by its author's restoring a deleted message: the author is asked, or it stays inside.
func (sp editing) editTakenBack(r book.Request, m *book.Message, decision Decision, reason bridge.Reason) {
	sp.setWords(r.Conversation, m, r.Action)
	if m.Fate == store.FateUndone && sp.colleagueTexts.keepEdited(r, m, decision, reason) {
		return
	}
	if !r.Restored {
		return
	}
	if decision == Out {
		sp.colleagueTexts.askEdited(r.Conversation, m)
		return
	}
	m.KeepInside(reason)
}

// updatePreview puts the new words of an edited reply into the conversation's preview, if its former words are there.
func updatePreview(c *book.Conversation, before, now string) {
	if c.LastFrom == store.FromAgent && c.LastPreview == clean.Preview(before) {
		c.LastPreview = clean.Preview(now)
		c.Touch()
	}
}

// keepInside keeps a text inside, because an edit made it one that doesn't leave by itself. If decision is Ask, its author is asked
// whether it shall leave.
func (sp *UseCases) keepInside(c *book.Conversation, m *book.Message, a bridge.Action, decision Decision, reason bridge.Reason) {
	m.KeepInside(reason)
	noteAuthorsDecision(sp, m)
	threads.TellWhatArrived(sp.Writer, c, m) // first, since the last line about a message has the buttons
	sp.Log.ByParley(c, store.DeedKeptInside, book.Detail{Message: m.ID, Why: bridge.Because(reason)})
	sp.Messages.AwaitAnswerAgain(c)
	sp.Mark(c, m, bridge.MarkInside)
	if decision == Ask {
		m.Fate = store.FateAsk
		sp.Mark(c, m, threads.NoMark) // until its author has answered
		sp.Ask(c, m, a, reason)
		return
	}
	if bridge.ConsequencesOf(reason).MustTellAuthor {
		sp.TellInside(c, m, reason)
	}
}

// noteAuthorsDecision notes that a text's author decided what becomes of it, by an edit or a deletion. The lines about the text
// name the author then, and not a colleague who had sent it.
func noteAuthorsDecision(sp *UseCases, m *book.Message) {
	if author := sp.Dir.AgentOf(m.AccountID, m.AuthorUser); author != nil {
		sp.NoteDecision(m, author, threads.ByFate)
	}
}

// restartHold begins the hold of an edited reply anew, the time in which it can be taken back, and also the hold of the texts
// that leave as one message with it. In all a reply is held for at most reply.LongestHold, but after an edit for at least
// minHold. An edit shortens no hold.
func (sp editing) restartHold(c *book.Conversation, d *book.Delivery) {
	until := sp.Now.Add(sp.replies.Hold(c))
	if latest := d.CreatedAt.Add(reply.LongestHold(sp.replies, c)); until.After(latest) {
		until = latest
	}
	if earliest := sp.Now.Add(minHold); until.Before(earliest) { // this bound is the stronger one
		until = earliest
	}
	if d.NotBefore != nil && until.Before(*d.NotBefore) {
		until = *d.NotBefore
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
