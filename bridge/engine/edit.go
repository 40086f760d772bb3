package engine

import (
	"encoding/json"
	"strings"

	"parley/bridge"
	"parley/store"
)

// editedReason marks a message whose text is not what it was when it was decided.
const editedReason string = "edited"

// early is an edit or a delete that came before the message itself.
type early struct {
	Delete bool          `json:"delete,omitempty"`
	Action bridge.Action `json:"action"`
}

// edit applies a person's edit of a typed text. During the hold the new text is what leaves; later
// a new text never reaches the customer without a click.
func (w *work) edit(r request) {
	p := w.posts.rows[postKey{r.surface, r.Place.Channel, r.Place.Message}]
	if p == nil || p.Kind == earlyMessage {
		w.posts.keepEarly(r, p, false)
		return
	}
	w.posts.editChannelText(p, r.Action)
	m, c := w.messages.rows[p.MessageID], w.convs.rows[p.ConversationID]
	if p.Kind != humanMessage || m == nil || c == nil || r.Version <= p.Version {
		return
	}
	again := sameContent(p.Version, r.Version)
	p.Version = r.Version
	w.posts.change(p)
	if !again || r.Restored {
		w.applyEdit(r.about(c), m)
	}
}

// sameContent tells whether two versions of a message are one edit that a surface reported in two
// ways, with different times. Such versions have the same mark of the content behind a colon.
func sameContent(known, told string) bool {
	_, before, _ := strings.Cut(known, ":")
	_, now, _ := strings.Cut(told, ":")
	return now != "" && now == before
}

func (w *work) applyEdit(r request, m *message) {
	r.agent = w.dir.AgentOf(m.AccountID, m.AuthorUser)
	r.Actor = bridge.Actor{ID: m.AuthorUser, Kind: bridge.ActorPerson}
	decision, reason := w.speak(r)
	d := w.outbox.firstOf(m)
	m.Promotional = m.Promotional || r.Args.Promotional
	switch {
	case m.Fate == store.FateWaiting && w.outbox.underWayReply(m):
		r.conv.previewChanged(m.Text, r.Text)
		w.rewrite(m, r.Action) // the new text leaves if the attempt fails; if it succeeds, reached tells the author
		w.outbox.dropParts(m)
		if decision != Out {
			w.keepInside(r.conv, m, r.Action, decision, reason)
		}
	case m.Fate == store.FateWaiting && d != nil && w.outbox.holdable(d):
		r.conv.previewChanged(m.Text, r.Text)
		w.rewrite(m, r.Action)
		if decision == Out {
			w.outbox.dropParts(m)
			w.measureLine(r.conv, d, m)
			w.restartHold(r.conv, d)
			return
		}
		w.outbox.cancelReply(m)
		w.keepInside(r.conv, m, r.Action, decision, reason)
	case m.Fate == store.FateFailed, m.Fate == store.FateWaiting && d != nil && d.State == store.Failed: // Send again sends what it says now
		w.rewrite(m, r.Action)
		if decision != Out {
			m.Direction, m.Fate, m.Reason = store.DirectionNote, store.FateInside, reason
			w.mark(r.conv, m, bridge.MarkInside)
		}
	case m.Fate == store.FateUndone || m.Fate == store.FateDropped: // nobody has it
		w.rewrite(m, r.Action)
		if decision == Out && r.Restored { // what was deleted and is back isn't sent by that alone
			m.Fate = store.FateAsk
			w.tellAuthor(r.conv, m, &bridge.AskLine{Reason: editedReason}, bridge.VerbSend, bridge.VerbKeep)
		}
	case m.Direction == store.DirectionOut:
		w.tellLateEdit(r.conv, m, r.Action, decision)
	default:
		w.rewrite(m, r.Action)
		if decision == Out && m.Fate == store.FateInside {
			// A note that became a reply is never sent by an edit alone.
			m.Fate = store.FateAsk
			w.tellAuthor(r.conv, m, &bridge.AskLine{Reason: editedReason}, bridge.VerbSend, bridge.VerbKeep)
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

// keepInside keeps a waiting reply inside, because it was edited into a text that is not to leave.
func (w *work) keepInside(c *conv, m *message, a bridge.Action, decision Decision, reason string) {
	m.Direction, m.Fate, m.Reason = store.DirectionNote, store.FateInside, reason
	w.log.byParley(c, store.DeedKeptInside, detail{Message: m.ID, Reason: reason})
	w.messages.unanswered(c)
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

// restartHold gives an edited reply its hold again: at least 5 s, 60 s in all.
func (w *work) restartHold(c *conv, d *delivery) {
	until := w.now.Add(max(w.hold(c), holdMinimum))
	if last := d.CreatedAt.Add(holdLongest); until.After(last) {
		until = last
	}
	if soonest := w.now.Add(holdMinimum); until.Before(soonest) {
		until = soonest
	}
	w.outbox.postpone(d, until)
	l := w.outbox.lanes[d.LaneID]
	for _, other := range l.waiting { // those that leave with it
		if other != d && other.JoinKey == d.JoinKey && d.JoinKey != "" && w.outbox.holdable(other) {
			w.outbox.postpone(other, until)
		}
	}
}

// delete applies the deletion of a message. A typed text is taken back: if it is still held, nothing of it
// leaves. A root is posted anew.
func (w *work) delete(r request) error {
	p := w.posts.rows[postKey{r.surface, r.Place.Channel, r.Place.Message}]
	if p == nil || p.Kind == earlyMessage {
		w.posts.keepEarly(r, p, true)
		return nil
	}
	c := w.convs.rows[p.ConversationID]
	if c == nil {
		w.posts.dropChannelText(p)
		return nil
	}
	if p.Kind == string(bridge.PostRoot) {
		return w.threadLost(c, r.surface, r.Place.Message)
	}
	if m := w.messages.rows[p.MessageID]; m != nil && p.Kind == humanMessage {
		w.applyDelete(c, m)
	}
	return nil
}

func (w *work) applyDelete(c *conv, m *message) {
	switch {
	case m.Fate == store.FateUndone || m.Fate == store.FateDropped: // nobody has it
	case m.Fate == store.FateWaiting && w.outbox.cancelReply(m):
		m.Fate, m.dirty = store.FateUndone, true
		w.log.byParley(c, store.DeedUndone, detail{Message: m.ID, Reason: "deleted"})
		w.messages.unanswered(c)
	case m.Fate == store.FateWaiting && w.outbox.replyOf(m) != nil && (w.outbox.underWayReply(m) || w.outbox.leftInParts(m)):
		m.Fate, m.dirty = store.FateUndone, true // if it lands all the same, reached tells
		if w.outbox.leftInParts(m) {
			w.tellWith(c, m, bridge.Line{Content: bridge.LineDeleteLate})
		}
		w.messages.unanswered(c)
	case m.Direction == store.DirectionOut && m.Fate != store.FateFailed:
		w.tellWith(c, m, bridge.Line{Content: bridge.LineDeleteLate})
	case m.Fate == store.FateAsk || m.Fate == store.FateParked || m.Fate == store.FateFailed:
		m.Fate, m.dirty = store.FateDropped, true
	}
}

// keepEarly remembers an edit or delete until its message comes.
func (ps *posts) keepEarly(r request, known *store.Post, deleted bool) {
	if known != nil && known.Version > r.Version && !deleted {
		return
	}
	body, err := json.Marshal(early{Delete: deleted, Action: r.Action})
	if err != nil {
		return // an Action is plain data; nothing to keep otherwise
	}
	ps.remember(store.Post{AccountID: r.surface, Channel: r.Place.Channel, Message: r.Place.Message, Kind: earlyMessage,
		Version: r.Version, Early: body})
}

// applyEarly applies an edit or delete that came before its message. True means that the message was
// deleted, and nothing more is to be done.
func (b *book) applyEarly(c *conv, m *message, post, known *store.Post, a *bridge.Action) bool {
	var e early
	if json.Unmarshal(known.Early, &e) != nil {
		return false
	}
	if e.Delete {
		m.Fate, m.Reason = store.FateUndone, "deleted"
		b.log.byParley(c, store.DeedUndone, detail{Message: m.ID, Reason: "deleted"})
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
