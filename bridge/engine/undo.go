package engine

import (
	"parley/bridge"
	"parley/store"
)

// undo takes the named reply back, or else the last waiting one that the agent wrote or sent.
func (w *work) undo(r request) {
	c, agent, surface := r.conv, r.agent, r.surface
	m := w.undoNamed(r)
	if m != nil && m.ConversationID != c.ID {
		m = nil
	}
	if m == nil && !pointed(r.Action) {
		m = w.lastSentBy(c, agent)
	}
	if m == nil {
		w.refuse(r, "nothing_to_undo", "There is no reply of yours that still waits.", "A reply can be taken back during its hold.")
		return
	}
	switch {
	case m.Fate == store.FateUndone, m.Fate == store.FateOut:
		w.refuseDecided(r, m)
		return
	case !w.outbox.cancelReply(m):
		w.refuse(r, "too_late", "It is on its way to the customer already.", "Write a correction in this thread.")
		return
	}
	m.Fate, m.dirty = store.FateUndone, true
	w.decide(m, agent, "")
	w.mark(c, m, "")
	w.log.byAgent(c, agent, store.DeedUndone, detail{Message: m.ID})
	w.tellWith(c, m, bridge.Line{Content: &bridge.UndoneLine{Reason: "undone"}, By: w.dir.Ref(surface, agent.ID),
		Verbs: []bridge.Verb{bridge.VerbSend}})
	w.messages.unanswered(c)
}

// lastSentBy gives the latest reply that still waits of those that an agent wrote, or sent for a
// colleague.
func (b *book) lastSentBy(c *conv, agent *store.Agent) *message {
	senders := b.sendersForOthers()
	var found *message
	var last int64
	for _, id := range keys(b.messages.rows) {
		m := b.messages.rows[id]
		if m.ConversationID != c.ID || m.Fate != store.FateWaiting || m.AgentID == nil {
			continue
		}
		mine := *m.AgentID == agent.ID || senders[id] == agent.ID
		if d := b.outbox.firstOf(m); mine && d != nil && (found == nil || d.Seq > last) {
			found, last = m, d.Seq
		}
	}
	return found
}

// sendersForOthers gives, by message, the agent who sent a colleague's text.
func (b *book) sendersForOthers() map[int64]int64 {
	senders := map[int64]int64{}
	for id, lines := range b.trackedLines() {
		for _, line := range lines {
			if l := line.delivery.payload().Line; l.Kind() == bridge.LineDone && l.Verb == bridge.VerbSend {
				senders[id] = l.By.ID
			}
		}
	}
	return senders
}

// undoNamed finds the reply that a click or emoji means; a typed undo names none.
func (b *book) undoNamed(r request) *message {
	if r.Args.Message == 0 && (r.Origin == bridge.OriginText || r.Origin == bridge.OriginMention || r.Origin == bridge.OriginSlash) {
		return nil
	}
	return b.namedMessage(r)
}
