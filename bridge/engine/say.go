package engine

import (
	"slices"
	"time"

	"parley/bridge"
	"parley/store"
)

const (
	holdMinimum = 5 * time.Second // what an edit leaves of a hold at least
	holdLongest = 60 * time.Second
)

// say decides the fate of a text typed in a conversation's thread.
func (w *work) say(r request) {
	c, surface := r.conv, r.surface
	k := postKey{surface, r.Place.Channel, r.Place.Message}
	known := w.posts.rows[k]
	if known != nil && known.Kind != earlyMessage {
		return // the same fact by another way
	}
	r.agent = w.dir.AgentOf(surface, r.Actor.ID)
	m := w.messages.addByPerson(r)
	post := w.posts.remember(store.Post{AccountID: surface, Channel: r.Place.Channel, Message: r.Place.Message, ConversationID: c.ID,
		MessageID: m.ID, Kind: humanMessage})
	if known != nil && w.applyEarly(c, m, post, known, &r.Action) {
		return
	}
	decision, reason := w.speak(r)
	m.Reason = reason
	switch decision {
	case Out:
		if r.Origin == bridge.OriginCatchUp && w.movedOn(c, r.Action) {
			w.park(c, m, "late")
			return
		}
		if w.mustBeTaken(c) {
			w.askToTake(c, m)
			return
		}
		w.sendToCustomer(c, r.agent, surface, m, r.Order)
	case Ask:
		m.Fate = store.FateAsk
		w.ask(c, m, r.Action, reason)
	default:
		m.Fate = store.FateInside
		if r.Actor.Kind == bridge.ActorPerson {
			w.mark(c, m, bridge.MarkInside)
		}
		if reason == "note" {
			w.log.note(c, r.agent, m)
		}
		if (reason == "not_an_agent" || reason == "explicit_mode") && c.toldBefore(m) {
			return // said only once: an automation that answers each line would never end
		}
		switch {
		case reason == "not_assignee": // for everybody else, and for its author the next time, the mark is enough
			w.tellOnce(c, surface, r.Action, bridge.Line{Content: &bridge.InsideLine{Reason: reason}, Verbs: []bridge.Verb{bridge.VerbSend},
				Args: bridge.Args{Conversation: c.ID, Message: m.ID}})
		case Told(reason):
			w.tellInside(c, m, reason)
		}
	}
}

// toldBefore says that an author was lately told in this thread that a text stayed inside for
// the same reason.
func (c *conv) toldBefore(m *message) bool {
	return slices.ContainsFunc(c.last, func(before store.Message) bool {
		return before.ID != m.ID && before.AuthorUser == m.AuthorUser && before.Reason == m.Reason
	})
}

// speak runs the one decision function on what is known now.
func (w *work) speak(r request) (Decision, string) {
	s := w.settings(r.conv)
	return Speak(Speech{
		Actor: r.Actor.Kind, IsAgent: r.agent != nil, MayReply: r.agent != nil && Authorize(r.agent, bridge.VerbReply, r.conv.Conversation) == nil,
		Verb: r.Verb, Marker: r.Marker, Explicit: r.Explicit, MentionsBot: r.MentionsBot, Mentions: len(r.Mentions) > 0,
		Colleague: w.namesColleague(r.agent, r.Raw),
		HasText:   r.Text != "" || r.Rich != nil, HasFiles: len(r.Files) > 0, Status: r.conv.status(), Moved: w.leftThread(r.conv, r.surface, r.Place), Automatic: r.conv.Kind == "automatic", Watch: r.conv.account.Mode == "watch",
		ReplyMode: r.conv.account.ReplyMode, AnyAgent: s.WhoReplies == "any_agent", Assigned: len(r.conv.Assignees) > 0,
		IsAssignee: r.agent != nil && r.conv.isAssignee(r.agent.ID), AfterInner: w.messages.afterRemark(r.conv, r.agent, r.Action), Confirm: s.ConfirmSend,
	})
}

// leftThread says that a text was typed in a thread that the conversation has left, because its root was
// posted anew or because it was handed over. It is never so for forms, which name their conversation.
func (w *work) leftThread(c *conv, surface int64, at bridge.Place) bool {
	t := c.threads[surface]
	if t == nil || at.Message == "" || at.Thread == "" || at.Thread == at.Message {
		return false
	}
	return at.Thread != t.Root || c.home(w.dir) != t
}

// afterRemark says that the last thing in the thread is a colleague's remark: the
// text may be an answer to the colleague.
func (ms *messages) afterRemark(c *conv, agent *store.Agent, a bridge.Action) bool {
	var last *store.Message
	for i := range c.last {
		m := &c.last[i]
		if now := ms.rows[m.ID]; now != nil {
			m = &now.Message // its fate may have been decided in this batch
		}
		if m.Place == a.Place.Message && m.AuthorUser != "" {
			continue
		}
		if last == nil || later(m, last) {
			last = m
		}
	}
	if last == nil || last.Direction != store.DirectionNote || last.AuthorUser == a.Actor.ID {
		return false
	}
	switch last.Reason {
	case "note", commandReason, correctionReason, "bot":
		return false
	}
	return last.AuthorUser != "" && agent != nil
}
