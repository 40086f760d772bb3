package engine

import (
	"cmp"
	"slices"

	"parley/bridge"
)

// tellInside says that a text stayed inside, with a way out where there is one.
func (w *work) tellInside(c *conv, m *message, reason string) {
	switch reason {
	case "not_an_agent":
		w.tellAuthor(c, m, bridge.LineNotMapped, reason)
	case "not_open":
		if c.status() == bridge.StatusClosed {
			w.tellWith(c, m, bridge.Line{Kind: bridge.LineInside, Reason: reason, Hint: c.afterTheEnd()})
			return
		}
		w.tellAuthor(c, m, bridge.LineInside, reason, bridge.VerbReopen, bridge.VerbSend)
	case "watch", "may_not_reply", "automatic":
		w.tellAuthor(c, m, bridge.LineInside, reason)
	default:
		w.tellAuthor(c, m, bridge.LineInside, reason, bridge.VerbSend)
	}
}

// tellAuthor posts the durable line that a text did not reach the customer: it
// mentions the author and keeps the text.
func (w *work) tellAuthor(c *conv, m *message, kind bridge.LineKind, reason string, verbs ...bridge.Verb) {
	w.tellWith(c, m, bridge.Line{Kind: kind, Reason: reason, Verbs: verbs})
}

// ask asks the author whether a text is for the customer. What was likelier meant comes first: the
// verb that a slip stands for, then to keep the text inside.
func (w *work) ask(c *conv, m *message, a bridge.Action, reason string) {
	line := bridge.Line{Kind: bridge.LineAsk, Reason: reason, Verbs: []bridge.Verb{bridge.VerbSend, bridge.VerbKeep}}
	switch reason {
	case "unknown_verb":
		line.Verb, line.Meant = bridge.VerbUnknown, w.meant(c, m, a)
		if a.Args.Note != "" {
			line.Reason = a.Args.Note // what is wrong with it, in words
		}
		fallthrough
	case "lone_verb", "for_colleagues", "names_colleague", "after_remark", "reply_mentions":
		line.Verbs = []bridge.Verb{bridge.VerbKeep, bridge.VerbSend}
	}
	w.tellWith(c, m, line)
}

// meant makes a button of the verb that a mistyped one stands for: about this conversation, with the
// names of its people. Nothing where one of them isn't known.
func (w *work) meant(c *conv, m *message, a bridge.Action) *bridge.Meant {
	if a.Meant == nil {
		return nil
	}
	offered := *a.Meant
	offered.Args.Conversation, offered.Args.Slip = c.ID, m.ID
	for _, who := range offered.Args.Agents {
		name := "me"
		if who != "me" {
			found := w.dir.find(m.AccountID, who)
			if found == nil {
				return nil
			}
			name = found.Name
		}
		offered.Names = append(offered.Names, name)
	}
	return &offered
}

func (w *work) tellProblem(c *conv, m *message, p *bridge.Problem) {
	w.tellWith(c, m, bridge.Line{Kind: bridge.LineInside, Reason: p.Text, Hint: p.Hint, Verbs: []bridge.Verb{bridge.VerbSend}})
}

func (w *work) tellWith(c *conv, m *message, line bridge.Line) {
	if line.Text == "" { // else it is about a part
		line.Files = uploadedNames(m)
	}
	line.Text, line.Rich = cmp.Or(line.Text, m.Text), richOf(&m.Message)
	if line.Text == "" && len(line.Files) == 0 && len(m.Files) > 0 {
		line.Text = m.Files[0].Name
	}
	line.Args = bridge.Args{Conversation: c.ID, Message: m.ID, Delivery: line.Args.Delivery}
	if slices.Contains(line.Verbs, bridge.VerbReply) {
		line.Args.Message = 0 // of a reply it is what that answers
	}
	w.lineAbout(c, m, line)
}

// lineAbout posts a line that points at a person's message. It mentions the author, but for what
// the author did.
func (w *work) lineAbout(c *conv, m *message, line bridge.Line) {
	if t := c.home(w.dir); t != nil {
		line.SourceRef = sourceOf(m, t)
		if m.AgentID == nil || line.By.ID != *m.AgentID {
			line.Mentions = []bridge.AgentRef{w.author(m, t.AccountID)}
		}
		w.line(c, line)
	}
}

// sourceOf gives the place of a person's message, for a line in a thread: nothing where the
// message was written in another surface.
func sourceOf(m *message, t *thread) bridge.Place {
	if m.AccountID != t.AccountID {
		return bridge.Place{}
	}
	return bridge.Place{Channel: m.Channel, Message: m.Place}
}

// author names to a surface who typed a message, agent or not.
func (w *work) author(m *message, surface int64) bridge.AgentRef {
	ref := bridge.AgentRef{Name: "you"}
	if m.AgentID != nil {
		ref = w.dir.ref(surface, *m.AgentID)
	}
	if m.AuthorUser != "" && m.AccountID == surface {
		ref.User = m.AuthorUser
	}
	return ref
}
