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

// maxTags is how many tags a conversation may have before an analysis puts no more on it.
const maxTags = 20

// UseCases deals with what analyses found, in one batch.
type UseCases struct {
	*threads.Writer
}

// KeepAnalysis keeps what the analysis of a burst found, and shows a note of what is new in the thread. The note mentions
// nobody, except the owners once a conversation becomes urgent.
func (us *UseCases) KeepAnalysis(c *book.Conversation, f own.Fact) {
	a := f.Answer
	if a == nil || !us.IsAnalysed(c) {
		return
	}

	us.translate(c, f)
	note := &bridge.AnalysisLine{Before: moodOf(c), Sentiment: cmp.Or(a.Sentiment, analysis.Neutral), Intents: a.Intents}
	moody := us.keepMood(c, a.Sentiment)
	// A burst is analysed by itself. So what the customer adds to something urgent doesn't make it less urgent before it is answered.
	stillPresses := bridge.IsUrgent(c.Traits) && us.Messages.WaitedBefore(c, cmp.Or(f.From, f.UpTo))
	pressing, alarm := us.keepUrgency(c, a.Urgency.Urgent || stillPresses)

	if a.Urgency.Urgent {
		note.Urgent = cmp.Or(a.Urgency.Because, "…")
	}
	intended := keepIntents(c, a.Intents)
	if a.Language != "" {
		c.SetTrait(bridge.TraitLanguage, a.Language)
	}
	note.References = newReferences(c, a.References)
	if !c.BridgeStatus().Open() {
		return
	}

	line := bridge.Line{Content: note, Args: bridge.Args{Conversation: c.ID}}
	line.Args.Tags, note.Tagged = us.suggestOrApplyTags(c, a.Tags)
	note.Fits = us.newFits(c, f.Fits)
	us.suggestReplies(c, f, note)
	maySnooze := us.suggestActions(c, f, note)

	if alarm {
		line.Mentions = us.Conversations.Owners(c)
	}

	hasNames := len(note.References)+len(line.Args.Tags)+len(note.Tagged)+len(note.Fits) > 0
	feelsOtherwise := moody || pressing
	suggestsMore := maySnooze || note.Suggested != 0
	hasNews := feelsOtherwise || intended || hasNames || suggestsMore
	us.showNote(c, line, hasNews)
}

// keepIntents keeps what the customer wants, and reports whether that is news that is worth a note.
func keepIntents(c *book.Conversation, intents []string) bool {
	if len(intents) == 0 {
		return false
	}
	hasChanged := c.SetTrait(bridge.TraitIntent, intents[0])
	return hasChanged && isWorthNote(intents)
}

// translate has what the customer wrote translated, if it is in another language than the team's and the account's
// settings say so.
func (us *UseCases) translate(c *book.Conversation, f own.Fact) {
	settings := us.Settings(c)
	isForeign := f.Answer.Language != "" && f.Answer.Language != settings.Language
	if isForeign && settings.AI.Translates {
		us.Requests.Add(c, own.Ask{
			Task:     analysis.Translate,
			Language: settings.Language,
			Occasion: own.OnMessage,
			From:     f.From,
			UpTo:     f.UpTo,
		})
	}
}

// isWorthNote reports whether intents are worth a note by themselves. Thanks and feedback are not, because they ask for
// nothing.
func isWorthNote(intents []string) bool {
	return slices.ContainsFunc(intents, func(name string) bool { return name != "thanks" && name != "feedback" })
}

// moodOf returns how the customer has felt so far.
func moodOf(c *book.Conversation) analysis.Sentiment {
	return cmp.Or(analysis.Sentiment(c.Traits[bridge.TraitSentiment]), analysis.Neutral)
}

// keepMood keeps how the customer feels, and reports whether that is news: the customer has become unhappy, or isn't unhappy any
// more. That a customer is content is no news, and the urgency shows that a customer is pressing.
func (us *UseCases) keepMood(c *book.Conversation, s analysis.Sentiment) bool {
	before := moodOf(c)
	kept := string(s)
	if s == analysis.Neutral || s == analysis.Pressing {
		kept = ""
	}
	if !c.SetTrait(bridge.TraitSentiment, kept) {
		return false
	}

	was := ""
	if isUnhappy(before) {
		was = string(before)
	}

	c.SetTrait(bridge.TraitWas, was)
	c.RefreshCard()
	return isUnhappy(s) || isUnhappy(before)
}

func isUnhappy(s analysis.Sentiment) bool { return s == analysis.Negative || s == analysis.Frustrated }

// keepUrgency keeps whether somebody has to look at once. It returns whether that is news, and whether the owners are to be told
// (alarm): only once, and only while the customer waits for an answer that nobody has written yet.
func (us *UseCases) keepUrgency(c *book.Conversation, urgent bool) (news, alarm bool) {
	before := c.Traits[bridge.TraitUrgent]
	wereTold := before == bridge.UrgentTold || before == bridge.UrgentOnce || before == bridge.UrgentAnsweredTold
	customerWaits := c.WaitingSince != nil && c.BridgeStatus().Open()
	isAnswered := c.LastFrom == store.FromAgent // perhaps by a reply that is still in its hold
	alarm = urgent && !wereTold && customerWaits && !isAnswered && len(c.Assignees) > 0
	news = alarm || urgent && !bridge.IsUrgent(c.Traits)
	hasAnswerLeft := isAnswered && c.WaitingSince == nil
	if c.SetTrait(bridge.TraitUrgent, urgencyTrait(urgent && !hasAnswerLeft, wereTold || alarm)) {
		c.RefreshCard()
	}
	return news, alarm
}

// urgencyTrait returns the value of bridge.TraitUrgent. told means that the owners were told that the conversation is urgent,
// now or before.
func urgencyTrait(urgent, told bool) string {
	if urgent && told {
		return bridge.UrgentTold
	}
	if urgent {
		return bridge.UrgentNow
	}
	if told {
		return bridge.UrgentOnce
	}
	return ""
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

// suggestOrApplyTags handles the tags that an analysis found. It returns those that the note suggests, or, if the account's settings
// say so, those that it put on the conversation at once.
func (us *UseCases) suggestOrApplyTags(c *book.Conversation, found []string) (suggested, put []string) {
	fresh := us.newTags(c, found)
	if !us.Settings(c).AI.AppliesTags {
		return fresh, nil
	}

	put = fresh[:min(len(fresh), max(0, maxTags-len(c.Tags)))]
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

// newTags returns the found tags that can be suggested: they exist, the conversation doesn't have them, nobody has removed them
// from it, and they were not suggested before.
func (us *UseCases) newTags(c *book.Conversation, found []string) (fresh []string) {
	removed := us.Dir.CurrentTagNames(c.NamesIn(bridge.TraitUntagged))
	for _, name := range found {
		canBeChosen := slices.ContainsFunc(us.Dir.Tags, func(t store.Tag) bool {
			isActiveTag := t.Active && t.Kind != store.TagLabel
			return isActiveTag && t.Name == name
		})

		isName := func(t string) bool { return strings.EqualFold(t, name) }
		hasTag := slices.ContainsFunc(us.Dir.CurrentTagNames(c.Tags), isName)
		if !canBeChosen || hasTag {
			continue
		}

		wasRemoved := slices.ContainsFunc(removed, isName)
		if !wasRemoved && us.Suggestions.Show(c, suggestion.Tag, name) {
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
