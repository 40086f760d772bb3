// Package insight keeps what an analysis found with its conversation, and notes in the thread what is new in
// it. An analysis changes nothing else: what it suggests is done by people's clicks.
//
// What does not belong here: how texts are analysed (bridge/analysis), and when (chores).
package insight

import (
	"cmp"
	"slices"
	"strings"

	"parley/bridge"
	"parley/bridge/analysis"
	"parley/bridge/engine/book"
	"parley/bridge/engine/own"
	"parley/bridge/engine/threads"
	"parley/store"
	"parley/store/suggestion"
)

// mostTags is how many tags a conversation may have before an analysis puts no more on it.
const mostTags = 20

// UseCases deals with what analyses found, in one batch.
type UseCases struct {
	*threads.Writer
}

// Analysed keeps what the analysis of a burst found, and notes what is new. The note mentions nobody, but for
// the owners once a conversation becomes urgent.
func (us *UseCases) Analysed(c *book.Conversation, f own.Fact) {
	a := f.Answer
	if a == nil || !us.IsAnalysed(c) {
		return
	}
	us.translate(c, f)
	note := &bridge.AnalysisLine{Before: moodOf(c), Sentiment: cmp.Or(a.Sentiment, analysis.Neutral), Intents: a.Intents}
	moody := us.feels(c, a.Sentiment)
	pressing, alarm := us.presses(c, a.Urgency.Urgent)
	if a.Urgency.Urgent {
		note.Urgent = cmp.Or(a.Urgency.Because, "…")
	}
	intended := len(a.Intents) > 0 && c.SetTrait(bridge.TraitIntent, a.Intents[0]) && saysMore(a.Intents)
	if a.Language != "" {
		c.SetTrait(bridge.TraitLanguage, a.Language)
	}
	note.References = newReferences(c, a.References)
	if !c.BridgeStatus().Open() {
		return
	}
	line := bridge.Line{Content: note, Args: bridge.Args{Conversation: c.ID}}
	line.Args.Tags, note.Tagged = us.tags(c, a.Tags)
	note.Fits = us.newFits(c, f.Fits)
	us.suggest(c, f, note)
	rests := us.suggestActions(c, f, note)
	if alarm {
		line.Mentions = us.Conversations.Owners(c)
	}
	us.note(c, line, moody || pressing || intended || rests || len(note.References)+len(line.Args.Tags)+len(note.Tagged)+len(note.Fits) > 0 || note.Suggested != 0)
}

// translate has what the customer wrote translated, where it is in another language than the team's and that is
// wanted.
func (us *UseCases) translate(c *book.Conversation, f own.Fact) {
	settings := us.Settings(c)
	if language := f.Answer.Language; settings.AI.Translates && language != "" && language != settings.Language {
		us.Requests.Add(c, own.Ask{Task: analysis.Translate, Language: settings.Language, Occasion: own.OnMessage, From: f.From, UpTo: f.UpTo})
	}
}

// saysMore reports whether an intent is worth a note of its own: thanks ask for nothing.
func saysMore(intents []string) bool {
	return slices.ContainsFunc(intents, func(name string) bool { return name != "thanks" && name != "feedback" })
}

// moodOf returns how the customer felt so far.
func moodOf(c *book.Conversation) analysis.Sentiment {
	return cmp.Or(analysis.Sentiment(c.Traits[bridge.TraitSentiment]), analysis.Neutral)
}

// feels keeps how the customer feels, and tells whether that is news: that somebody is or was unhappy. Nobody
// needs to be told that somebody is content, or calm and pressing, which the urgency tells.
func (us *UseCases) feels(c *book.Conversation, s analysis.Sentiment) bool {
	before := moodOf(c)
	kept := string(s)
	if s == analysis.Neutral || s == analysis.Pressing {
		kept = ""
	}
	if !c.SetTrait(bridge.TraitSentiment, kept) {
		return false
	}
	was := ""
	if unhappy(before) {
		was = string(before)
	}
	c.SetTrait(bridge.TraitWas, was)
	c.RefreshCard()
	return unhappy(s) || unhappy(before)
}

func unhappy(s analysis.Sentiment) bool { return s == analysis.Negative || s == analysis.Frustrated }

// presses keeps whether somebody has to look at once. It tells whether that is news, and whether the owners
// are to be told: once, and only while the customer waits for an answer.
func (us *UseCases) presses(c *book.Conversation, urgent bool) (news, alarm bool) {
	before := c.Traits[bridge.TraitUrgent]
	told := before == bridge.UrgentTold || before == bridge.UrgentOnce
	news = urgent && !bridge.IsUrgent(c.Traits)
	alarm = news && !told && c.WaitingSince != nil && c.BridgeStatus().Open() && len(c.Assignees) > 0
	now := ""
	switch {
	case urgent && (told || alarm):
		now = bridge.UrgentTold
	case urgent:
		now = bridge.UrgentNow
	case told:
		now = bridge.UrgentOnce
	}
	if c.SetTrait(bridge.TraitUrgent, now) {
		c.RefreshCard()
	}
	return news, alarm
}

// newReferences returns the references that the conversation's notes have not named yet, and remembers them.
func newReferences(c *book.Conversation, found []analysis.Reference) (fresh []bridge.ReferenceRef) {
	for _, r := range found {
		if r.Value != "" && c.Remember(bridge.TraitReferences, r.Kind+" "+r.Value) {
			fresh = append(fresh, bridge.ReferenceRef{Name: r.Kind, Number: r.Value, Link: r.Link})
		}
	}
	return fresh
}

// tags deals with the tags that an analysis found, and says which of them the note is to name: those that it
// suggests, and those that it has put on the conversation because its account is set so.
func (us *UseCases) tags(c *book.Conversation, found []string) (suggested, put []string) {
	fresh := us.newTags(c, found)
	if !us.Settings(c).AI.AppliesTags {
		return fresh, nil
	}
	put = fresh[:min(len(fresh), max(0, mostTags-len(c.Tags)))]
	if len(put) == 0 {
		return nil, nil
	}
	c.Tags = slices.Concat(c.Tags, put)
	for _, name := range put {
		us.Suggestions.Settle(c, suggestion.Tag, name, suggestion.Used)
	}
	us.Log.ByParley(c, store.DeedTagged, book.Detail{Text: strings.Join(put, ", ")})
	c.RefreshCard()
	return nil, put
}

// newTags returns the tags that exist, that the conversation doesn't have, that nobody took away from it, and
// that were not suggested before.
func (us *UseCases) newTags(c *book.Conversation, found []string) (fresh []string) {
	for _, name := range found {
		exists := slices.ContainsFunc(us.Dir.Tags, func(t store.Tag) bool { return t.Name == name && t.Active && t.Kind != store.TagLabel })
		has := slices.ContainsFunc(us.Dir.CurrentTagNames(c.Tags), func(t string) bool { return strings.EqualFold(t, name) })
		if exists && !has && !c.Remembers(bridge.TraitUntagged, name) && us.Suggestions.Show(c, suggestion.Tag, name) {
			fresh = append(fresh, name)
		}
	}
	return fresh
}

// newFits returns the templates that were not suggested before.
func (us *UseCases) newFits(c *book.Conversation, fits []own.FittingText) (fresh []bridge.TemplateRef) {
	for _, t := range fits {
		if us.Suggestions.Show(c, suggestion.Template, t.Name) {
			fresh = append(fresh, bridge.TemplateRef{ID: t.Template, Name: t.Name})
		}
	}
	return fresh
}
