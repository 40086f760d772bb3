package command

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"parley/bot/typed"
	"parley/bot/verb"
	"parley/bridge"
	"parley/bridge/when"
)

// Parse reads what was typed in a thread. Plain text is VerbSay. A verb begins with
// "!" or "/", a note with "note:" or "//". Case doesn't matter, nor do mentions, marks of
// quotation and emphasis, spaces and invisible characters in front. "!!" and a backslash
// escape these signs. A text that begins like a verb and isn't one is VerbUnknown. A verb's
// word alone, without a sign, is VerbSay with MarkLone. A text that begins with another word
// for colleagues ("internal: …"), or has a later line that begins like a note, is VerbSay
// with MarkColleagues.
//
// text is Markdown whose beginning is as typed: whoever writes the Markdown must not put
// backslashes of its own before "!" and "/" there.
func Parse(text string, opt Options) Parsed {
	front, rest := lead(text, opt)
	if said, ok := escaped(rest, opt); ok {
		p := Parsed{Verb: bridge.VerbSay, Text: typed.Trim(front + said)}
		if laterLineInside(said, opt) {
			p.Marker = bridge.MarkColleagues
		}
		return p
	}
	switch marker, after := classify(rest, opt); marker {
	case bridge.MarkNote:
		return Parsed{Verb: bridge.VerbNote, Marker: marker, Text: typed.Trim(mentions(front, opt) + typed.Trim(undecorate(front, after)))}
	case bridge.MarkBang, bridge.MarkSlash:
		return readVerb(undecorate(front, after), marker, opt)
	case bridge.MarkLone, bridge.MarkColleagues:
		return Parsed{Verb: bridge.VerbSay, Marker: marker, Text: typed.Trim(text)}
	case bridge.MarkNone:
	}
	p := Parsed{Verb: bridge.VerbSay, Text: typed.Trim(text)}
	if laterLineInside(text, opt) {
		p.Marker = bridge.MarkColleagues
	}
	return p
}

// decoration are the marks of emphasis, code and quotation. A marker behind them still counts.
const decoration = "*_~`>"

// typedMention is a name that somebody typed without picking it from the list.
var typedMention = regexp.MustCompile(`^@[\p{L}\p{N}._-]+`)

// lead splits off what comes before a marker without hiding it: spaces, decoration, mentions.
func lead(text string, opt Options) (front, rest string) {
	rest = text
	for rest != "" {
		cut := ignorable(rest)
		if cut == 0 {
			cut = mentionAt(rest, opt)
		}
		if cut == 0 {
			cut = len(typedMention.FindString(rest))
		}
		if cut == 0 {
			break
		}
		rest = rest[cut:]
	}
	front = text[:len(text)-len(rest)]
	if strings.ContainsAny(front, "@") || mentions(front, opt) != "" {
		// "@ann, note: …": the comma belongs to the address
		if trimmed := strings.TrimLeft(rest, ",:;"); trimmed != rest {
			inner, rest := lead(trimmed, opt)
			return text[:len(text)-len(trimmed)] + inner, rest
		}
	}
	return front, rest
}

// ignorable counts the bytes of spaces, invisible characters and decoration at the beginning of s.
func ignorable(s string) int {
	return len(s) - len(strings.TrimLeftFunc(s, func(r rune) bool {
		return typed.Blank(r) || strings.ContainsRune(decoration, r)
	}))
}

// mentionAt gives the length in bytes of the longest mention that s begins with; 0 = none.
func mentionAt(s string, opt Options) int {
	longest := 0
	for token := range opt.Mentions {
		if token != "" && strings.HasPrefix(s, token) {
			longest = max(longest, len(token))
		}
	}
	return longest
}

// mentions keeps the mentions of what lead split off, each followed by a space.
func mentions(front string, opt Options) string {
	var kept strings.Builder
	for front != "" {
		cut := mentionAt(front, opt)
		if cut == 0 {
			cut = len(typedMention.FindString(front))
		}
		if cut > 0 {
			kept.WriteString(front[:cut] + " ")
		} else {
			cut = 1
		}
		front = front[cut:]
	}
	return kept.String()
}

// undecorate removes from the end of rest the marks that close the decoration in front.
func undecorate(front, rest string) string {
	for i := len(front); i > 0 && strings.IndexByte("*_~`", front[i-1]) >= 0; i-- {
		rest = strings.TrimSuffix(typed.Trim(rest), front[i-1:i])
	}
	return rest
}

// pointMark begins a point of a list, or a heading.
var pointMark = regexp.MustCompile(`^(?:[-+•#]+|\d{1,2}[.)])[\s\p{Zs}]+`)

// noteWord is "note:", also with invisible characters between its letters, with emphasis around the colon,
// or as the first point of a list or a heading.
var noteWord = regexp.MustCompile("^(?:(?:[-+•#]+|\\d{1,2}[.)])[\\s\\p{Zs}]+[*_~`]*)?(?i:n\\p{Cf}*o\\p{Cf}*t\\p{Cf}*e)[\\s\\p{Zs}\\p{Cf}*_~`]*[:：][*_~`]*")

// classify finds the marker that a text begins with and gives what follows it.
func classify(rest string, opt Options) (bridge.Marker, string) {
	if cut := noteWord.FindString(rest); cut != "" {
		return bridge.MarkNote, rest[len(cut):]
	}
	if after, ok := cutSign(rest, "/", "／"); ok {
		visible := strings.TrimLeftFunc(after, func(r rune) bool { return unicode.Is(unicode.Cf, r) })
		if noted, ok := cutSign(visible, "/", "／"); ok {
			return bridge.MarkNote, noted
		}
		return bridge.MarkSlash, after
	}
	if after, ok := cutSign(rest, "!", "！"); ok {
		return bridge.MarkBang, after
	}
	if loneVerb(rest) {
		return bridge.MarkLone, ""
	}
	if beginsInside(rest) {
		return bridge.MarkColleagues, rest
	}
	return bridge.MarkNone, rest
}

// cutSign cuts one of the signs off the front.
func cutSign(s string, signs ...string) (string, bool) {
	for _, sign := range signs {
		if rest, ok := strings.CutPrefix(s, sign); ok {
			return rest, true
		}
	}
	return s, false
}

// escaped removes the escape from a text that would have a marker without it; false if there is no escape.
func escaped(rest string, opt Options) (string, bool) {
	if after, ok := cutSign(rest, "!", "！"); ok {
		_, doubled := cutSign(after, "!", "！")
		return after, doubled
	}
	for _, backslash := range [...]string{`\\`, `\`} { // Markdown may have doubled it
		after, ok := strings.CutPrefix(rest, backslash)
		if !ok {
			continue
		}
		if marker, _ := classify(after, opt); marker != bridge.MarkNone {
			return after, true
		}
	}
	return rest, false
}

// loneVerb says that a text is nothing but a verb's word, or a snooze with its time.
func loneVerb(text string) bool {
	text = strings.ToLower(strings.TrimRightFunc(typed.Trim(text), func(r rune) bool {
		return typed.Blank(r) || strings.ContainsRune(decoration+".!", r)
	}))
	word, args := text, ""
	if i := strings.IndexFunc(text, unicode.IsSpace); i >= 0 {
		word, args = text[:i], text[i:]
	}
	v, ok := verb.Find(word)
	if !ok || !v.Typed.Lone || len(word) < 2 || slices.Contains(v.Typed.Answers, word) || strings.ContainsAny(word, "!/") {
		return false
	}
	return args == "" || v.Typed.Rest == verb.RestTime && when.Known(args)
}
