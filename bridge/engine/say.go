package engine

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"parley/bridge"
	"parley/store"
)

const (
	lateAfter    = 2 * time.Minute // a reply found later than this may no longer fit
	rereadAfter  = 5 * time.Second // one that came later than this is read again before it leaves
	holdMinimum  = 5 * time.Second // what an edit leaves of a hold at least
	holdLongest  = 60 * time.Second
	earlyMessage = "early" // kinds of posts that people made
	humanMessage = "human"
)

// say decides the fate of a text typed in a conversation's thread.
func (w *work) say(c *conv, surface int64, a bridge.Action) {
	k := postKey{surface, a.Place.Channel, a.Place.Message}
	known := w.posts[k]
	if known != nil && known.Kind != earlyMessage {
		return // the same fact by another way
	}
	agent := w.dir.byUser[userKey{surface, a.Actor.ID}]
	m := w.saidByPerson(c, surface, a, agent)
	post := w.remember(store.Post{AccountID: surface, Channel: a.Place.Channel, Message: a.Place.Message, ConversationID: c.ID,
		MessageID: m.ID, Kind: humanMessage})
	if known != nil && w.applyEarly(c, m, post, known, &a) {
		return
	}
	decision, reason := w.speak(c, agent, surface, a)
	m.Reason = reason
	switch decision {
	case Out:
		if a.Origin == bridge.OriginCatchUp && w.movedOn(c, a) {
			w.park(c, m, "late")
			return
		}
		if w.mustBeTaken(c) {
			w.askToTake(c, m)
			return
		}
		w.sendToCustomer(c, agent, surface, m, a.Order)
	case Ask:
		m.Fate = store.FateAsk
		w.ask(c, m, a, reason)
	default:
		m.Fate = store.FateInside
		if a.Actor.Kind == bridge.ActorPerson {
			w.mark(c, m, bridge.MarkInside)
		}
		if reason == "note" {
			w.logNote(c, agent, m)
		}
		if (reason == "not_an_agent" || reason == "explicit_mode") && c.toldBefore(m) {
			return // a line once: an automation that answers each would never end
		}
		switch {
		case reason == "not_assignee": // its mark is enough for everybody else, and the next time for its author
			w.tellOnce(c, surface, a, bridge.Line{Kind: bridge.LineInside, Reason: reason, Verbs: []bridge.Verb{bridge.VerbSend}, Args: bridge.Args{Conversation: c.ID, Message: m.ID}})
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
func (w *work) speak(c *conv, agent *store.Agent, surface int64, a bridge.Action) (Decision, string) {
	s := w.settings(c)
	return Speak(Speech{
		Actor: a.Actor.Kind, IsAgent: agent != nil, MayReply: agent != nil && Authorize(agent, bridge.VerbReply, c.Conversation) == nil,
		Verb: a.Verb, Marker: a.Marker, Explicit: a.Explicit, MentionsBot: a.MentionsBot, Mentions: len(a.Mentions) > 0,
		Colleague: w.namesColleague(agent, a.Raw),
		HasText:   a.Text != "" || a.Rich != nil, HasFiles: len(a.Files) > 0, Status: c.status(), Moved: w.leftThread(c, surface, a.Place), Automatic: c.Kind == "automatic", Watch: c.account.Mode == "watch",
		ReplyMode: c.account.ReplyMode, AnyAgent: s.WhoReplies == "any_agent", Assigned: len(c.Assignees) > 0,
		IsAssignee: agent != nil && c.isAssignee(agent.ID), AfterInner: w.afterRemark(c, agent, a), Confirm: s.ConfirmSend,
	})
}

// leftThread says that something was typed in a thread of before the conversation's root
// was posted anew, or of before it was handed over. Forms name their conversation.
func (w *work) leftThread(c *conv, surface int64, at bridge.Place) bool {
	t := c.threads[surface]
	if t == nil || at.Message == "" || at.Thread == "" || at.Thread == at.Message {
		return false
	}
	return at.Thread != t.Root || c.home(w.dir) != t
}

// afterRemark says that the last thing in the thread is a colleague's remark: the
// text may be an answer to the colleague.
func (w *work) afterRemark(c *conv, agent *store.Agent, a bridge.Action) bool {
	var last *store.Message
	for i := range c.last {
		m := &c.last[i]
		if now := w.messages[m.ID]; now != nil {
			m = &now.Message // its fate may have been decided in this batch
		}
		if m.Place == a.Place.Message && m.AuthorUser != "" {
			continue
		}
		if last == nil || later(m, last) {
			last = m
		}
	}
	if last == nil || last.Direction != "note" || last.AuthorUser == a.Actor.ID {
		return false
	}
	switch last.Reason {
	case "note", commandReason, correctionReason, "bot":
		return false
	}
	return last.AuthorUser != "" && agent != nil
}

// later says that a message was said after another: by the order in which their facts
// were accepted; ids come from blocks and say nothing about it.
func later(m, than *store.Message) bool {
	if m.EventID != than.EventID {
		return m.EventID > than.EventID
	}
	return m.ID > than.ID
}

// saidByPerson keeps a person's message; its fate follows.
func (w *work) saidByPerson(c *conv, surface int64, a bridge.Action, agent *store.Agent) *message {
	m := &message{fresh: true, Message: store.Message{ID: w.ids.Next(), ConversationID: c.ID, Direction: "note", Fate: store.FateInside,
		AuthorUser: a.Actor.ID, AccountID: surface, Channel: a.Place.Channel, Thread: a.Place.Thread, Place: a.Place.Message, Text: a.Text,
		EventID: w.event.ID, SaidAt: w.now, CreatedAt: w.now}}
	if agent != nil {
		m.AgentID = &agent.ID
	}
	m.Files, m.Rich, m.Promotional = surfaceFiles(a.Files), richRow(a.Rich), a.Args.Promotional
	w.messages[m.ID] = m
	c.last = append(c.last, m.Message)
	return m
}

func surfaceFiles(files []bridge.SurfaceFile) []store.FileRef {
	var refs []store.FileRef
	for i, f := range files {
		body, err := json.Marshal(f)
		if err != nil {
			panic("bridge: file: " + err.Error()) // our own plain struct
		}
		refs = append(refs, store.FileRef{Name: f.Name, ContentType: f.ContentType, SizeBytes: f.SizeBytes, Index: i, Surface: body, Blob: f.Blob})
	}
	return refs
}

// movedOn says that a text found late no longer fits the conversation: it was typed
// more than two minutes ago and something was said since.
func (w *work) movedOn(c *conv, a bridge.Action) bool {
	typed := orderTime(a.Order)
	if typed.IsZero() {
		return true // nobody knows how old it is
	}
	typed = typed.Add(w.now.Sub(w.real)) // the surface's clock doesn't jump with ours
	return w.now.Sub(typed) > lateAfter && c.LastAt.After(typed)
}

// cameLate says that a text took so long to come that what its author did to it since
// may be on its way as well.
func (w *work) cameLate(order string) bool {
	typed := orderTime(order)
	return !typed.IsZero() && w.real.Sub(typed) > rereadAfter
}

// sendToCustomer puts an agent's message on its way, after the hold.
func (w *work) sendToCustomer(c *conv, agent *store.Agent, surface int64, m *message, order string) {
	if w.beforeRestore() {
		w.parkRestored(c, m)
		return
	}
	if problem := w.blockedRecipients(c); problem != nil {
		m.Fate, m.Reason, m.dirty = store.FateAsk, problem.Code, true
		w.tellProblem(c, m, problem)
		return
	}
	if c.account.Paused {
		w.park(c, m, "paused")
		return
	}
	if w.parkForWindow(c, m) || w.tooLateToPromote(c, m) || w.keptByLimits(c, m) {
		return
	}
	m.Direction, m.Fate, m.dirty = "out", store.FateWaiting, true
	w.endReply(c, agent)
	l := w.customerLane(c)
	d := w.enqueueReply(c, l, order, m, payload{Place: c.sourceAt(m), Late: w.cameLate(order), Meant: meant(c.Participants)})
	w.joinLines(c, l, d, m)
	w.markWaiting(c, m)
	w.answered(c, agent, m)
	if m.Place != "" { // a form's own line tells it
		w.warnOfTexts(c, m)
	}
}

// sourceAt gives the place of a typed message with its thread, to be read there again.
func (c *conv) sourceAt(m *message) bridge.Place {
	if m.Place == "" {
		return bridge.Place{}
	}
	at := bridge.Place{Channel: m.Channel, Thread: m.Thread, Message: m.Place}
	if t := c.threads[m.AccountID]; t != nil && at.Thread == "" && t.Rerooted == 0 {
		at.Thread = t.Root // an earlier version took it; where the root changed, nobody knows under which it was typed
	}
	return at
}

// joinLines lets a reply leave together with the line that its author typed before it,
// where that one still waits: their hold begins anew, and is 60 s in all.
func (w *work) joinLines(c *conv, l *lane, d *delivery, m *message) {
	if !w.settings(c).JoinLines || m.Promotional || len(m.Files) > 0 || m.Template != nil || m.Rich != nil || m.ReplyTo != "" || m.Reason == clickedReason || m.Reason == revivedReason {
		return
	}
	d.JoinKey = fmt.Sprintf("line:%d", d.ID)
	w.measureLine(c, d, m)
	at := slices.Index(l.waiting, d)
	for _, i := range []int{at - 1, at + 1} { // events of one author may come in any order
		if i >= 0 && i < len(l.waiting) && w.sameHold(l.waiting[i], d, m) && w.joinGroup(l, d, l.waiting[i].JoinKey) {
			return
		}
	}
}

// measureLine notes how much of a message a line takes.
func (w *work) measureLine(c *conv, d *delivery, m *message) {
	room := 20_000 // runes; a mail has no limit of its own
	if ch := w.e.channel(c.AccountID); ch != nil {
		room = cmp.Or(ch.Capabilities().MaxTextRunes, room)
	}
	d.join(d.JoinKey, utf8.RuneCountInString(m.Text)+len("\n\n"), room)
}

// joinGroup lets a line leave with those of a key, if all of them can wait for it and fit.
func (w *work) joinGroup(l *lane, d *delivery, key string) bool {
	var group []*delivery
	size := d.JoinSize
	for _, other := range l.waiting {
		if other != d && other.JoinKey == key {
			if !w.mayWait(other, *d.NotBefore) {
				return false
			}
			group, size = append(group, other), size+other.JoinSize
		}
	}
	if size > store.JoinRoom {
		return false
	}
	d.JoinKey = key
	for _, other := range group {
		w.postpone(other, *d.NotBefore)
	}
	return true
}

// sameHold says that a line was typed while its neighbour, by the same author and for the
// same people, was held.
func (w *work) sameHold(before, d *delivery, m *message) bool {
	said := w.messages[before.MessageID]
	return before.JoinKey != "" && max(before.Seq-d.Seq, d.Seq-before.Seq) == 1 && before.NotBefore != nil && before.NotBefore.After(w.now) && w.holdable(before) &&
		said != nil && said.AgentID != nil && m.AgentID != nil && *said.AgentID == *m.AgentID && said.AccountID == m.AccountID &&
		slices.Equal(meantBy(before), meantBy(d))
}

// meantBy gives whom a waiting reply was for when it was typed.
func meantBy(d *delivery) []string {
	return payloadOf(d).Meant
}

// mayWait says that a hold may last until then: 60 s in all.
func (w *work) mayWait(d *delivery, until time.Time) bool {
	return !until.After(d.CreatedAt.Add(holdLongest))
}

// answered changes the conversation as a reply does when it is said; customersTurn is for when it
// has left.
func (w *work) answered(c *conv, agent *store.Agent, m *message) {
	if len(c.Assignees) == 0 {
		c.Assignees = []int64{agent.ID}
		w.logAgent(c, agent, "took", nil)
	}
	c.LastAt, c.LastFrom, c.LastPreview = w.now, "agent", preview(cmp.Or(m.Text, richOf(&m.Message).Text()))
	if c.status() == bridge.StatusSnoozed {
		w.endSnooze(c)
		c.Status = string(bridge.StatusOpen)
	}
	w.logAgent(c, agent, "replied", detail{Message: m.ID})
	w.card(c)
}

// keepStatus has the replies that are on their way not make their conversation pending: a person has
// chosen another status since they were said. Whether their results are applied before or after that
// choice makes no difference.
func (w *work) keepStatus(c *conv) {
	for _, d := range w.deliveries {
		if l := w.lanes[d.LaneID]; d.Kind != kindReply || d.State == store.Cancelled || l == nil || l.ConversationID != c.ID {
			continue
		}
		if m := w.messages[d.MessageID]; m != nil && m.Fate == store.FateOut {
			continue // its result has been applied
		}
		p := payloadOf(d)
		p.KeepsStatus = true
		d.setPayload(p)
	}
}

// customersTurn notes that the customer has our answer: we wait for the customer, who has not
// written since it was said. keeps means that a person has chosen the conversation's status since.
func (w *work) customersTurn(c *conv, keeps bool) {
	if c.LastFrom != "agent" {
		return
	}
	c.WaitingSince = nil
	if w.settings(c).AutoPending && c.status() == bridge.StatusOpen && !keeps {
		c.Status = string(bridge.StatusPending)
		w.logParley(c, "set pending", detail{Reason: "answered"})
	}
	w.card(c)
}

// unanswered gives the conversation back to its people when a reply did not reach the
// customer and no other one did since the customer wrote.
func (w *work) unanswered(c *conv) {
	recent := slices.SortedFunc(slices.Values(c.last), func(a, b store.Message) int {
		if later(&a, &b) {
			return -1
		}
		return 1
	})
	for i := range recent {
		m := w.messages[recent[i].ID]
		if m == nil || m.Direction == "in" {
			break
		}
		if m.Direction == "out" && m.Reason != machineReason && (m.Fate == store.FateWaiting || m.Fate == store.FateOut || m.Fate == store.FateUnclear) {
			return
		}
	}
	if c.status() == bridge.StatusPending {
		c.Status = string(bridge.StatusOpen)
	}
	if c.WaitingSince == nil && c.status().Open() {
		c.WaitingSince = &w.now
	}
	w.card(c)
}

func (w *work) hold(c *conv) time.Duration {
	if c.account.HoldSeconds != nil {
		return store.Seconds(*c.account.HoldSeconds)
	}
	if ch := w.e.channel(c.AccountID); ch != nil {
		return ch.Capabilities().Hold
	}
	return 0
}

// blockedRecipients says why nothing may go to the recipients as they are.
func (w *work) blockedRecipients(c *conv) *bridge.Problem {
	if i := w.rootOf(c); i != nil && i.OptedOut == store.OptedOutAll {
		return &bridge.Problem{Code: "opted_out", Text: c.customer().Name + " doesn't want messages any more.", Hint: optedOutHint}
	}
	if c.account.Mode != "trial" {
		return nil
	}
	to, cc := addressed(c.Participants)
	for _, p := range slices.Concat(to, cc) {
		if !slices.ContainsFunc(c.account.TrialTo, func(s string) bool { return s == p.Key }) {
			return &bridge.Problem{Code: "trial", Text: "This account is on trial and " + p.Key + " is not on its list.",
				Hint: "Add the address to trial_to, or switch the account to live."}
		}
	}
	return nil
}

// park keeps a reply until somebody clicks.
func (w *work) park(c *conv, m *message, reason string) {
	m.Fate, m.Reason, m.dirty = store.FateParked, reason, true
	w.tellAuthor(c, m, bridge.LineParked, reason, bridge.VerbSend, bridge.VerbDrop)
}
