package analysis

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// conversationText is what was said in a conversation, in the forms in which the answer of an analysis is compared with it: an answer
// may name only what stands there.
type conversationText struct {
	burst    string // what is analysed, with folded white space
	customer string // all that the customer wrote, with folded white space
	all      string // what both wrote, plain
	agent    string // what agents wrote, plain
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

// textBreak stands between texts in which names are looked for. It is longer than what may separate the digits of a number,
// so that the end of one text and the beginning of the next never make a number together.
const textBreak = "\n\n\n\n"

func messageText(m Message) string {
	return strings.Join(slices.Concat([]string{m.Subject, m.Text}, m.Files), textBreak)
}

// checkReplies returns the replies that break no rule, once each.
func checkReplies(q Question, s conversationText, replies []Reply) []Reply {
	inner := innerNames(q.Desk)
	var kept []Reply
	for _, r := range replies {
		r.Text = strings.TrimSpace(cleanText(r.Text))
		r.Sources = citedIDs(q.Desk.Sources, r.Sources)
		if len(kept) == maxReplies {
			break
		}

		isRepeated := slices.ContainsFunc(kept, func(k Reply) bool { return k.Text == r.Text })
		isTooLong := utf8.RuneCountInString(r.Text) > maxReplyRunes
		if r.Text == "" || isRepeated || isTooLong {
			continue
		}

		look := plain(r.Text)
		if hasInner(look, inner) || isDisguise(look, s.all, sourceTexts(q, r.Sources)) {
			continue
		}
		if newVocabulary(q, s, r.Sources).isEnoughFor(look) {
			kept = append(kept, r)
		}
	}
	return kept
}

// citedIDs returns those IDs that there are, once each.
func citedIDs(sources []Source, ids []string) []string {
	var cited []string
	for _, id := range ids {
		known := slices.ContainsFunc(sources, func(s Source) bool { return s.ID == id })
		if known && !slices.Contains(cited, id) {
			cited = append(cited, id)
		}
	}
	return cited
}

// shortestInner is the least length of a source's ID, in characters, that is looked for: "s1" stands in many words.
const shortestInner = 4

// innerNames returns names that customers must never read: those of intents ("order_status") and IDs of sources. It leaves
// out those that are words which people use.
func innerNames(d Desk) []string {
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
		if isWord || utf8.RuneCountInString(id) < shortestInner {
			continue
		}
		if !strings.Contains(plain(s.Text+" "+s.Reply), id) {
			names = append(names, id)
		}
	}
	return names
}

// hasInner reports whether a text has something that is only for chats, machines or colleagues: a mention, a tag, one of the
// inner names.
func hasInner(look string, inner []string) bool {
	c := compiled()
	for _, exp := range []*regexp.Regexp{c.mention, c.tag, c.machine, c.innerPhrase, c.longHex} {
		if exp.MatchString(look) {
			return true
		}
	}
	return slices.ContainsFunc(inner, func(name string) bool { return containsWord(look, name) })
}

// containsWord reports whether a text has a name that is not a part of a longer one.
func containsWord(text, name string) bool {
	if name == "" {
		return false
	}

	for at := 0; ; {
		i := strings.Index(text[at:], name)
		if i < 0 {
			return false
		}

		before, _ := utf8.DecodeLastRuneInString(text[:at+i])
		after, _ := utf8.DecodeRuneInString(text[at+i+len(name):])
		if !isOfName(before) && !isOfName(after) {
			return true
		}

		at += i + len(name)
	}
}

// isOfName reports whether a character may be a part of a name.
func isOfName(r rune) bool {
	if unicode.IsLetter(r) || unicode.IsDigit(r) {
		return true
	}
	return r == '_'
}
