package engine

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"parley/bridge"
	"parley/store"
)

// maxNamed limits the references in a note to which those of earlier analyses are added. It also limits tags and templates.
const maxNamed = 5

// This file shows the results of analyses as notes. A note is a post in the conversation's thread, such as "Frustrated. Wants a
// refund. Order 4711." If the customer writes again before anybody has acted on the note, it is the standing note: it is edited,
// instead of a second note being posted.

// showNote shows the results of an analysis. It edits the standing note if there is one; otherwise it posts a note if hasNews is true.
// A note that mentions people is always posted as a new one, because editing a post notifies nobody.
func (w *work) showNote(c *Conversation, line bridge.Line, hasNews bool) {
	t := c.Home(w.Dir)
	standing := w.Outbox.Delivery(c.StandingNote(t))
	var before *bridge.Line
	if standing != nil {
		before = standing.DecodedPayload().Line // nil if the note was erased while it waited to be posted
	}

	mayEdit := before != nil && len(line.Mentions) == 0
	if mayEdit {
		line = joinNotes(*before, line, bridge.IsUrgent(c.Traits))
	}
	switch {
	case mayEdit && isSameLine(line, *before):
		return
	case mayEdit:
		w.changeNote(c, t, standing, line)
	case !hasNews:
		return
	default:
		w.postNote(c, t, line)
	}

	a := line.Content.(*bridge.AnalysisLine)
	if a.Urgent != "" && c.Traits[bridge.TraitPriority] != "urgent" {
		w.Suggestions.Show(c, store.SuggestsPriority, "urgent")
	}

	w.Log.ByParley(c, store.DeedAnalysed, Detail{
		Text: strings.Join(append([]string{string(a.Sentiment)}, a.Intents...), ", "),
		Why:  bridge.InWords(a.Urgent),
	})
}

// postNote posts a note, which becomes the thread's standing note.
func (w *work) postNote(c *Conversation, t *Thread, line bridge.Line) {
	if d := w.Line(c, line); d != nil {
		c.KeepNote(d, t)
	}
}

// changeNote replaces the content of the standing note. If the note is not posted yet, it changes the queued post. Otherwise it queues
// an edit.
func (w *work) changeNote(c *Conversation, t *Thread, standing *Delivery, line bridge.Line) {
	if w.Outbox.CanBeTakenBack(standing) {
		standing.SetLine(line)
		return
	}
	line.Mentions = slices.Clone(line.Mentions)
	for i := range line.Mentions {
		line.Mentions[i].User = "" // keep the names, but don't notify anybody again
	}
	edit := w.Outbox.Enqueue(w.ChangesLane(c, t), string(bridge.PostLine), NoMessage, Payload{
		Place:   bridge.Place{Channel: t.Channel, Thread: t.Root},
		Line:    &line,
		Changes: standing.ID,
	}, nil)
	c.KeepNote(edit, t)
}

// PostUnchanged posts a note as a new one after its edit has failed: the old one was deleted, or the chat doesn't allow the edit. It
// does nothing if there has been a later edit, or if the conversation is over.
func (w *work) PostUnchanged(c *Conversation, failed *Delivery) {
	t, line := c.Home(w.Dir), failed.DecodedPayload().Line
	if line == nil || line.Kind() != bridge.LineAnalysis {
		return
	}
	if c.StandingNote(t) != failed.ID || !c.BridgeStatus().Open() {
		return
	}
	w.postNote(c, t, *line)
}

// joinNotes merges the results of a later analysis (line) into an earlier note (before). The later mood wins, as do later intents that
// are worth a note. The reason for the urgency stays while the conversation is urgent. Names of both are kept, the later ones first.
func joinNotes(before, line bridge.Line, isUrgent bool) bridge.Line {
	was, now := before.Content.(*bridge.AnalysisLine), *line.Content.(*bridge.AnalysisLine)
	if now.Sentiment == was.Sentiment {
		now.Before = was.Before
	}
	if !isWorthNote(now.Intents) && isWorthNote(was.Intents) {
		now.Intents = was.Intents
	}
	if now.Suggested == 0 {
		now.Suggested, now.Sources = was.Suggested, was.Sources
	}
	if isUrgent {
		now.Urgent = cmp.Or(now.Urgent, was.Urgent)
	}
	now.Until = cmp.Or(now.Until, was.Until)

	now.References = joinLists(now.References, was.References)
	now.Fits = joinLists(now.Fits, was.Fits)
	now.Tagged = joinLists(now.Tagged, was.Tagged)
	line.Args.Tags = joinLists(line.Args.Tags, before.Args.Tags)
	line.Content = &now
	line.Mentions, line.Customer = before.Mentions, before.Customer
	return line
}

// isSameLine reports whether two lines have the same JSON.
func isSameLine(a, b bridge.Line) bool {
	jsonA, errA := json.Marshal(a)
	jsonB, errB := json.Marshal(b)
	if errA != nil || errB != nil {
		return false
	}
	return bytes.Equal(jsonA, jsonB)
}

// joinLists appends to now what is only in before, up to maxNamed. It doesn't modify its arguments.
func joinLists[T comparable](now, before []T) []T {
	for _, name := range before {
		if !slices.Contains(now, name) && len(now) < maxNamed {
			now = append(slices.Clip(now), name)
		}
	}
	return now
}
