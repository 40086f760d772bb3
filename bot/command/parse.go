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

// Parse reads what was typed in a thread:
//
//	Hello               VerbSay
//	!snooze 2h          the verb; so is "/snooze 2h"
//	!xyz                VerbUnknown
//	note: Hello         VerbNote; so is "// Hello"
//	!!wow               VerbSay, with the text "!wow"; so is "\!wow". "!!" alone is VerbUnknown, and so is "!!snooze 2h"
//	snooze              VerbSay with MarkLone: a verb's word alone
//	@Parley snooze 2h   VerbUnknown with MarkLone, where the mention was typed and not picked from the list
//	internal: Hello     VerbSay with MarkColleagues: another word for colleagues stands in front
//	Hello⏎note: Hello   VerbSay with MarkColleagues: a later line begins like a note
//
// Case doesn't matter, nor does the width of characters ("ｎｏｔｅ："), nor do mentions, emoji, marks of quotation and emphasis,
// spaces and invisible characters in front.
//
// text is Markdown whose beginning is as typed: whoever writes the Markdown must not put
// backslashes of its own before "!" and "/" there.
func Parse(text string, opt Options) Parsed {
	front, rest := splitBeforeMarker(text, opt)
	if escaped, ok := cutEscape(rest); ok {
		p := Parsed{Verb: bridge.VerbSay, Text: typed.Trim(front + escaped)}
		if hasInsideLine(escaped, opt) {
			p.Marker = bridge.MarkColleagues
		}
		return p
	}

	switch marker, after := cutMarker(rest); marker {
	case bridge.MarkNote:
		if word := strings.TrimSuffix(rest, after); !strings.Contains(word, closingMarks(front)) { // "**note: x**", not "**note:** x"
			after = withoutClosingMarks(front, after)
		}
		note := typed.Trim(after)
		return Parsed{Verb: bridge.VerbNote, Marker: marker, Text: typed.Trim(keptMentions(front, opt) + note)}
	case bridge.MarkBang, bridge.MarkSlash:
		return readVerb(withoutMarksOfCommand(front, after), marker, opt)
	case bridge.MarkNone, bridge.MarkLone, bridge.MarkColleagues:
		if p, ok := readTypedMention(front, rest, opt); ok {
			return p
		}
		if marker != bridge.MarkNone {
			return Parsed{Verb: bridge.VerbSay, Marker: marker, Text: typed.Trim(text)}
		}
	}

	p := Parsed{Verb: bridge.VerbSay, Text: typed.Trim(text)}
	if hasInsideLine(text, opt) {
		p.Marker = bridge.MarkColleagues
	}

	return p
}

// decoration has the marks of emphasis, code and quotation. A marker behind them still counts.
const decoration = "*_~`>"

// typedMention is a name that somebody typed without picking it from the list.
var typedMention = regexp.MustCompile(`^[@＠][\p{L}\p{N}._-]+`)

// splitFront splits a text into front, what may stand before a marker (spaces, decoration, mentions), and the rest.
func splitFront(text string, opt Options) (front, rest string) {
	rest = text
	for rest != "" {
		length := ignorableLength(rest)
		if length == 0 {
			length = anyMentionLength(rest, opt)
		}
		if length == 0 {
			break
		}

		rest = rest[length:]
	}

	front = text[:len(text)-len(rest)]
	hasMention := strings.ContainsAny(front, "@＠") || keptMentions(front, opt) != ""
	trimmed := strings.TrimLeft(rest, ",:;，、：；")
	if hasMention && trimmed != rest { // "@ann, note: …": the comma belongs to the mention
		inner, rest := splitFront(trimmed, opt)
		return text[:len(text)-len(trimmed)] + inner, rest
	}

	return front, rest
}

// ignorableLength counts the bytes of spaces, invisible characters and decoration at the beginning of s.
func ignorableLength(s string) int {
	isIgnorable := func(r rune) bool { return typed.IsBlank(r) || strings.ContainsRune(decoration, foldRune(r)) }
	return len(s) - len(strings.TrimLeftFunc(s, isIgnorable))
}

// mentionLength returns the length in bytes of the longest mention that s begins with, or 0 if it begins with none.
func mentionLength(s string, opt Options) int {
	longest := 0
	for token := range opt.Mentions {
		if token != "" && strings.HasPrefix(s, token) {
			longest = max(longest, len(token))
		}
	}
	return longest
}

// anyMentionLength returns the length in bytes of the mention that s begins with, whether it was picked from the list or only
// typed. It returns 0 if s begins with none.
func anyMentionLength(s string, opt Options) int {
	if length := mentionLength(s, opt); length > 0 {
		return length
	}
	return len(typedMention.FindString(s))
}

// keptMentions returns the mentions in the front of a text, each followed by a space.
func keptMentions(front string, opt Options) string {
	var kept strings.Builder
	for front != "" {
		length := anyMentionLength(front, opt)
		if length == 0 {
			front = front[1:] // a mention is found again whatever bytes stand before it
			continue
		}
		kept.WriteString(front[:length] + " ")
		front = front[length:]
	}
	return kept.String()
}

// closingMarks returns the marks that close the decoration at the end of front: "`**" for "**`".
func closingMarks(front string) string {
	marks := []byte(front[len(strings.TrimRight(front, "*_~`")):])
	slices.Reverse(marks)
	return string(marks)
}

// withoutClosingMarks removes from the end of rest the marks that close the decoration in front.
func withoutClosingMarks(front, rest string) string {
	for _, mark := range closingMarks(front) {
		rest = strings.TrimSuffix(typed.Trim(rest), string(mark))
	}
	return rest
}

// commandWord matches what stands before the arguments of a command: "reply", "!reply", "#12 reply", "parley reply".
var commandWord = regexp.MustCompile(`^(?:#?\d{1,18}\s+)?[!/]?(?i:parley\s+)?(?:[\p{L}\p{N}_-]+|\?)`)

// withoutMarksOfCommand removes from a command the marks that close the decoration in front: behind its word, if the word alone
// is decorated ("`!reply` Hello", "**reply:** Hello"), else at its end.
func withoutMarksOfCommand(front, text string) string {
	word := commandWord.FindString(text)
	closing := closingMarks(front)
	rest, hasColon := cutColon(text[len(word):])
	if closing == "`" {
		rest = strings.TrimLeft(rest, " ") // code may end with a space
	}

	after, ok := strings.CutPrefix(rest, closing)
	isOfWord := word != "" && closing != "" && ok
	if !isOfWord {
		return withoutClosingMarks(front, text)
	}
	if hasColon {
		word += ":"
	}

	return word + after
}

// pointMark begins a point of a list, or a heading.
var pointMark = regexp.MustCompile(`^(?:[-+•#]+|\d{1,2}[.)])[\s\p{Zs}]+`)

// noteWord is "note:" after foldWidth, also with invisible characters between its letters, with emphasis around the colon,
// or as the first point of a list or a heading.
var noteWord = regexp.MustCompile(
	"^(?:(?:[-+•#]+|\\d{1,2}[.)])[\\s\\p{Zs}]+[*_~`]*)?(?i:n\\p{Cf}*o\\p{Cf}*t\\p{Cf}*e)[\\s\\p{Zs}\\p{Cf}*_~`]*:[*_~`]*")

// cutMarker finds the marker that a text begins with, and returns what follows it.
func cutMarker(rest string) (marker bridge.Marker, after string) {
	if note := noteWord.FindString(foldWidth(rest)); note != "" {
		return bridge.MarkNote, withoutRunes(rest, note)
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
	if isLoneVerb(rest) {
		return bridge.MarkLone, ""
	}
	if hasInsideWordFirst(rest) {
		return bridge.MarkColleagues, rest
	}

	return bridge.MarkNone, rest
}

// cutSign removes one of the signs from the beginning. It returns false if s begins with none of them.
func cutSign(s string, signs ...string) (string, bool) {
	for _, sign := range signs {
		if rest, ok := strings.CutPrefix(s, sign); ok {
			return rest, true
		}
	}
	return s, false
}

// cutEscape removes the escape from a text that would have a marker without it. ok is false if there is no escape: also in "!!" alone,
// and in "!!" before a verb's word ("!!note he lies"), which are slips more likely than replies, so that their author is asked as about
// any unknown command. A backslash before "!" says that the word is meant.
func cutEscape(rest string) (text string, ok bool) {
	if after, ok := cutSign(rest, "!", "！"); ok {
		escaped, doubled := cutSign(after, "!", "！")
		return after, doubled && !hasOnlySigns(after) && !hasVerbFirst(escaped)
	}

	for _, backslash := range [...]string{`\\`, `\`} { // Markdown may have doubled it
		after, ok := strings.CutPrefix(rest, backslash)
		if !ok {
			continue
		}
		if marker, _ := cutMarker(after); marker != bridge.MarkNone {
			return after, true
		}
	}

	return rest, false
}

// hasVerbFirst reports whether a text begins with a verb's word. Single letters are none here: "!!A surprise".
func hasVerbFirst(text string) bool {
	word := verbName.FindString(text)
	_, ok := verb.Find(word)
	return ok && len(word) > 1
}

// hasOnlySigns reports whether a text has nothing but punctuation, decoration and blanks.
func hasOnlySigns(text string) bool {
	isSign := func(r rune) bool {
		return unicode.IsPunct(r) || typed.IsBlank(r) || strings.ContainsRune(decoration, r)
	}
	return strings.TrimLeftFunc(text, isSign) == ""
}

// isLoneVerb reports whether a text is nothing but a verb's word, or a snooze with its time.
func isLoneVerb(text string) bool {
	isEnding := func(r rune) bool { return typed.IsBlank(r) || strings.ContainsRune(decoration+".!。", r) }
	text = strings.ToLower(strings.TrimRightFunc(typed.Trim(foldWidth(text)), isEnding))
	word, args := text, ""
	if i := strings.IndexFunc(text, unicode.IsSpace); i >= 0 {
		word, args = text[:i], text[i:]
	}

	v, ok := verb.Find(word) // also finds words behind a sign
	hasSign := strings.ContainsAny(word, "!/")
	if !ok || hasSign {
		return false
	}

	mayBeAnswer := slices.Contains(v.Typed.Answers, word) || len(word) < 2
	if !v.Typed.AskIfAlone || mayBeAnswer {
		return false
	}
	if args == "" {
		return true
	}

	return v.Typed.Rest == verb.RestTime && when.HasKnownForm(args)
}
