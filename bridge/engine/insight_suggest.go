package engine

import (
	"slices"
	"strconv"
	"time"

	"parley/bridge"
	"parley/bridge/analysis"
	"parley/store"
)

// This file adds the suggestions of an analysis to its note: replies, which the note's button opens in a form, and a day until
// which the conversation may be snoozed. Each suggestion is made once.

// rememberReply reports whether the first suggested reply is worth a note, and records it as suggested. It is not if the customer only
// gave thanks or feedback, or if the same reply was suggested before.
func (w *work) rememberReply(c *Conversation, f Fact) bool {
	replies := f.Answer.Replies
	if len(replies) == 0 || !isWorthNote(f.Answer.Intents) {
		return false
	}
	return c.Remember(bridge.TraitSuggested, "reply "+bridge.SumOf(replies[0].Text))
}

// suggestReplies stores the suggested replies for the form, and their sources in the note, unless they were suggested before.
func (w *work) suggestReplies(c *Conversation, f Fact, note *bridge.AnalysisLine) {
	if !w.rememberReply(c, f) {
		return
	}
	var kept []store.SuggestedReply
	for _, r := range f.Answer.Replies {
		kept = append(kept, store.SuggestedReply{Text: r.Text, Sources: sourcesOf(f, r)})
	}
	w.Suggested.Keep(c, f.UpTo, kept)
	w.Suggestions.Record(c, store.SuggestsReply, strconv.FormatInt(int64(f.UpTo), 10))
	note.Suggested = f.UpTo
	for _, s := range kept[0].Sources {
		note.Sources = append(note.Sources, bridge.SourceRef{Title: s.Title, Link: s.Link})
	}
}

// sourcesOf returns the titles and links of the articles on which a reply is based.
func sourcesOf(f Fact, r analysis.Reply) (all []store.SuggestedSource) {
	for _, id := range r.Sources {
		if i := slices.IndexFunc(f.Cited, func(s CitedSource) bool { return s.ID == id }); i >= 0 {
			all = append(all, store.SuggestedSource{Title: f.Cited[i].Title, Link: f.Cited[i].Link})
		}
	}
	return all
}

// suggestActions adds a day until which the conversation may be snoozed to a note. It reports whether it is worth a note by itself.
func (w *work) suggestActions(c *Conversation, f Fact, note *bridge.AnalysisLine) (isSnoozeNews bool) {
	for _, a := range f.Answer.Actions {
		switch a.Name {
		case analysis.Snooze:
			day, err := time.Parse(time.DateOnly, a.Value)
			if err != nil {
				continue // the model's answer isn't a date
			}
			if analysis.CanRestUntil(day, w.Now) {
				note.Until = a.Value
				isSnoozeNews = w.Suggestions.Show(c, store.SuggestsSnooze, a.Value)
			}
		case analysis.Template, analysis.Priority: // newFits adds templates; priorities are not shown
		}
	}

	return isSnoozeNews
}
