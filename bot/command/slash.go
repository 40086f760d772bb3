package command

import (
	"regexp"
	"strconv"
	"strings"

	"parley/bot/typed"
	"parley/bot/verb"
	"parley/bridge"
)

var (
	numberFirst = regexp.MustCompile(`^#?(\d{1,18})(?:\s+|$)`)
	lastNumber  = regexp.MustCompile(`(?:^|\s)#(\d{1,18})$`)
	hashNumber  = regexp.MustCompile(`(?:^|\s)#(\d{1,18})(?:\s|$)`)
)

// cutNumber reads the number of a conversation at the beginning of a text, "#12" or "12". rest is what follows it.
// If there is no number, id is 0 and rest the whole text.
func cutNumber(text string) (id bridge.ConversationID, rest string) {
	match := numberFirst.FindStringSubmatch(text)
	if match == nil {
		return 0, text
	}
	number, err := strconv.ParseInt(match[1], 10, 64)
	if err != nil {
		return 0, text
	}
	return bridge.ConversationID(number), text[len(match[0]):]
}

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

// readWithoutSign reads a verb that needs no sign, and the number of its conversation before or behind the verb. Behind a verb
// that takes a text, only a slash command has one: what follows a mention was typed in a thread, whose customer is to get "#12 is
// your order number" whole. Before a verb the number needs its "#": "2 lamps are broken" isn't a command for conversation 2. A number
// alone doesn't need it.
func readWithoutSign(text string, marker bridge.Marker, opt Options) Parsed {
	text = typed.Trim(text)
	id, rest := bridge.ConversationID(0), text
	isOnlyNumber := text != "" && strings.Trim(text, "0123456789") == ""
	if strings.HasPrefix(text, "#") || isOnlyNumber {
		id, rest = cutNumber(text)
	}

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
		if word == "" {
			word = firstWord(rest)
		}
		p = unknownVerb(word, strings.TrimPrefix(rest, word), marker, opt)
		p.Args.Conversation = id // otherwise the verb that was meant would be offered for the thread's own conversation
		return p
	}

	rest, _ = cutColon(rest[len(word):])
	rest = typed.Trim(rest)
	isSearch := v.Typed.Rest == verb.RestFind // its number can be one of the words that are looked for: readRest decides
	isText := v.Typed.Rest == verb.RestReply || v.Typed.Rest == verb.RestText
	isTextInThread := isText && marker != bridge.MarkSlash
	if id == 0 && !isSearch && !isTextInThread {
		id, rest = cutConversation(v, rest, marker, opt)
	}

	p = readArguments(v, p, name, rest, marker, opt)
	if id > 0 {
		p.Args.Conversation = id
	}

	return p
}

// cutConversation takes "#12" out of a verb's arguments. It is looked for right behind the verb and, if the arguments are
// no free text, anywhere in them. Behind people and tags only the last word counts, since a note follows people ("assign @ann same
// as #99 please") and tags may be written "#1042"; see canEndWithNumber. Without a number the result is 0, and rest as it was.
func cutConversation(v *verb.Verb, rest string, marker bridge.Marker, opt Options) (bridge.ConversationID, string) {
	if strings.HasPrefix(rest, "#") {
		if id, after := cutNumber(rest); id > 0 {
			return id, typed.Trim(after)
		}
	}

	switch v.Typed.Rest {
	case verb.RestText, verb.RestReply, verb.RestNote, verb.RestTopic, verb.RestStart, verb.RestWanted: // free text
		return 0, rest
	case verb.RestNothing, verb.RestPeople, verb.RestTags, verb.RestTime, verb.RestAddresses, verb.RestCopies, verb.RestList, verb.RestFind, verb.RestPage:
	}

	isPeopleOrTags := v.Typed.Rest == verb.RestPeople || v.Typed.Rest == verb.RestTags
	pattern := hashNumber
	if isPeopleOrTags {
		pattern = lastNumber
	}

	match := pattern.FindStringSubmatchIndex(rest)
	if match == nil {
		return 0, rest
	}

	before, digits, behind := rest[:match[0]], rest[match[2]:match[3]], rest[match[1]:]
	id, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0, rest
	}

	if isPeopleOrTags && !canEndWithNumber(v, before, marker, opt) {
		return 0, rest
	}

	return bridge.ConversationID(id), typed.Trim(before + " " + behind)
}

// canEndWithNumber reports whether the number that people or tags end with is that of their conversation. What follows a mention
// is typed in a thread, whose conversation is meant: there, nothing but people may stand before the number.
func canEndWithNumber(v *verb.Verb, before string, marker bridge.Marker, opt Options) bool {
	if marker == bridge.MarkSlash {
		return true
	}
	if v.Typed.Rest == verb.RestTags {
		return false
	}
	var args bridge.Args
	bad := readPeople(&args, before, opt)
	return bad == "" && args.Note == ""
}
