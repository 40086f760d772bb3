package analysis

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// An analysis may come from a large model, which can be wrong or be misled by a customer's text. So every answer
// passes Check before anybody sees it. A desk is one company's helpdesk: its intents, tags, sources and patterns
// are all that an answer may name.

// How much an answer may hold, at most.
const (
	maxIntents        = 2
	maxTags           = 3
	maxReplies        = 3
	maxActions        = 2
	maxReferences     = 20
	maxBecauseRunes   = 120  // characters
	maxReplyRunes     = 2000 // characters
	maxReferenceRunes = 64   // characters
)

// Check removes from an answer what it may not say, whoever gave it:
//   - names that the desk doesn't have;
//   - reasons and numbers that the customer didn't write;
//   - replies with links, numbers, mentions or inner words that nobody gave.
//
// A reply that breaks a rule is removed as a whole, since a text with a hole in it could say something else. Check
// adds nothing, and checking twice changes nothing more. It has no side effects.
func Check(q Question, a Answer) Answer {
	d := newDeskNames(q.Desk)
	said := newConversationText(q)
	a.Language = languageCode(a.Language)
	if !slices.Contains(Sentiments(), a.Sentiment) {
		a.Sentiment = Neutral
	}
	a.Urgency = said.checkUrgency(a.Urgency)
	a.Intents = keepKnown(a.Intents, d.intents, maxIntents)
	a.Tags = keepKnown(a.Tags, d.tags, maxTags)
	a.References = said.checkReferences(q.Desk, a.References)
	a.Replies = checkReplies(q, said, a.Replies)
	a.Actions = d.checkActions(a.Actions)
	return a
}

// languageCode returns a code of ISO 639-1, or "" for anything else.
func languageCode(code string) string {
	if len(code) != 2 || strings.Trim(code, "abcdefghijklmnopqrstuvwxyz") != "" {
		return ""
	}
	return code
}

// keepKnown returns the names that are known to the desk, each once and at most maxNames of them.
func keepKnown(names []string, known map[string]bool, maxNames int) []string {
	var chosen []string
	for _, name := range names {
		if len(chosen) == maxNames {
			break
		}
		if known[name] && !slices.Contains(chosen, name) {
			chosen = append(chosen, name)
		}
	}
	return chosen
}

// deskNames are the names that an answer may choose from.
type deskNames struct {
	intents, tags, sources, solvers map[string]bool
	actions                         []ActionName
}

func newDeskNames(d Desk) deskNames {
	n := deskNames{intents: map[string]bool{}, tags: map[string]bool{}, sources: map[string]bool{}, solvers: map[string]bool{},
		actions: d.Actions}
	intents := d.Intents
	if len(intents) == 0 {
		intents = DefaultIntents()
	}

	for _, i := range intents {
		n.intents[i.Name] = true
	}

	for _, t := range d.Tags {
		n.tags[t.Name] = true
	}

	for _, s := range d.Sources {
		n.sources[s.ID] = true
	}

	for _, e := range d.Examples {
		n.solvers[e.Solver] = true
	}

	delete(n.solvers, "")
	return n
}

// checkActions returns the actions that the desk offers and whose values name something that there is.
func (n deskNames) checkActions(actions []Action) []Action {
	var kept []Action
	for _, a := range actions {
		if len(kept) == maxActions {
			break
		}
		if n.allows(a) && !slices.Contains(kept, a) {
			kept = append(kept, a)
		}
	}
	return kept
}

// allows reports whether the desk offers an action, and its value is one that such an action may have.
func (n deskNames) allows(a Action) bool {
	if !slices.Contains(n.actions, a.Name) {
		return false
	}

	switch a.Name {
	case Assign:
		return n.solvers[a.Value]
	case Template:
		return n.sources[a.Value]
	case Priority:
		return a.Value == "high" || a.Value == "urgent"
	case Snooze:
		return isDay(a.Value) || isInstant(a.Value)
	}
	return false
}

// isDay reports whether a text is a date: 2026-11-27.
func isDay(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

// CanRestUntil reports whether a conversation may rest until a day: one after today and at most four months ahead. A day
// further ahead most likely has passed, and was read as one of the next year. Pure.
func CanRestUntil(day, now time.Time) bool {
	const months = 4
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.UTC)
	return day.After(today) && !day.After(today.AddDate(0, months, 0))
}

// isInstant reports whether a text is a time of RFC 3339.
func isInstant(s string) bool {
	_, err := time.Parse(time.RFC3339, s)
	return err == nil
}

// checkUrgency removes a reason that the customer didn't write. Without a reason a message may still be urgent, since it is
// better that an agent looks in vain than too late.
func (s conversationText) checkUrgency(u Urgency) Urgency {
	if !u.Urgent {
		return Urgency{}
	}
	because := foldSpace(cleanText(u.Because))
	isTooLong := utf8.RuneCountInString(because) > maxBecauseRunes
	if isTooLong || hasMention(because) {
		because = ""
	}
	if !strings.Contains(s.burst, because) {
		because = ""
	}
	return Urgency{Urgent: true, Because: because}
}

// checkReferences keeps numbers that the customer wrote, of kinds that the desk knows, with links that the desk's
// patterns make.
func (s conversationText) checkReferences(d Desk, all []Reference) []Reference {
	var kept []Reference
	for _, r := range all {
		if len(kept) == maxReferences {
			break
		}

		r.Value = strings.TrimSpace(r.Value)
		if !s.isKnownReference(d.References, r) || !s.hasNumber(r.Value) {
			continue
		}
		makesLink := func(p Pattern) bool { return slices.Contains(p.links(r.Value), r.Link) }
		if !slices.ContainsFunc(s.patternsOf(d.References, r), makesLink) {
			r.Link = ""
		}
		if !slices.Contains(kept, r) {
			kept = append(kept, r)
		}
	}
	return kept
}

// isKnownReference reports whether a reference is one of a desk with these patterns: a pattern of its kind must find its
// number, or have no expression. A desk without patterns has the kinds that Pattern names.
func (s conversationText) isKnownReference(patterns []Pattern, r Reference) bool {
	if len(patterns) == 0 {
		return slices.Contains(ruledKinds(), r.Kind)
	}
	return len(s.patternsOf(patterns, r)) > 0
}

// patternsOf returns the patterns that give a reference its link. These are the patterns of its kind whose expression finds the
// number in what the customer wrote or, if there are none, the patterns of its kind without an expression.
func (s conversationText) patternsOf(all []Pattern, r Reference) []Pattern {
	var found, rest []Pattern
	for _, p := range all {
		switch {
		case p.Kind != r.Kind:
		case p.Regexp == "":
			rest = append(rest, p)
		case slices.Contains(referenceNumbers(p, s.customer), r.Value):
			found = append(found, p)
		}
	}

	if len(found) > 0 {
		return found
	}
	return rest
}

// LinkTo returns the link that the desk's patterns make of a number that the customer named, or "" if they make none.
func (q Question) LinkTo(kind, number string) string {
	for _, p := range newConversationText(q).patternsOf(q.Desk.References, Reference{Kind: kind, Value: number}) {
		if link := p.LinkTo(number); link != "" {
			return link
		}
	}
	return ""
}

// hasNumber reports whether the customer wrote this number. A part of a longer row of digits is another number.
func (s conversationText) hasNumber(value string) bool {
	if value == "" || utf8.RuneCountInString(value) > maxReferenceRunes {
		return false
	}
	if value != foldSpace(cleanText(value)) || hasMention(value) {
		return false
	}

	for at := 0; ; {
		i := strings.Index(s.customer[at:], value)
		if i < 0 {
			return false
		}

		from, to := at+i, at+i+len(value)
		if !isWithinDigits(s.customer, from) && !isWithinDigits(s.customer, to) {
			return true
		}

		at = from + 1
	}
}

// isWithinDigits reports whether there is a digit on both sides of a place.
func isWithinDigits(text string, at int) bool {
	if at <= 0 || at >= len(text) {
		return false
	}
	return isDigit(text[at-1]) && isDigit(text[at])
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
