package engine

import (
	"slices"

	"parley/bridge"
	"parley/bridge/engine/outbound"
	"parley/store"
)

// correctionReason marks the new text of a reply that was edited after it was sent. The text leaves as
// a message of its own, and only when somebody clicks.
const correctionReason string = "correction"

// maxEarlier bounds the texts that are kept of one attempt. People don't edit a reply more often while
// it is under way; and it is the first of those texts that was most likely sent.
const maxEarlier = 10

// rewrite gives a message the words and files of an edit. What it said before is kept with its delivery
// if an attempt has begun: the customer may have that text.
func (b *book) rewrite(m *message, a bridge.Action) {
	if d := b.outbox.firstOf(m); d != nil && d.Attempt > 0 && m.Text != a.Text {
		p := d.payload()
		p.Earlier = slices.DeleteFunc(p.Earlier, func(e outbound.EarlierText) bool { return e.Attempt != d.Attempt })
		if len(p.Earlier) < maxEarlier {
			p.Earlier = append(p.Earlier, outbound.EarlierText{Attempt: d.Attempt, Text: m.Text})
			d.setPayload(p)
		}
	}
	m.Text, m.Files, m.dirty = a.Text, surfaceFiles(a.Files), true
}

// takeSentText gives the text that the customer got, if the last attempt at a reply sent what it said
// before an edit. It also drops the earlier texts, which nothing needs after that.
func (o *outbox) takeSentText(m *message) (text string, edited bool) {
	d := o.firstOf(m)
	if d == nil {
		return "", false
	}
	p := d.payload()
	earlier := slices.DeleteFunc(p.Earlier, func(e outbound.EarlierText) bool { return e.Attempt != d.Attempt })
	if len(p.Earlier) > 0 {
		p.Earlier = nil
		d.setPayload(p)
	}
	if len(earlier) == 0 || d.Progress == bridge.TextMark(m.Text) {
		return "", false
	}
	at := slices.IndexFunc(earlier, func(e outbound.EarlierText) bool { return bridge.TextMark(e.Text) == d.Progress })
	text = earlier[max(at, 0)].Text // if the process ended before it noted which text it sent: the one of when the attempt began
	return text, text != m.Text
}

// reached notes that the customer has a reply. If the reply was edited or taken back while it was under
// way, its author is told that the customer has something else than the message says now.
func (w *work) reached(c *conv, m *message) {
	before, now := m.Fate, m.Text
	sent, edited := w.outbox.takeSentText(m)
	if edited {
		m.Text = sent
		c.previewChanged(now, sent)
	}
	m.Direction, m.Fate, m.dirty = store.DirectionOut, store.FateOut, true
	edit := bridge.Action{Actor: bridge.Actor{ID: m.AuthorUser, Kind: bridge.ActorPerson}, Text: now}
	switch {
	case before == store.FateUndone || before == store.FateDropped:
		w.tellWith(c, m, bridge.Line{Content: bridge.LineDeleteLate})
	case before == store.FateInside:
		w.tellLateEdit(c, m, edit, Inside)
	case before == store.FateAsk && edited:
		w.tellLateEdit(c, m, edit, Ask)
	case edited:
		w.tellLateEdit(c, m, edit, Out)
	case before == store.FateAsk:
		w.tellWith(c, m, bridge.Line{Content: bridge.LineEditLate})
	}
	d := w.outbox.firstOf(m)
	w.customersTurn(c, d != nil && d.payload().KeepsStatus)
}

// tellLateEdit tells the author of a reply that was edited after it was sent what the customer has,
// and offers to send the new text. decision is what would become of that text if it were typed.
func (w *work) tellLateEdit(c *conv, m *message, a bridge.Action, decision Decision) {
	w.dropCorrections(m)
	line := bridge.Line{Content: bridge.LineEditLate, Text: m.Text}
	if decision == Inside || a.Text == "" {
		w.tellWith(c, m, line)
		return
	}
	agent := w.dir.AgentOf(m.AccountID, m.AuthorUser)
	fix := w.messages.addByPerson(request{conv: c, agent: agent, surface: m.AccountID, Action: bridge.Action{Actor: a.Actor, Text: a.Text}})
	fix.Fate, fix.Reason = store.FateAsk, correctionReason
	line.Verbs = []bridge.Verb{bridge.VerbSend}
	line.Args = bridge.Args{Conversation: c.ID, Message: fix.ID}
	w.lineAbout(c, m, line)
}

// dropCorrections drops the corrections of a reply that still wait for a click, because a later one is
// offered.
func (b *book) dropCorrections(m *message) {
	for id, lines := range b.trackedLines() {
		fix := b.messages.rows[id]
		if fix.Reason != correctionReason || fix.Fate != store.FateAsk {
			continue
		}
		for _, line := range lines {
			if at := line.delivery.payload().Line.SourceRef; at.Channel == m.Channel && at.Message == m.Place {
				fix.Fate, fix.dirty = store.FateDropped, true
			}
		}
	}
}
