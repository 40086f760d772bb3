package analysis

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Check removes suggested replies that could do harm. For example, it removes "Please ask order_status about this" (an
// internal name), "@here customer waits" (a mention) and a reply with a phone number that nobody gave.

// conversationText holds the texts of a conversation, in the forms in which the parts of an answer are looked up.
type conversationText struct {
	burst    string // the messages to analyse, with single spaces
	customer string // all messages of the customer, with single spaces
	all      string // all messages, in plain form
	agent    string // all messages of agents, in plain form
}

func newConversationText(q Question) conversationText {
	var burst, customer, agent, all []string
	for _, m := range q.Burst {
		burst = append(burst, messageText(m))
	}

	customer = append(customer, burst...)
	all = append(all, burst...)
	for _, m := range q.Before {
		text := messageText(m)
		all = append(all, text)

		if m.FromAgent {
			agent = append(agent, text)
		} else {
			customer = append(customer, text)
		}
	}

	fold := func(texts []string) string { return foldSpace(cleanText(strings.Join(texts, "\n"))) }
	return conversationText{
		burst: fold(burst), customer: fold(customer),
		all: plain(strings.Join(all, textBreak)), agent: plain(strings.Join(agent, textBreak)),
	}
}

// textBreak separates joined texts. It is longer than any separator within a number, so that digits at the end of one
// text and at the beginning of the next never form one number.
const textBreak = "\n\n\n\n"

func messageText(m Message) string {
	return strings.Join(slices.Concat([]string{m.Subject, m.Text}, m.Files), textBreak)
}

// checkReplies returns the first maxReplies replies that break no rule, without duplicates.
func checkReplies(q Question, t conversationText, replies []Reply) []Reply {
	internal := internalNames(q.Desk)
	var kept []Reply
	for _, r := range replies {
		r.Text = strings.TrimSpace(cleanText(r.Text))
		r.Sources = existingIDs(q.Desk.Sources, r.Sources)
		if len(kept) == maxReplies {
			break
		}

		isRepeated := slices.ContainsFunc(kept, func(k Reply) bool { return k.Text == r.Text })
		isTooLong := utf8.RuneCountInString(r.Text) > maxReplyRunes
		if r.Text == "" || isRepeated || isTooLong {
			continue
		}

		text := plain(r.Text)
		if hasInternal(text, internal) || isDeceptive(text, t.all, sourceTexts(q, r.Sources)) {
			continue
		}
		if newVocabulary(q, t, r.Sources).covers(text) {
			kept = append(kept, r)
		}
	}
	return kept
}

// existingIDs returns the IDs that belong to a source, without duplicates.
func existingIDs(sources []Source, ids []string) []string {
	var cited []string
	for _, id := range ids {
		known := slices.ContainsFunc(sources, func(s Source) bool { return s.ID == id })
		if known && !slices.Contains(cited, id) {
			cited = append(cited, id)
		}
	}
	return cited
}

// minInternalID is the minimum length, in characters, of a source ID that counts as an internal name. Shorter ones, such
// as "s1", also occur in normal text.
const minInternalID = 4

// internalNames returns the names that customers must never see: names of intents, such as "order_status", and IDs of
// sources. It omits names that are normal words, and IDs that the source's own text contains.
func internalNames(d Desk) []string {
	intents := d.Intents
	if len(intents) == 0 {
		intents = DefaultIntents()
	}

	var names []string
	for _, i := range intents {
		if strings.ContainsAny(i.Name, "_:") {
			names = append(names, plain(i.Name))
		}
	}

	for _, s := range d.Sources {
		id := plain(s.ID)
		isWord := !strings.ContainsFunc(id, func(r rune) bool { return unicode.IsDigit(r) || strings.ContainsRune("_:#/", r) })
		if isWord || utf8.RuneCountInString(id) < minInternalID {
			continue
		}
		if !strings.Contains(plain(s.Text), id) {
			names = append(names, id)
		}
	}
	return names
}

// hasInternal reports whether a text contains something that isn't for customers: a mention, markup, a model's phrases, or
// one of the internal names.
func hasInternal(text string, names []string) bool {
	c := compiled()
	for _, exp := range []*regexp.Regexp{c.mention, c.tag, c.machine, c.innerPhrase, c.longHex} {
		if exp.MatchString(text) {
			return true
		}
	}
	return slices.ContainsFunc(names, func(name string) bool { return containsWord(text, name) })
}

// containsWord reports whether a text contains a name that isn't part of a longer name.
func containsWord(text, name string) bool {
	if name == "" {
		return false
	}

	for start := 0; ; {
		i := strings.Index(text[start:], name)
		if i < 0 {
			return false
		}

		from, to := start+i, start+i+len(name)
		before, _ := utf8.DecodeLastRuneInString(text[:from])
		after, _ := utf8.DecodeRuneInString(text[to:])
		if !isNameRune(before) && !isNameRune(after) {
			return true
		}

		start = to
	}
}

// isNameRune reports whether a character can be part of a name such as "order_status".
func isNameRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' }
