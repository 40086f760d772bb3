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
)

// maxRemembered is how many references, and suggested tags, are remembered of a conversation.
const maxRemembered = 10

// UseCases deals with what analyses found, in one batch.
type UseCases struct {
	*threads.Writer
}

// Analysed keeps what the analysis of a burst found, and notes what is new. The note mentions nobody, but for
// the owners once a conversation becomes urgent.
func (us *UseCases) Analysed(c *book.Conversation, f own.Fact) {
	a := f.Answer
	if a == nil || !us.Analyses(c) {
		return
	}
	note := &bridge.AnalysisLine{Before: moodOf(c), Sentiment: cmp.Or(a.Sentiment, analysis.Neutral), References: newReferences(c, a.References)}
	moody := us.feels(c, a.Sentiment)
	urgent := us.presses(c, a.Urgency.Urgent)
	if urgent {
		note.Urgent = cmp.Or(a.Urgency.Because, "…")
	}
	intended := len(a.Intents) > 0 && c.SetTrait(bridge.TraitIntent, a.Intents[0])
	note.Intents = a.Intents
	tags := us.newTags(c, a.Tags)
	for _, t := range f.Fits {
		if remember(c, bridge.TraitSuggested, "template "+t.Name) {
			note.Fits = append(note.Fits, bridge.TemplateRef{ID: t.Template, Name: t.Name})
		}
	}
	if !c.BridgeStatus().Open() || !moody && !urgent && len(note.References) == 0 && len(tags)+len(note.Fits) == 0 && !(intended && saysMore(a.Intents)) {
		return
	}
	line := bridge.Line{Content: note, Args: bridge.Args{Conversation: c.ID, Tags: tags}}
	if urgent && c.Traits[bridge.TraitUrgent] == bridge.UrgentNow {
		line.Mentions = us.Conversations.Owners(c)
	}
	us.Line(c, line)
	us.Log.ByParley(c, store.DeedAnalysed, book.Detail{Text: strings.Join(append([]string{string(note.Sentiment)}, a.Intents...), ", "), Reason: a.Urgency.Because})
}

// saysMore says that an intent is worth a note of its own: thanks ask for nothing.
func saysMore(intents []string) bool {
	return slices.ContainsFunc(intents, func(name string) bool { return name != "thanks" && name != "feedback" })
}

// moodOf gives how the customer felt so far.
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
	c.RefreshCard()
	return unhappy(s) || unhappy(before)
}

func unhappy(s analysis.Sentiment) bool { return s == analysis.Negative || s == analysis.Frustrated }

// presses keeps whether somebody has to look at once, and tells whether that is news.
func (us *UseCases) presses(c *book.Conversation, urgent bool) bool {
	was, before := bridge.IsUrgent(c.Traits), c.Traits[bridge.TraitUrgent]
	now := before
	switch {
	case urgent && before == "":
		now = bridge.UrgentNow
	case urgent:
		now = bridge.UrgentAgain
	case was:
		now = bridge.UrgentOnce
	}
	if c.SetTrait(bridge.TraitUrgent, now) {
		c.RefreshCard()
	}
	return urgent && !was
}

// newReferences gives the references that the conversation's notes have not named yet, and remembers them.
func newReferences(c *book.Conversation, found []analysis.Reference) (fresh []bridge.ReferenceRef) {
	for _, r := range found {
		if r.Value != "" && remember(c, bridge.TraitReferences, r.Kind+" "+r.Value) {
			fresh = append(fresh, bridge.ReferenceRef{Name: r.Kind, Number: r.Value, Link: r.Link})
		}
	}
	return fresh
}

// newTags gives the suggested tags that exist, that the conversation doesn't have, and that were not suggested
// before.
func (us *UseCases) newTags(c *book.Conversation, suggested []string) (fresh []string) {
	for _, name := range suggested {
		exists := slices.ContainsFunc(us.Dir.Tags, func(t store.Tag) bool { return t.Name == name })
		if exists && !slices.Contains(c.Tags, name) && remember(c, bridge.TraitSuggested, name) {
			fresh = append(fresh, name)
		}
	}
	return fresh
}

// remember adds a name to those of a trait, and tells whether it is new. The latest names are remembered.
func remember(c *book.Conversation, trait, name string) bool {
	known := strings.FieldsFunc(c.Traits[trait], func(r rune) bool { return r == '\n' })
	if name = strings.Join(strings.Fields(name), " "); slices.Contains(known, name) {
		return false
	}
	known = append(known, name)
	return c.SetTrait(trait, strings.Join(known[max(0, len(known)-maxRemembered):], "\n"))
}
