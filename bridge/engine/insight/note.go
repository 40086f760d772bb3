package insight

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/outbound"
	"parley/store"
	"parley/store/suggestion"
)

// maxNamed is how many references a note names once names of earlier bursts are added; the same holds for tags and for
// templates.
const maxNamed = 5

// showNote shows what an analysis found in a note, which is a post in the conversation's thread. The standing note, which nobody has
// acted upon yet, is changed. If there is none, a note is posted, but only if there is news. A note that mentions people is always
// posted again, because a change notifies nobody.
func (us *UseCases) showNote(c *book.Conversation, line bridge.Line, news bool) {
	t := c.Home(us.Dir)
	stands := us.Outbox.Deliveries[c.StandingNote(t)]
	var before *bridge.Line
	if stands != nil {
		before = stands.DecodedPayload().Line // nil if an erasure took away the note while it waited
	}
	if before != nil && len(line.Mentions) == 0 {
		line = joinNotes(*before, line, bridge.IsUrgent(c.Traits))
		if isSameLine(line, *before) {
			return
		}
		us.changeNote(c, t, stands, line)
	} else {
		if !news {
			return
		}
		us.postNote(c, t, line)
	}

	a := line.Content.(*bridge.AnalysisLine)
	if a.Urgent != "" && c.Traits[bridge.TraitPriority] != "urgent" {
		us.Suggestions.Show(c, suggestion.Priority, "urgent")
	}

	us.Log.ByParley(c, store.DeedAnalysed, book.Detail{
		Text: strings.Join(append([]string{string(a.Sentiment)}, a.Intents...), ", "),
		Why:  bridge.InWords(a.Urgent),
	})
}

// postNote posts a note. It is the thread's standing note from now on.
func (us *UseCases) postNote(c *book.Conversation, t *book.Thread, line bridge.Line) {
	if d := us.Line(c, line); d != nil {
		c.KeepNote(d, t)
	}
}

// changeNote makes the standing note say what line says.
func (us *UseCases) changeNote(c *book.Conversation, t *book.Thread, stands *book.Delivery, line bridge.Line) {
	if us.Outbox.CanBeTakenBack(stands) {
		stands.SetLine(line)
		return
	}
	line.Mentions = slices.Clone(line.Mentions)
	for i := range line.Mentions {
		line.Mentions[i].User = "" // they are named, and not notified again
	}
	at := bridge.Place{Channel: t.Channel, Thread: t.Root}
	c.KeepNote(us.Outbox.Enqueue(us.ChangesLane(c, t), string(bridge.PostLine), 0, outbound.Payload{
		Place:   at,
		Line:    &line,
		Changes: stands.ID,
	}, nil), t)
}

// PostUnchanged posts a note again whose change has failed, because the note was deleted or the chat doesn't let it be changed. It does
// nothing if a later change has been made.
func (us *UseCases) PostUnchanged(c *book.Conversation, failed *book.Delivery) {
	t, line := c.Home(us.Dir), failed.DecodedPayload().Line
	if line == nil || line.Kind() != bridge.LineAnalysis {
		return
	}
	if c.StandingNote(t) != failed.ID || !c.BridgeStatus().Open() {
		return
	}
	us.postNote(c, t, *line)
}

// joinNotes adds what was found later (line) to what a note says (before). The later mood, intents and urgency count, but what makes
// the conversation urgent stays while it is urgent. Names of both stay, the later ones first.
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
	now.Solver = cmp.Or(now.Solver, was.Solver)

	now.References = joinLists(now.References, was.References)
	now.Fits = joinLists(now.Fits, was.Fits)
	now.Tagged = joinLists(now.Tagged, was.Tagged)
	line.Args.Tags = joinLists(line.Args.Tags, before.Args.Tags)
	line.Content = &now
	line.Mentions, line.Customer = before.Mentions, before.Customer
	return line
}

// isSameLine reports whether two lines are stored alike.
func isSameLine(a, b bridge.Line) bool {
	one, errA := json.Marshal(a)
	other, errB := json.Marshal(b)
	if errA != nil || errB != nil {
		return false
	}
	return bytes.Equal(one, other)
}

// joinLists joins two lists, now first, without doubles and up to maxNamed.
func joinLists[T comparable](now, before []T) []T {
	for _, name := range before {
		if !slices.Contains(now, name) && len(now) < maxNamed {
			now = append(slices.Clip(now), name)
		}
	}
	return now
}
