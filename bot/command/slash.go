package command

import (
	"regexp"
	"strings"
	"unicode"

	"parley/bot/typed"
	"parley/bot/verb"
	"parley/bridge"
)

// Slash reads a slash command. command is its name, with or without the slash, and text what was typed behind it:
//
//	/parley #12 snooze 2h    snooze conversation 12
//	/parley snooze #12 2h    the same
//	/snooze #12 2h           the same: any name but "parley" is a verb
//	/parley #12              show conversation 12
//	/parley 12               the same
//	/parley mine             the list "mine"
//	/parley help snooze      what help says of snooze
//	/parley                  help
//	/parley hello            help, too
//
// A leading "@Parley", which people type out of habit, is ignored. If no number was given, Args.Conversation is 0: the
// caller asks which conversation is meant.
func Slash(command, text string, opt Options) Parsed {
	command = strings.ToLower(strings.TrimPrefix(typed.Trim(command), "/"))
	text = typed.Trim(text)
	if first, rest := cutWord(text); strings.EqualFold(first, "@parley") {
		text = rest
	}
	if command != "parley" && command != "" {
		text = command + " " + text
	}

	p := readWithoutSign(text, bridge.MarkSlash, opt)
	if p.Verb == bridge.VerbReply && p.Text != "" {
		p.Marker = bridge.MarkNone // the slash belongs to the command
	}
	return p
}

// Mention reads what follows a mention of the app:
//
//	take            a verb, with or without "!"
//	reply: Hello    an explicit reply
//	note: Hello     a note
//	Hello           VerbUnknown
//	                VerbHelp: nothing follows
//
// The number of a conversation stands before the verb: behind "reply" and "note" it belongs to the text.
func Mention(text string, opt Options) Parsed {
	front, rest := splitFront(text, opt)
	rest = withoutMarksOfCommand(front, strings.TrimLeft(rest, ",:; ，、：；　"))
	switch marker, after := cutMarker(rest); marker {
	case bridge.MarkNote:
		return Parsed{Verb: bridge.VerbNote, Marker: marker, Text: typed.Trim(after)}
	case bridge.MarkBang, bridge.MarkSlash:
		rest = after
	case bridge.MarkNone, bridge.MarkLone, bridge.MarkColleagues:
	}

	p := readWithoutSign(rest, bridge.MarkNone, opt)
	if p.Verb == bridge.VerbReply && p.Text != "" {
		p.Explicit = true
	}

	return p
}

// typedApp matches the app's name behind an @ that somebody typed or pasted, and didn't pick from the list, so that it isn't a mention.
var typedApp = regexp.MustCompile(`(?i)@parley(?:[^\p{L}\p{N}._-]|$)`)

// readTypedMention reads what follows "@Parley" in the front of a text, typed and not picked: a verb is not done, but offered. ok is false
// if front has no such name, or no verb follows.
func readTypedMention(front, rest string, opt Options) (p Parsed, ok bool) {
	if !typedApp.MatchString(foldWidth(front)) {
		return Parsed{}, false
	}
	const wasTyped = "“@Parley” was typed, and not picked from the list. "
	meant := Mention(rest, opt)
	if meant.Verb == bridge.VerbUnknown {
		_, _, isVerb := findVerb(foldWidth(meant.Unknown))
		return refuseVerb(meant.Unknown, bridge.MarkLone, wasTyped+meant.Err), isVerb
	}

	v := verb.Of(meant.Verb)
	p = refuseVerb("", bridge.MarkLone, wasTyped+"Did you mean !"+v.Typed.Words[0]+"?")
	if v.Button.OfferedForTypo && meant.Args.Conversation == 0 {
		p.Meant = &bridge.Meant{Verb: meant.Verb, Args: meant.Args}
	}
	return p, true
}

// readWithoutSign reads a verb that needs no sign, and the number of its conversation before or behind the verb.
func readWithoutSign(text string, marker bridge.Marker, opt Options) Parsed {
	id, rest := cutNumberBeforeVerb(typed.Trim(text))
	rest = strings.TrimPrefix(typed.Trim(rest), "!")
	if rest == "" {
		asked := bridge.VerbHelp
		if id > 0 {
			asked = bridge.VerbFind
		}
		return Parsed{Verb: asked, Marker: marker, Args: bridge.Args{Conversation: id}}
	}

	word := verbName.FindString(rest)
	name := foldWidth(word)
	v, p, ok := findVerb(name)
	if !ok {
		isToParleyAlone := marker == bridge.MarkSlash // behind a mention in a thread it may be meant for the customer
		if isToParleyAlone && id == 0 && isGreeting(rest) {
			return Parsed{Verb: bridge.VerbHelp, Marker: marker}
		}
		if word == "" {
			word = firstWord(rest)
		}
		p = unknownVerb(word, strings.TrimPrefix(rest, word), marker, opt)
		p.Args.Conversation = id // otherwise the verb that was meant would be offered for the thread's own conversation
		return p
	}

	rest, _ = cutColon(rest[len(word):])
	rest = typed.Trim(rest)
	if id == 0 {
		id, rest = cutNumberBehindVerb(v.Typed.Rest, rest, marker, opt)
	}

	p = readArguments(v, p, name, rest, marker, opt)
	if id > 0 {
		p.Args.Conversation = id
	}
	return p
}

// isGreeting reports whether a text is nothing but a greeting, of one or two words: "Hello!", "hi Parley".
func isGreeting(text string) bool {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) })
	return len(words) > 0 && len(words) <= 2 && bridge.IsGreeting(words[0])
}
