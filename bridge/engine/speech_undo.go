package engine

import (
	"parley/bridge"
	"parley/store"
)

// A reply is held for some seconds before it leaves. Until then any agent can take it back with the Undo button
// or with the emoji ⏳ on the message. Its author, or whoever sent it for a colleague, can also type !undo.

func undoVerb() useCase {
	return useCase{
		Rules: Rules{Name: bridge.VerbUndo, TakesBack: true, NamesMessage: true, Deed: store.DeedUndone},
		// The waiting replies are loaded, even if others have written more since.
		Do: (*work).Undo,
	}
}

// Undo takes back the reply that the request names, or else the latest waiting one that the agent wrote or sent.
func (w *work) Undo(r Request) {
	c, agent := r.Conversation, r.Agent
	m := w.MessageOfAction(r) // nil for a typed !undo
	if m != nil && m.ConversationID != c.ID {
		m = nil
	}
	if m == nil && !IsForOneMessage(r.Action) {
		m = w.lastWaitingReplyFor(r)
	}
	if m == nil {
		w.Refuse(r, "nothing_to_undo", "There is no reply of yours that still waits.", "A reply can be taken back during its hold.")
		return
	}
	mayBeOnItsWay := m.Fate == store.FateWaiting || m.Fate == store.FateUnclear
	if !mayBeOnItsWay {
		w.RefuseDecided(r, m)
		return
	}
	if !takeBack(w.Outbox, m) {
		w.refuseTooLate(r, m)
		return
	}
	if w.askAboutUnclear(c, m) {
		w.Log.Did(r, Detail{Message: m.ID})
		return
	}

	m.Fate, m.Dirty = store.FateUndone, true
	w.NoteDecision(m, agent, ByFate)
	why := whyUndone(w.Outbox, m)
	mark := NoMark
	// If the agent clicked ⏳, their own ⏳ stays on the message. The mark shows that the reply no longer waits.
	if why.Reason == bridge.ReasonUndone {
		mark = bridge.MarkInside
	}
	w.Mark(c, m, mark)
	w.Log.Did(r, Detail{Message: m.ID})
	if why.Reason != bridge.ReasonUndone || !w.IsAskedAbout(m) {
		w.TellWith(c, m, bridge.Line{
			Content: &bridge.UndoneLine{Why: why},
			By:      w.Dir.Ref(r.Surface, agent.ID),
			Verbs:   []bridge.Verb{bridge.VerbSend},
		})
	}
	w.Messages.AwaitAnswerAgain(c)
}

// takeBack cancels what waits of a reply that isn't known to have been sent. It returns false, and changes nothing, if the reply can't
// be taken back. It can be if its attempts have failed before the facts that report this are applied: then nothing has left.
func takeBack(o *Outbox, m *Message) bool {
	return o.CancelReply(m) || hasEndedUnsent(o, m)
}

// hasEndedUnsent reports whether all attempts at a reply have ended, and nothing of it has left.
func hasEndedUnsent(o *Outbox, m *Message) bool {
	return len(o.PartsOf(m)) > 0 && o.IsUnsent(m)
}

// refuseTooLate tells an agent why a reply can't be taken back.
func (w *work) refuseTooLate(r Request, m *Message) {
	parts := w.Outbox.PartsOf(m)
	isUnclear := len(parts.Unclear()) > 0 && !parts.TextHasLeft()
	if isUnclear {
		w.Refuse(r, "unclear", "Nobody can tell whether the customer has it.", "Use the buttons of the line that asks about it.")
		return
	}
	w.Refuse(r, "too_late", "It is on its way to the customer already.", "Write a correction in this thread.")
}

// whyUndone returns the reason for the line about an undone reply. It names the files that the customer got nevertheless.
func whyUndone(o *Outbox, m *Message) bridge.Why {
	_, arrived := ArrivedContent(o, m)
	if len(arrived) == 0 {
		return bridge.Because(bridge.ReasonUndone)
	}
	return WhyUndone(NamesOf(arrived))
}

// lastWaitingReplyFor returns the latest waiting reply that the acting agent wrote, or sent for a colleague,
// before typing !undo. It returns nil if there is none.
func (w *work) lastWaitingReplyFor(r Request) *Message {
	agent := r.Agent
	waiting := w.Messages.WaitingReplies(r.Conversation)
	senders := w.sendersForOthers()
	var found *Message
	var last int64
	for _, m := range waiting {
		if m.AgentID == nil {
			continue
		}

		isAgents := *m.AgentID == agent.ID || senders[m.ID] == agent.ID
		d := w.Outbox.FirstPartOf(m)
		if !isAgents || d == nil || w.Messages.WasSaidSince(m, r) {
			continue
		}
		if found == nil || d.Seq > last {
			found, last = m, d.Seq
		}
	}

	return found
}

// sendersForOthers returns the agents who sent texts of colleagues, by message. It reads them from the lines in
// the thread.
func (w *work) sendersForOthers() map[store.MessageID]store.AgentID {
	senders := map[store.MessageID]store.AgentID{}
	for id, lines := range w.TrackedLines() {
		for _, line := range lines {
			l := line.Delivery.DecodedPayload().Line
			if l.Kind() == bridge.LineDone && l.Verb == bridge.VerbSend {
				senders[id] = l.By.ID
			}
		}
	}
	return senders
}
