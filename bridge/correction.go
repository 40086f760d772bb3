package bridge

import (
	"parley/store"
)

// correctionReason marks the new text of a reply that was edited after it was sent: it leaves as a
// message of its own, by a click alone.
const correctionReason = "correction"

// tellLateEdit tells the author of a reply that was edited after it was sent what the customer has,
// and offers to send the new text. decision is what would become of that text if it were typed.
func (w *work) tellLateEdit(c *conv, m *message, a Action, decision Decision) {
	w.dropCorrections(m)
	line := Line{Kind: LineEditLate, Text: m.Text}
	if decision == Inside || a.Text == "" {
		w.tellWith(c, m, line)
		return
	}
	agent := w.dir.byUser[userKey{m.AccountID, m.AuthorUser}]
	fix := w.saidByPerson(c, m.AccountID, Action{Actor: a.Actor, Text: a.Text}, agent)
	fix.Fate, fix.Reason = store.FateAsk, correctionReason
	line.Verbs = []Verb{VerbSend}
	line.Args = Args{Conversation: c.ID, Message: fix.ID}
	w.lineAbout(c, m, line)
}

// dropCorrections gives up the corrections of a reply that wait for a click: a later one is offered.
func (w *work) dropCorrections(m *message) {
	for id, lines := range w.trackedLines() {
		fix := w.messages[id]
		if fix.Reason != correctionReason || fix.Fate != store.FateAsk {
			continue
		}
		for _, line := range lines {
			if at := payloadOf(line.delivery).Line.SourceRef; at.Channel == m.Channel && at.Message == m.Place {
				fix.Fate, fix.dirty = store.FateDropped, true
			}
		}
	}
}
