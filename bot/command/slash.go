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
	hashNumber  = regexp.MustCompile(`(?:^|\s)#(\d{1,18})(?:\s|$)`)
)

// cutNumber reads the number of a conversation at the beginning, "#12" or "12", and returns what
// follows it. id is 0 if there is no number.
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

// Slash reads a slash command: command is its name, with or without the slash. "parley"
// accepts "#12 verb …", "verb #12 …", "#12", the name of a list and "help verb"; any other
// name is a verb itself. A leading "@Parley", which people type out of habit, is ignored.
// Args.Conversation is 0 if no number was given: the caller asks which conversation is meant.
func Slash(command, text string, opt Options) Parsed {
	command = strings.ToLower(strings.TrimPrefix(typed.Trim(command), "/"))
	text = typed.Trim(text)
	if first, rest := cutWord(text); strings.EqualFold(first, "@parley") {
		text = rest
	}
	if command != "parley" && command != "" {
		text = command + " " + text
	}
	return readWithoutSign(text, bridge.MarkSlash, opt)
}

// Mention reads what follows a mention of the app: a verb with or without "!". "reply: …"
// is an explicit reply. Any other text is VerbUnknown, and no text at all is VerbHelp.
func Mention(text string, opt Options) Parsed {
	front, rest := splitFront(text, opt)
	rest = withoutClosingMarks(front, strings.TrimLeft(rest, ",:; "))
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

// readWithoutSign reads a verb that needs no sign, and the number of its conversation before or behind the verb.
func readWithoutSign(text string, marker bridge.Marker, opt Options) Parsed {
	text = typed.Trim(text)
	id, rest := bridge.ConversationID(0), text
	isOnlyNumber := strings.Trim(text, "0123456789") == ""
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
	name := verbName.FindString(rest)
	v, p, ok := findVerb(name)
	if !ok {
		if name == "" {
			name = firstWord(rest)
		}
		return unknownVerb(name, strings.TrimPrefix(rest, name), marker, opt)
	}
	rest = typed.Trim(strings.TrimPrefix(rest[len(name):], ":"))
	if id == 0 && v.Typed.Rest != verb.RestFind {
		id, rest = cutConversation(v, rest)
	}
	p = readArguments(v, p, name, rest, marker, opt)
	if id > 0 {
		p.Args.Conversation = id
	}
	return p
}

// cutConversation takes "#12" out of a verb's arguments: right behind the verb, or anywhere
// if the arguments are not free text.
func cutConversation(v *verb.Verb, rest string) (bridge.ConversationID, string) {
	if strings.HasPrefix(rest, "#") {
		if id, after := cutNumber(rest); id > 0 {
			return id, typed.Trim(after)
		}
	}
	switch v.Typed.Rest {
	case verb.RestText, verb.RestReply, verb.RestNote, verb.RestTopic, verb.RestStart, verb.RestWanted:
		return 0, rest
	case verb.RestNothing, verb.RestPeople, verb.RestTags, verb.RestTime, verb.RestAddresses, verb.RestCopies, verb.RestList, verb.RestFind, verb.RestPage:
	}
	m := hashNumber.FindStringSubmatchIndex(rest)
	if m == nil {
		return 0, rest
	}
	id, err := strconv.ParseInt(rest[m[2]:m[3]], 10, 64)
	if err != nil {
		return 0, rest
	}
	return bridge.ConversationID(id), typed.Trim(rest[:m[0]] + " " + rest[m[1]:])
}
