package verb

import (
	"regexp"
	"strings"
	"unicode"

	"parley/bot/shape"
	"parley/bridge"
)

// Slash parses a slash command. command is its name, with or without the slash, and text is what was typed
// after it:
//
//	/parley #12 snooze 2h    snooze conversation 12
//	/parley snooze #12 2h    the same
//	/snooze #12 2h           the same: any name but "parley" is a verb
//	/parley #12              show conversation 12
//	/parley 12               the same
//	/parley mine             the list "mine"
//	/parley help snooze      the help text of snooze
//	/parley                  help
//	/parley hello            help, too
//
// A leading "@Parley", which people type out of habit, is ignored. Args.Conversation is 0 if the command has
// no number; the caller then asks which conversation is meant.
func Slash(command, text string, opt Options) Parsed {
	command = strings.ToLower(strings.TrimPrefix(shape.Trim(command), "/"))
	text = shape.Trim(text)
	if first, rest := cutWord(text); strings.EqualFold(first, "@parley") {
		text = rest
	}
	if command != "parley" && command != "" {
		text = command + " " + text
	}

	return readWithoutSign(text, bridge.MarkSlash, opt)
}

// Mention parses the text after a mention of the app:
//
//	take            a verb, with or without "!"
//	#12 take        the same, for conversation 12
//	reply: Hello    an explicit reply
//	note: Hello     a note
//	Hello           VerbUnknown
//	                VerbHelp, for an empty text
//
// After "reply" and "note", a number belongs to the text.
func Mention(text string, opt Options) Parsed {
	front, rest := splitFront(text, opt)
	rest = withoutMarksOfCommand(front, strings.TrimLeft(rest, ",:; ，、：；　"))
	switch marker, after := cutMarker(rest); marker {
	case bridge.MarkNote:
		return Parsed{Verb: bridge.VerbNote, Marker: marker, Text: shape.Trim(after)}
	case bridge.MarkBang, bridge.MarkSlash:
		rest = after
	case bridge.MarkNone, bridge.MarkLone, bridge.MarkColleagues, bridge.MarkNoteBelow, bridge.MarkCommandBelow:
	}

	p := readWithoutSign(rest, bridge.MarkNone, opt)
	if p.Verb == bridge.VerbReply && p.Text != "" {
		p.Explicit = true
	}

	return p
}

// typedApp matches "@Parley" as plain characters: it was typed or pasted, so the chat doesn't treat it as a
// mention.
var typedApp = regexp.MustCompile(`(?i)@parley(?:[^\p{L}\p{N}._-]|$)`)

// typedName matches the app's name without an "@", as in "Parley, snooze tomorrow". It needs something after it.
var typedName = regexp.MustCompile(`^(?i:parley)[\s\p{Zs},:;、*_~\x60]+`)

// readTypedMention handles a command after "@Parley" or "Parley" as plain characters. The command isn't done, but
// offered with a button. ok is false if there is no such name, or no verb follows it.
func readTypedMention(front, rest string, opt Options) (p Parsed, ok bool) {
	explanation := "“@Parley” was typed, and not picked from the list. "
	if !typedApp.MatchString(foldWidth(front)) {
		name := typedName.FindString(foldWidth(rest))
		if rest = withoutRunes(rest, name); name == "" || rest == "" {
			return Parsed{}, false
		}
		explanation = "It begins with “Parley” and a command. "
	}
	meant := Mention(rest, opt)
	if meant.Verb == bridge.VerbUnknown {
		_, _, isVerb := findVerb(foldWidth(meant.Unknown))
		return refuseVerb(meant.Unknown, bridge.MarkLone, explanation+meant.Err), isVerb
	}

	v := Of(meant.Verb)
	p = refuseVerb("", bridge.MarkLone, explanation+"Did you mean !"+v.Typed.Words[0]+"?")
	if v.Button.OfferedForTypo && meant.Args.Conversation == 0 {
		p.Meant = &bridge.Meant{Verb: meant.Verb, Args: meant.Args}
	}
	return p, true
}

// readWithoutSign parses a command that needs no "!": a verb, its arguments, and an optional conversation
// number before or after the verb.
func readWithoutSign(text string, marker bridge.Marker, opt Options) Parsed {
	id, rest := cutNumberBeforeVerb(shape.Trim(text))
	rest = strings.TrimPrefix(shape.Trim(rest), "!")
	if rest == "" {
		defaultVerb := bridge.VerbHelp
		if id > 0 {
			defaultVerb = bridge.VerbFind
		}
		return Parsed{Verb: defaultVerb, Marker: marker, Args: bridge.Args{Conversation: id}}
	}

	word := verbName.FindString(rest)
	name := foldWidth(word)
	v, p, ok := findVerb(name)
	if !ok {
		isForParleyOnly := marker == bridge.MarkSlash // a greeting after a mention may be meant for the customer
		if isForParleyOnly && id == 0 && isGreeting(rest) {
			return Parsed{Verb: bridge.VerbHelp, Marker: marker}
		}
		if word == "" {
			word = firstWord(rest)
		}
		p = unknownVerb(word, strings.TrimPrefix(rest, word), marker, opt)
		p.Args.Conversation = id // keeps the offer from applying to the thread's conversation
		return p
	}

	rest, _ = cutColon(rest[len(word):])
	rest = shape.Trim(rest)
	if id == 0 {
		id, rest = cutNumberAfterVerb(v.Typed.Rest, rest, marker, opt)
	}

	p = readArguments(v, p, name, rest, marker, opt)
	if id > 0 {
		p.Args.Conversation = id
	}
	return p
}

// isGreeting reports whether a text is a greeting of one or two words: "Hello!", "hi Parley".
func isGreeting(text string) bool {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) })
	return len(words) > 0 && len(words) <= 2 && bridge.IsGreeting(words[0])
}
