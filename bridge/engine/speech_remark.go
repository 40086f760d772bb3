package engine

import (
	"time"

	"parley/bridge"
	"parley/store"
)

// Ben types "note: is that right?" in a conversation's thread, and Ann types "Yes, since Monday". Her text may be an
// answer to his remark, so she is asked before it leaves. A chat may also tell of the two in reverse. She is then
// asked as soon as the remark is known, unless her text has left by then.

// remarkBefore returns the latest message in the thread if it is a colleague's remark that stayed inside, so that
// the text may be an answer to it, or else nil. Messages that nobody answers don't count.
func (w *work) remarkBefore(r Request) *Message {
	last := w.Messages.LastSaid(r.Conversation, func(m *Message) bool {
		isTextItself := m.Place == r.Place.Message && m.AuthorUser != ""
		return !isTextItself && !invitesNoAnswer(m)
	})
	if last == nil || !w.isRemark(last) || isByAuthorOf(r, last) || r.Agent == nil {
		return nil
	}
	return last
}

// isRemark reports whether a message is a person's text for colleagues that one of them may answer. Notes that ask
// nothing are none.
func (w *work) isRemark(m *Message) bool {
	if m.Direction != store.DirectionNote || m.AuthorUser == "" || invitesNoAnswer(m) {
		return false
	}
	return m.Reason != bridge.ReasonNote || awaitsAnswer(w.Dir, m.Text)
}

// invitesNoAnswer reports whether nobody would answer a message: it was sent by a machine, is a command, or was
// made by Parley.
func invitesNoAnswer(m *Message) bool {
	switch m.Reason {
	case bridge.ReasonCommand, bridge.ReasonCorrection, bridge.ReasonNotAPerson:
		return true
	default:
		return m.IsByMachine()
	}
}

// askAboutAnswer asks the author of the reply that was typed next after a remark, if the chat told of it before, if
// nobody marked it as a reply, and if it still waits. r is the request of the remark.
func (w *work) askAboutAnswer(r Request, remark *Message) {
	if !w.isRemark(remark) {
		return
	}
	answer := w.replyTypedAfter(r)
	if answer == nil || isByAuthorOf(r, answer) || w.greetsCustomer(r.Conversation, answer.Text, remark) {
		return
	}
	isPlain := answer.Reason == bridge.ReasonAssignee || answer.Reason == bridge.ReasonClaims
	if !isPlain || !w.Outbox.CancelReply(answer) {
		return
	}

	c := r.Conversation
	w.tellMayHaveLeft(c, answer) // first, since the last line about a message has the buttons
	answer.KeepInside(bridge.ReasonAfterRemark)
	TellWhatArrived(w.Writer, c, answer)
	w.Log.ByParley(c, store.DeedKeptInside, Detail{Message: answer.ID, Why: bridge.Because(bridge.ReasonAfterRemark)})
	w.Messages.AwaitAnswerAgain(c)
	answer.Fate = store.FateAsk
	w.Ask(c, answer, bridge.Action{}, bridge.ReasonAfterRemark)
}

// replyTypedAfter returns the waiting reply that was typed next after the text of a request, in the same chat. It
// returns nil if there is none, or if it isn't known when the text was typed.
func (w *work) replyTypedAfter(r Request) (next *Message) {
	typed := Time(r.Order)
	if typed.IsZero() {
		return nil
	}

	var nextAt time.Time
	for _, said := range w.Messages.Latest(r.Conversation) {
		m := w.Messages.Get(said.ID)
		if m == nil || m.Fate != store.FateWaiting || m.AccountID != r.Surface {
			continue
		}
		first := w.Outbox.FirstPartOf(m)
		if first == nil {
			continue
		}
		at := Time(first.OrderBy)
		if at.After(typed) && (next == nil || at.Before(nextAt)) {
			next, nextAt = m, at
		}
	}
	return next
}
