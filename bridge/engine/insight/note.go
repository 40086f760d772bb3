package insight

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/outbound"
	"parley/store"
	"parley/store/suggestion"
)

// maxNamed is how many references, tags and templates of earlier bursts a note keeps, of each.
const maxNamed = 5

// note shows what an analysis found. It changes the note that stands in the thread, if there is one; else it
// posts a note where there is news. A change notifies nobody, so that a note which mentions people is posted.
func (us *UseCases) note(c *book.Conversation, line bridge.Line, news bool) {
	t := c.Home(us.Dir)
	stands := us.Outbox.Deliveries[c.StandingNote(t)]
	switch {
	case stands != nil && len(line.Mentions) == 0:
		line = joined(*stands.DecodedPayload().Line, line)
		if sameLine(line, *stands.DecodedPayload().Line) {
			return
		}
		us.change(c, t, stands, line)
	case news:
		us.post(c, t, line)
	default:
		return
	}
	a := line.Content.(*bridge.AnalysisLine)
	if a.Urgent != "" && c.Traits[bridge.TraitPriority] != "urgent" {
		us.Suggestions.Show(c, suggestion.Priority, "urgent")
	}
	us.Log.ByParley(c, store.DeedAnalysed, book.Detail{Text: strings.Join(append([]string{string(a.Sentiment)}, a.Intents...), ", "), Reason: a.Urgent})
}

// post posts a note, which stands from now on.
func (us *UseCases) post(c *book.Conversation, t *book.Thread, line bridge.Line) {
	if d := us.Line(c, line); d != nil {
		c.KeepNote(d, t)
	}
}

// change makes the standing note say what line says.
func (us *UseCases) change(c *book.Conversation, t *book.Thread, stands *book.Delivery, line bridge.Line) {
	if us.Outbox.CanBeTakenBack(stands) {
		stands.SetLine(line)
		return
	}
	line.Mentions = slices.Clone(line.Mentions)
	for i := range line.Mentions {
		line.Mentions[i].User = "" // named, and not told again
	}
	at := bridge.Place{Channel: t.Channel, Thread: t.Root}
	c.KeepNote(us.Outbox.Enqueue(us.ChangesLane(c, t), string(bridge.PostLine), 0, outbound.Payload{Place: at, Line: &line, Changes: stands.ID}, nil), t)
}

// NotChanged posts what could not be written into a note, because that was deleted, or the chat doesn't let
// it be changed. A later change has said it already.
func (us *UseCases) NotChanged(c *book.Conversation, failed *book.Delivery) {
	t, line := c.Home(us.Dir), failed.DecodedPayload().Line
	if line == nil || line.Kind() != bridge.LineAnalysis || c.StandingNote(t) != failed.ID || !c.BridgeStatus().Open() {
		return
	}
	us.post(c, t, *line)
}

// joined adds what was found in a later burst to what a note says: the latest mood, urgency and intent count,
// and the names of both stay, the latest first.
func joined(before, line bridge.Line) bridge.Line {
	was, now := before.Content.(*bridge.AnalysisLine), *line.Content.(*bridge.AnalysisLine)
	if now.Sentiment == was.Sentiment {
		now.Before = was.Before
	}
	if !saysMore(now.Intents) && saysMore(was.Intents) {
		now.Intents = was.Intents
	}
	if now.Suggested == 0 {
		now.Suggested, now.Sources = was.Suggested, was.Sources
	}
	now.References = latest(now.References, was.References)
	now.Fits = latest(now.Fits, was.Fits)
	now.Tagged = latest(now.Tagged, was.Tagged)
	line.Args.Tags = latest(line.Args.Tags, before.Args.Tags)
	line.Content, line.Mentions, line.Customer = &now, before.Mentions, before.Customer
	return line
}

// sameLine reports whether two lines are stored alike.
func sameLine(a, b bridge.Line) bool {
	one, err := json.Marshal(a)
	other, errOther := json.Marshal(b)
	return err == nil && errOther == nil && bytes.Equal(one, other)
}

// latest joins two lists without what is in both, up to maxNamed.
func latest[T comparable](now, before []T) []T {
	for _, name := range before {
		if !slices.Contains(now, name) && len(now) < maxNamed {
			now = append(slices.Clip(now), name)
		}
	}
	return now
}
