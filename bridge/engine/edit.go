package engine

import (
	"encoding/json"
	"strings"

	"parley/bridge"
	"parley/store"
)

// editedReason marks a message whose text is not what it was when it was decided.
const editedReason = "edited"

// early is an edit or a delete that came before the message itself.
type early struct {
	Delete bool          `json:"delete,omitempty"`
	Action bridge.Action `json:"action"`
}

// edit changes a typed text: in the hold the edit wins, later it never reaches the
// customer silently.
func (w *work) edit(surface int64, a bridge.Action) {
	p := w.posts[postKey{surface, a.Place.Channel, a.Place.Message}]
	if p == nil || p.Kind == earlyMessage {
		w.keepEarly(surface, a, p, false)
		return
	}
	w.editChannelText(p, a)
	m, c := w.messages[p.MessageID], w.convs[p.ConversationID]
	if p.Kind != humanMessage || m == nil || c == nil || a.Version <= p.Version {
		return
	}
	again := sameContent(p.Version, a.Version)
	p.Version = a.Version
	w.changePost(p)
	if !again || a.Restored {
		w.applyEdit(c, m, surface, a)
	}
}

// sameContent tells whether two versions, of which a surface tells times that differ, are
// one: the surface was told of it by two ways.
func sameContent(known, told string) bool {
	_, before, _ := strings.Cut(known, ":")
	_, now, _ := strings.Cut(told, ":")
	return now != "" && now == before
}

func (w *work) applyEdit(c *conv, m *message, surface int64, a bridge.Action) {
	agent := w.dir.byUser[userKey{m.AccountID, m.AuthorUser}]
	a.Actor = bridge.Actor{ID: m.AuthorUser, Kind: bridge.ActorPerson}
	decision, reason := w.speak(c, agent, surface, a)
	d := w.firstOf(m)
	m.Promotional = m.Promotional || a.Args.Promotional
	switch {
	case m.Fate == store.FateWaiting && w.underWayReply(m):
		c.previewChanged(m.Text, a.Text)
		w.rewrite(m, a) // it wins where the attempt does not succeed; else reached tells the author
		w.dropParts(m)
		if decision != Out {
			w.keepInside(c, m, a, decision, reason)
		}
	case m.Fate == store.FateWaiting && d != nil && w.holdable(d):
		c.previewChanged(m.Text, a.Text)
		w.rewrite(m, a)
		if decision == Out {
			w.dropParts(m)
			w.measureLine(c, d, m)
			w.restartHold(c, d)
			return
		}
		w.cancelReply(m)
		w.keepInside(c, m, a, decision, reason)
	case m.Fate == store.FateFailed, m.Fate == store.FateWaiting && d != nil && d.State == store.Failed: // Send again sends what it says now
		w.rewrite(m, a)
		if decision != Out {
			m.Direction, m.Fate, m.Reason = "note", store.FateInside, reason
			w.mark(c, m, bridge.MarkInside)
		}
	case m.Fate == store.FateUndone || m.Fate == store.FateDropped: // nobody has it
		w.rewrite(m, a)
		if decision == Out && a.Restored { // what was deleted and is back isn't sent by that alone
			m.Fate = store.FateAsk
			w.tellAuthor(c, m, bridge.LineAsk, editedReason, bridge.VerbSend, bridge.VerbKeep)
		}
	case m.Direction == "out":
		w.tellLateEdit(c, m, a, decision)
	default:
		w.rewrite(m, a)
		if decision == Out && m.Fate == store.FateInside {
			// A note that became a reply is never sent by an edit alone.
			m.Fate = store.FateAsk
			w.tellAuthor(c, m, bridge.LineAsk, editedReason, bridge.VerbSend, bridge.VerbKeep)
		}
	}
}

// previewChanged puts the new words of an edited reply into the preview that lists show, if its former
// words are there.
func (c *conv) previewChanged(before, now string) {
	if c.LastFrom == "agent" && c.LastPreview == preview(before) {
		c.LastPreview = preview(now)
		c.touch()
	}
}

// underWay says that an attempt runs or will be repeated: nobody knows yet whether
// the customer gets what was said before.
func (w *work) underWay(d *delivery) bool {
	l := w.lanes[d.LaneID]
	return d.State == store.Sending || d.State == store.Unknown || d.State == store.Queued && l != nil && d.Seq == l.Head+1 && l.LeasedUntil != nil
}

// keepInside makes a waiting reply, by its edit, something that does not leave.
func (w *work) keepInside(c *conv, m *message, a bridge.Action, decision Decision, reason string) {
	m.Direction, m.Fate, m.Reason = "note", store.FateInside, reason
	w.logParley(c, "kept inside", detail{Message: m.ID, Reason: reason})
	w.unanswered(c)
	w.mark(c, m, bridge.MarkInside)
	switch {
	case decision == Ask:
		m.Fate = store.FateAsk
		w.mark(c, m, "")
		w.ask(c, m, a, reason)
	case Told(reason):
		w.tellInside(c, m, reason)
	}
}

// holdable says that a reply can still be taken back.
func (w *work) holdable(d *delivery) bool {
	l := w.lanes[d.LaneID]
	tried := d.Attempt > 0 && d.ErrorClass == "" // else the attempts so far failed for certain
	return d.State == store.Queued && !tried && l != nil && !(d.Seq == l.Head+1 && l.LeasedUntil != nil)
}

// restartHold gives an edited reply its hold again: at least 5 s, 60 s in all.
func (w *work) restartHold(c *conv, d *delivery) {
	until := w.now.Add(max(w.hold(c), holdMinimum))
	if last := d.CreatedAt.Add(holdLongest); until.After(last) {
		until = last
	}
	if soonest := w.now.Add(holdMinimum); until.Before(soonest) {
		until = soonest
	}
	w.postpone(d, until)
	l := w.lanes[d.LaneID]
	for _, other := range l.waiting { // those that leave with it
		if other != d && other.JoinKey == d.JoinKey && d.JoinKey != "" && w.holdable(other) {
			w.postpone(other, until)
		}
	}
}

// delete takes a typed text back: in its hold nothing leaves.
func (w *work) delete(surface int64, a bridge.Action) error {
	p := w.posts[postKey{surface, a.Place.Channel, a.Place.Message}]
	if p == nil || p.Kind == earlyMessage {
		w.keepEarly(surface, a, p, true)
		return nil
	}
	c := w.convs[p.ConversationID]
	if c == nil {
		w.dropChannelText(p)
		return nil
	}
	if p.Kind == string(bridge.PostRoot) {
		return w.threadLost(c, surface, a.Place.Message)
	}
	if m := w.messages[p.MessageID]; m != nil && p.Kind == humanMessage {
		w.applyDelete(c, m)
	}
	return nil
}

func (w *work) applyDelete(c *conv, m *message) {
	switch {
	case m.Fate == store.FateUndone || m.Fate == store.FateDropped: // nobody has it
	case m.Fate == store.FateWaiting && w.cancelReply(m):
		m.Fate, m.dirty = store.FateUndone, true
		w.logParley(c, "undone", detail{Message: m.ID, Reason: "deleted"})
		w.unanswered(c)
	case m.Fate == store.FateWaiting && w.replyOf(m) != nil && (w.underWayReply(m) || w.leftInParts(m)):
		m.Fate, m.dirty = store.FateUndone, true // if it lands all the same, reached tells
		if w.leftInParts(m) {
			w.tellWith(c, m, bridge.Line{Kind: bridge.LineDeleteLate})
		}
		w.unanswered(c)
	case m.Direction == "out" && m.Fate != store.FateFailed:
		w.tellWith(c, m, bridge.Line{Kind: bridge.LineDeleteLate})
	case m.Fate == store.FateAsk || m.Fate == store.FateParked || m.Fate == store.FateFailed:
		m.Fate, m.dirty = store.FateDropped, true
	}
}

// replyOf finds the delivery of a message to the customer.
func (w *work) replyOf(m *message) *delivery {
	var found *delivery
	for _, d := range w.deliveries {
		if d.MessageID == m.ID && d.Kind == kindReply && (found == nil || d.Seq > found.Seq) {
			found = d
		}
	}
	return found
}

// keepEarly remembers an edit or delete until its message comes.
func (w *work) keepEarly(surface int64, a bridge.Action, known *store.Post, deleted bool) {
	if known != nil && known.Version > a.Version && !deleted {
		return
	}
	body, err := json.Marshal(early{Delete: deleted, Action: a})
	if err != nil {
		return // an Action is plain data; nothing to keep otherwise
	}
	w.remember(store.Post{AccountID: surface, Channel: a.Place.Channel, Message: a.Place.Message, Kind: earlyMessage,
		Version: a.Version, Early: body})
}

// applyEarly uses an edit or delete that came first. It says that the message was
// deleted and nothing more is to be done.
func (w *work) applyEarly(c *conv, m *message, post, known *store.Post, a *bridge.Action) bool {
	var e early
	if json.Unmarshal(known.Early, &e) != nil {
		return false
	}
	if e.Delete {
		m.Fate, m.Reason = store.FateUndone, "deleted"
		w.logParley(c, "undone", detail{Message: m.ID, Reason: "deleted"})
		return true
	}
	post.Version = known.Version
	a.Text, a.Raw, a.Files, a.Marker, a.Verb = e.Action.Text, e.Action.Raw, e.Action.Files, e.Action.Marker, bridge.VerbSay
	if e.Action.Marker == bridge.MarkNote {
		a.Verb = bridge.VerbNote
	}
	a.Mentions, a.MentionsBot, a.Explicit = e.Action.Mentions, e.Action.MentionsBot, e.Action.Explicit
	m.Text, m.Files = a.Text, surfaceFiles(a.Files)
	return false
}

// undo takes the last waiting reply of its author back, or the one named.
func (w *work) undo(c *conv, agent *store.Agent, surface int64, a bridge.Action) {
	m := w.undoNamed(c, surface, a)
	if m != nil && m.ConversationID != c.ID {
		m = nil
	}
	if m == nil && !pointed(a) {
		m = w.lastSentBy(c, agent)
	}
	if m == nil {
		w.refuse(c, surface, a, "nothing_to_undo", "There is no reply of yours that still waits.", "A reply can be taken back during its hold.")
		return
	}
	switch {
	case m.Fate == store.FateUndone, m.Fate == store.FateOut:
		w.refuseDecided(c, surface, a, m)
		return
	case !w.cancelReply(m):
		w.refuse(c, surface, a, "too_late", "It is on its way to the customer already.", "Write a correction in this thread.")
		return
	}
	m.Fate, m.dirty = store.FateUndone, true
	w.decide(m, agent, "")
	w.mark(c, m, "")
	w.logAgent(c, agent, "undone", detail{Message: m.ID})
	w.tellWith(c, m, bridge.Line{Kind: bridge.LineUndone, By: w.dir.ref(surface, agent.ID), Reason: "undone", Verbs: []bridge.Verb{bridge.VerbSend}})
	w.unanswered(c)
}

// lastSentBy gives the latest reply that still waits of those that an agent wrote, or sent for a
// colleague.
func (w *work) lastSentBy(c *conv, agent *store.Agent) *message {
	senders := w.sendersForOthers()
	var found *message
	var last int64
	for _, id := range keys(w.messages) {
		m := w.messages[id]
		if m.ConversationID != c.ID || m.Fate != store.FateWaiting || m.AgentID == nil {
			continue
		}
		mine := *m.AgentID == agent.ID || senders[id] == agent.ID
		if d := w.firstOf(m); mine && d != nil && (found == nil || d.Seq > last) {
			found, last = m, d.Seq
		}
	}
	return found
}

// sendersForOthers gives by message who sent what somebody else wrote.
func (w *work) sendersForOthers() map[int64]int64 {
	senders := map[int64]int64{}
	for id, lines := range w.trackedLines() {
		for _, line := range lines {
			if l := payloadOf(line.delivery).Line; l.Kind == bridge.LineDone && l.Verb == bridge.VerbSend {
				senders[id] = l.By.ID
			}
		}
	}
	return senders
}

// pointed says that somebody chose a verb for one message of a thread, and means no other.
func pointed(a bridge.Action) bool {
	return a.Place.Message != "" && (a.Origin == bridge.OriginShortcut || a.Origin == bridge.OriginForm)
}

// undoNamed finds the reply that a click or emoji means; a typed undo names none.
func (w *work) undoNamed(c *conv, surface int64, a bridge.Action) *message {
	if a.Args.Message == 0 && (a.Origin == bridge.OriginText || a.Origin == bridge.OriginMention || a.Origin == bridge.OriginSlash) {
		return nil
	}
	return w.namedMessage(c, surface, a)
}

// namedMessage finds the message an action is about: by its id, by where it or a line about it
// stands, or, for a typed verb, the newest one in the thread that asks for it.
func (w *work) namedMessage(c *conv, surface int64, a bridge.Action) *message {
	if m := w.messages[a.Args.Message]; m != nil {
		return m
	}
	if a.Origin == bridge.OriginText || a.Origin == bridge.OriginMention || a.Origin == bridge.OriginSlash {
		return w.newestAsking(c, a.Verb)
	}
	p := w.posts[postKey{surface, a.Place.Channel, a.Place.Message}]
	if p != nil && (p.Kind == humanMessage || p.Kind == string(bridge.PostLine) && pointed(a)) {
		return w.messages[p.MessageID]
	}
	return nil
}

// newestAsking finds the newest message of a conversation that a verb without an
// object can mean.
func (w *work) newestAsking(c *conv, verb bridge.Verb) *message {
	var found *message
	for i := range c.last {
		m := w.messages[c.last[i].ID]
		if m != nil && asksFor(c, m, verb) && (found == nil || later(&m.Message, &found.Message)) {
			found = m
		}
	}
	return found
}

func asksFor(c *conv, m *message, verb bridge.Verb) bool {
	switch verb {
	case bridge.VerbSend:
		return m.Fate == store.FateAsk || m.Fate == store.FateParked || m.Fate == store.FateUndone || m.Fate == store.FateInside && Told(m.Reason)
	case bridge.VerbKeep, bridge.VerbDrop:
		return m.Fate == store.FateAsk || m.Fate == store.FateParked || m.Fate == store.FateWaiting
	case bridge.VerbSendAgain:
		return m.Fate == store.FateFailed || m.Fate == store.FateUnclear
	case bridge.VerbMarkSent:
		return m.Fate == store.FateUnclear
	case bridge.VerbBlock:
		return m.Direction == "in" && m.Automatic != ""
	case bridge.VerbPromote, bridge.VerbSilence:
		return m.Direction == "in" && (m.Automatic != "" || c.Collects != nil)
	}
	return false
}
