package engine

import (
	"cmp"
	"slices"
	"strings"

	"parley/bridge"
	"parley/bridge/analysis"
	"parley/store"
)

// maxTags limits the tags of a conversation to which an analysis adds some.
const maxTags = 20

// KeepAnalysis stores the results of a burst's analysis, and shows what is new in a note in the thread. The note mentions nobody,
// except that the owners are alerted once when the conversation becomes urgent.
func (w *work) KeepAnalysis(c *Conversation, f Fact) {
	a := f.Answer
	if a == nil || !w.IsAnalysed(c) {
		return
	}

	w.translate(c, f)
	note := &bridge.AnalysisLine{Before: moodOf(c), Sentiment: cmp.Or(a.Sentiment, analysis.Neutral), Intents: a.Intents}
	isMoodNews := w.keepMood(c, a.Sentiment)
	// Each burst is analysed alone. If the customer adds something harmless to an urgent question, the question stays urgent.
	isStillUrgent := bridge.IsUrgent(c.Traits) && w.Messages.WaitedBefore(c, cmp.Or(f.From, f.UpTo))
	isUrgencyNews, alertOwners := w.keepUrgency(c, a.Urgency.Urgent || isStillUrgent)

	if a.Urgency.Urgent {
		note.Urgent = cmp.Or(a.Urgency.Because, "…")
	}
	areIntentsNews := keepIntents(c, a.Intents)
	if a.Language != "" {
		c.SetTrait(bridge.TraitLanguage, a.Language)
	}
	note.References = newReferences(c, a.References)
	if !c.BridgeStatus().Open() {
		return
	}

	line := bridge.Line{Content: note, Args: bridge.Args{Conversation: c.ID}}
	line.Args.Tags, note.Tagged = w.suggestOrApplyTags(c, a.Tags)
	note.Fits = w.newFits(c, f.Fits)
	w.suggestReplies(c, f, note)
	isSnoozeNews := w.suggestActions(c, f, note)

	if alertOwners {
		line.Mentions = w.Conversations.Owners(c)
	}

	hasNewNames := len(note.References)+len(line.Args.Tags)+len(note.Tagged)+len(note.Fits) > 0
	hasNewReply := note.Suggested != 0
	hasNews := isMoodNews || isUrgencyNews || areIntentsNews || isSnoozeNews || hasNewNames || hasNewReply
	w.showNote(c, line, hasNews)
}

// keepIntents stores what the customer wants, and reports whether the change is worth a note.
func keepIntents(c *Conversation, intents []string) bool {
	if len(intents) == 0 {
		return false
	}
	hasChanged := c.SetTrait(bridge.TraitIntent, intents[0])
	return hasChanged && isWorthNote(intents)
}

// translate requests a translation of the burst if it is in another language than the team's, and the account's settings ask for it.
func (w *work) translate(c *Conversation, f Fact) {
	settings := w.Settings(c)
	isForeign := f.Answer.Language != "" && f.Answer.Language != settings.Language
	if isForeign && settings.AI.Translates {
		w.Requests.Add(c, Ask{
			Task:     analysis.Translate,
			Language: settings.Language,
			Occasion: OnMessage,
			From:     f.From,
			UpTo:     f.UpTo,
		})
	}
}

// isWorthNote reports whether intents are worth a note by themselves. Thanks and feedback are not, because they need no action.
func isWorthNote(intents []string) bool {
	return slices.ContainsFunc(intents, func(name string) bool { return name != "thanks" && name != "feedback" })
}

// moodOf returns the customer's last known mood.
func moodOf(c *Conversation) analysis.Sentiment {
	return cmp.Or(analysis.Sentiment(c.Traits[bridge.TraitSentiment]), analysis.Neutral)
}

// keepMood stores the customer's mood, and reports whether the change is worth a note: the customer has become unhappy, or is no
// longer unhappy. Other moods aren't worth one, and Pressing is covered by the urgency.
func (w *work) keepMood(c *Conversation, s analysis.Sentiment) bool {
	before := moodOf(c)
	kept := string(s)
	if s == analysis.Neutral || s == analysis.Pressing {
		kept = ""
	}
	if !c.SetTrait(bridge.TraitSentiment, kept) {
		return false
	}

	unhappyBefore := ""
	if isUnhappy(before) {
		unhappyBefore = string(before)
	}

	c.SetTrait(bridge.TraitWas, unhappyBefore)
	c.RefreshCard()
	return isUnhappy(s) || isUnhappy(before)
}

func isUnhappy(s analysis.Sentiment) bool { return s == analysis.Negative || s == analysis.Frustrated }

// keepUrgency stores whether the conversation is urgent. It returns whether that is worth a note, and whether to alert the owners:
// only once per conversation, and only while the customer waits for an answer that nobody has written yet.
func (w *work) keepUrgency(c *Conversation, urgent bool) (isNews, alertOwners bool) {
	before := c.Traits[bridge.TraitUrgent]
	wereAlerted := before == bridge.UrgentTold || before == bridge.UrgentOnce || before == bridge.UrgentAnsweredTold
	customerWaits := c.WaitingSince != nil && c.BridgeStatus().Open()
	isAnswered := c.LastFrom == store.FromAgent // perhaps by a reply that is held back for a moment, so that it can be undone
	mayAlert := !wereAlerted && customerWaits && !isAnswered && len(c.Assignees) > 0
	alertOwners = urgent && mayAlert

	becomesUrgent := urgent && !bridge.IsUrgent(c.Traits)
	wasAnswerSent := isAnswered && c.WaitingSince == nil
	staysUrgent := urgent && !wasAnswerSent
	if c.SetTrait(bridge.TraitUrgent, urgencyTrait(staysUrgent, wereAlerted || alertOwners)) {
		c.RefreshCard()
	}
	return alertOwners || becomesUrgent, alertOwners
}

// urgencyTrait returns the value of bridge.TraitUrgent. alerted means that the owners have been alerted, now or before.
func urgencyTrait(urgent, alerted bool) string {
	switch {
	case urgent && alerted:
		return bridge.UrgentTold
	case urgent:
		return bridge.UrgentNow
	case alerted:
		return bridge.UrgentOnce
	}
	return ""
}

// newReferences returns the references (such as order numbers) that no note of the conversation has shown yet, and records them as
// shown.
func newReferences(c *Conversation, found []analysis.Reference) (fresh []bridge.ReferenceRef) {
	for _, r := range found {
		if r.Value != "" && c.Remember(bridge.TraitReferences, r.Kind+" "+r.Value) {
			fresh = append(fresh, bridge.ReferenceRef{Name: r.Kind, Number: r.Value, Link: r.Link})
		}
	}
	return fresh
}

// suggestOrApplyTags returns the tags that the note suggests. If the account's settings say so, it adds them to the conversation
// instead, and returns the added ones.
func (w *work) suggestOrApplyTags(c *Conversation, found []string) (suggested, added []string) {
	fresh := w.newTags(c, found)
	if !w.Settings(c).AI.AppliesTags {
		return fresh, nil
	}

	room := max(0, maxTags-len(c.Tags))
	added = fresh[:min(len(fresh), room)]
	if len(added) == 0 {
		return nil, nil
	}

	c.Tags = slices.Concat(c.Tags, added)
	for _, name := range added {
		w.Suggestions.Settle(c, store.SuggestsTag, name, store.SuggestionUsed)
	}

	w.Log.ByParley(c, store.DeedTagged, Detail{Text: strings.Join(added, ", ")})
	c.RefreshCard()
	return nil, added
}

// newTags returns the found tags that can be suggested: they are active, the conversation doesn't have them, nobody has removed them
// from it, and they were not suggested before. It records them as suggested.
func (w *work) newTags(c *Conversation, found []string) (fresh []string) {
	removed := w.Dir.CurrentTagNames(c.NamesIn(bridge.TraitUntagged))
	for _, name := range found {
		canBeChosen := slices.ContainsFunc(w.Dir.Tags, func(t store.Tag) bool {
			isActiveTag := t.Active && t.Kind != store.TagLabel
			return isActiveTag && t.Name == name
		})

		isName := func(t string) bool { return strings.EqualFold(t, name) }
		hasTag := slices.ContainsFunc(w.Dir.CurrentTagNames(c.Tags), isName)
		if !canBeChosen || hasTag {
			continue
		}

		wasRemoved := slices.ContainsFunc(removed, isName)
		if !wasRemoved && w.Suggestions.Show(c, store.SuggestsTag, name) {
			fresh = append(fresh, name)
		}
	}

	return fresh
}

// newFits returns the fitting message templates that were not suggested before, and records them as suggested.
func (w *work) newFits(c *Conversation, fits []FittingText) (fresh []bridge.TemplateRef) {
	for _, t := range fits {
		if w.Suggestions.Show(c, store.SuggestsTemplate, t.Name) {
			fresh = append(fresh, bridge.TemplateRef{ID: t.Template, Name: t.Name})
		}
	}
	return fresh
}
