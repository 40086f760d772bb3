package verb

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"parley/bot/shape"
	"parley/bridge"
)

// Parse parses a text that an agent typed in a conversation's chat thread. By default such a text is sent to
// the customer. A marker, the sign or word that a text begins with, makes it something else: "!" and "/"
// begin a command, whose first word is called the verb, and "note:" and "//" begin a note for colleagues.
//
//	Hello               VerbSay
//	!snooze 2h          VerbSnooze; so is "/snooze 2h"
//	!xyz                VerbUnknown
//	note: Hello         VerbNote; so is "// Hello"
//	!!wow               VerbSay, with the text "!wow"; so is "\!wow". "!!" alone is VerbUnknown, and so is "!!snooze 2h"
//	\delay              VerbUnknown, which offers the canned reply "delay"
//	snooze              VerbSay with MarkLone: the word of a verb without a sign
//	@Parley snooze 2h   VerbUnknown with MarkLone, if the mention was typed instead of picked from the list
//	internal: Hello     VerbSay with MarkColleagues: it begins like a note
//	Hello⏎note: Hello   VerbSay with MarkNoteBelow; "!reply Hello⏎note: Hello" is VerbReply with it
//	Hello⏎!resolve      VerbSay with MarkCommandBelow
//
// The author is asked before a VerbSay or VerbReply with a marker is sent. Case and the width of characters ("ｎｏｔｅ：") are
// ignored, and so are leading mentions, emoji, emphasis, quotation marks, spaces and invisible characters.
//
// text is Markdown, except that its beginning must be as typed: "!" and "/" there must not be escaped by a
// backslash.
func Parse(text string, opt Options) Parsed {
	front, rest := splitBeforeMarker(text, opt)
	if escaped, ok := cutEscape(rest); ok {
		return Parsed{Verb: bridge.VerbSay, Text: shape.Trim(front + escaped), Marker: markerBelow(escaped, opt)}
	}

	if keyword, ok := cutKeyword(rest); ok {
		return offerCanned(keyword)
	}

	switch marker, after := cutMarker(rest); marker {
	case bridge.MarkNote:
		word := strings.TrimSuffix(rest, after)
		if !strings.Contains(word, closingMarks(front)) { // "**note: x**" rather than "**note:** x"
			after = withoutClosingMarks(front, after)
		}
		note := shape.Trim(after)
		return Parsed{Verb: bridge.VerbNote, Marker: marker, Text: shape.Trim(keptMentions(front, opt) + note)}
	case bridge.MarkBang, bridge.MarkSlash:
		return readVerbCommand(withoutMarksOfCommand(front, after), marker, opt)
	case bridge.MarkNone, bridge.MarkLone, bridge.MarkColleagues, bridge.MarkNoteBelow, bridge.MarkCommandBelow:
		if p, ok := readTypedMention(front, rest, opt); ok {
			return p
		}
		if marker != bridge.MarkNone {
			return Parsed{Verb: bridge.VerbSay, Marker: marker, Text: shape.Trim(text)}
		}
	}

	return Parsed{Verb: bridge.VerbSay, Text: shape.Trim(text), Marker: markerBelow(text, opt)}
}

// decoration lists the Markdown characters for emphasis, code and quotations. They may precede a marker.
const decoration = "*_~`>"

// typedMention matches a mention as plain characters, which was typed instead of picked from the chat's list.
var typedMention = regexp.MustCompile(`^[@＠][\p{L}\p{N}._-]+`)

// splitFront splits off everything that may precede a marker: spaces, decoration and mentions.
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
	if hasMention && trimmed != rest { // skip the comma in "@ann, note: …"
		inner, rest := splitFront(trimmed, opt)
		return text[:len(text)-len(trimmed)] + inner, rest
	}

	return front, rest
}

// ignorableLength returns the length in bytes of the spaces, invisible characters and decoration at the
// beginning of s.
func ignorableLength(s string) int {
	isIgnorable := func(r rune) bool { return shape.IsBlank(r) || strings.ContainsRune(decoration, foldRune(r)) }
	return len(s) - len(strings.TrimLeftFunc(s, isIgnorable))
}

// mentionLength returns the length in bytes of the longest picked mention that s begins with, or 0.
func mentionLength(s string, opt Options) int {
	longest := 0
	for token := range opt.Mentions {
		if token != "" && strings.HasPrefix(s, token) {
			longest = max(longest, len(token))
		}
	}
	return longest
}

// anyMentionLength is like mentionLength, but also recognizes typed mentions.
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
			front = front[1:] // skip a byte; a mention may start at the next one
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
		rest = strings.TrimSuffix(shape.Trim(rest), string(mark))
	}
	return rest
}

// commandWord matches everything before the arguments of a command: "reply", "!reply", "#12 reply", "parley reply".
var commandWord = regexp.MustCompile(`^(?:#?\d{1,18}\s+)?[!/]?(?i:parley\s+)?(?:[\p{L}\p{N}_-]+|\?)`)

// withoutMarksOfCommand removes from a command the marks that close the decoration in front. They follow its
// word if only the word is decorated ("`!reply` Hello", "**reply:** Hello"), and otherwise end the text.
func withoutMarksOfCommand(front, text string) string {
	word := commandWord.FindString(text)
	closing := closingMarks(front)
	rest, hasColon := cutColon(text[len(word):])
	if closing == "`" {
		rest = strings.TrimLeft(rest, " ") // code may end with a space
	}

	after, ok := strings.CutPrefix(rest, closing)
	isWordDecorated := word != "" && closing != "" && ok
	if !isWordDecorated {
		return withoutClosingMarks(front, text)
	}
	if hasColon {
		word += ":"
	}

	return word + after
}

// pointMark matches the start of a list item or a heading.
var pointMark = regexp.MustCompile(`^(?:[-+•#]+|\d{1,2}[.)])[\s\p{Zs}]+`)

// noteWord matches "note:" in a text that went through foldWidth. It allows invisible characters between the
// letters, emphasis around the colon, and the start of a list item or a heading before the word.
var noteWord = regexp.MustCompile(
	"^(?:(?:[-+•#]+|\\d{1,2}[.)])[\\s\\p{Zs}]+[*_~`]*)?(?i:n\\p{Cf}*o\\p{Cf}*t\\p{Cf}*e)[\\s\\p{Zs}\\p{Cf}*_~`]*:[*_~`]*")

// cutMarker returns the marker that a text begins with and the text after it. For MarkColleagues and
// MarkNone, after is the whole text.
func cutMarker(rest string) (marker bridge.Marker, after string) {
	if note := noteWord.FindString(foldWidth(rest)); note != "" {
		return bridge.MarkNote, withoutRunes(rest, note)
	}

	if after, ok := cutSign(rest, "/", "／"); ok {
		visible := strings.TrimLeftFunc(after, func(r rune) bool { return unicode.Is(unicode.Cf, r) })
		if note, ok := cutSign(visible, "/", "／"); ok {
			return bridge.MarkNote, note
		}
		return bridge.MarkSlash, after
	}

	if after, ok := cutSign(rest, "!", "！"); ok {
		return bridge.MarkBang, after
	}
	if isLoneVerb(rest) {
		return bridge.MarkLone, ""
	}
	if startsLikeNote(rest) {
		return bridge.MarkColleagues, rest
	}

	return bridge.MarkNone, rest
}

// cutSign removes the first of the signs that s begins with, and reports whether it found one.
func cutSign(s string, signs ...string) (string, bool) {
	for _, sign := range signs {
		if rest, ok := strings.CutPrefix(s, sign); ok {
			return rest, true
		}
	}
	return s, false
}

// cutEscape removes the escape, a doubled "!" or a backslash, from a text that would otherwise begin with a
// marker. ok is false if there is no escape. "!!" alone and "!!" before a verb's word ("!!note he lies",
// "!! note he lies") don't count as escapes: they are more likely to be typing errors, and are reported like
// unknown commands.
func cutEscape(rest string) (text string, ok bool) {
	if after, ok := cutSign(rest, "!", "！"); ok {
		_, isDoubled := cutSign(after, "!", "！")
		return after, isDoubled && !hasOnlySigns(after) && !beginsWithVerb(withoutSigns(after))
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

// beginsWithVerb reports whether a text begins with a verb's word of more than one letter. Single letters are
// ignored, since they also begin sentences: "!!A surprise".
func beginsWithVerb(text string) bool {
	word := foldWidth(verbName.FindString(text))
	_, ok := Find(word)
	return ok && len(word) > 1
}

// hasOnlySigns reports whether a text consists of punctuation, decoration and blanks.
func hasOnlySigns(text string) bool { return withoutSigns(text) == "" }

// withoutSigns removes punctuation, decoration and blanks from the beginning of a text.
func withoutSigns(text string) string {
	return strings.TrimLeftFunc(text, func(r rune) bool {
		return unicode.IsPunct(r) || shape.IsBlank(r) || strings.ContainsRune(decoration, r)
	})
}

// isLoneVerb reports whether a text is only a verb's word ("resolve") or a snooze with a time ("snooze 2h"), so
// that its author probably forgot the sign. Words that are also plausible answers to a customer don't count.
func isLoneVerb(text string) bool {
	isEnding := func(r rune) bool { return shape.IsBlank(r) || strings.ContainsRune(decoration+".!。", r) }
	text = strings.ToLower(strings.TrimRightFunc(shape.Trim(foldWidth(text)), isEnding))
	word, args := text, ""
	if i := strings.IndexFunc(text, unicode.IsSpace); i >= 0 {
		word, args = text[:i], text[i:]
	}

	v, ok := Find(word) // accepts a leading sign
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

	return v.Typed.Rest == RestTime && bridge.HasKnownForm(args)
}

// cutKeyword returns the keyword of a canned reply, which is typed after a backslash: "\\delay". A backslash before a
// marker is an escape instead.
func cutKeyword(rest string) (keyword string, ok bool) {
	after, ok := strings.CutPrefix(rest, `\`)
	word := verbName.FindString(after)
	return word, ok && word != "" && !strings.HasPrefix(after[len(word):], `\`) // a path isn't one
}

// offerCanned keeps a typed keyword inside, and offers the form of a reply with the canned reply.
func offerCanned(keyword string) Parsed {
	p := refuseVerb(keyword, bridge.MarkBang, "Open the reply to read it before it is sent.")
	p.Meant = &bridge.Meant{Verb: bridge.VerbCanned, Args: bridge.Args{Canned: &bridge.CannedArgs{Find: keyword}}}
	return p
}
