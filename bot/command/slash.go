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

// number reads the number of a conversation in front, "#12" or "12", and gives what
// follows it; 0 if there is none.
func number(text string) (bridge.ConversationID, string) {
	m := numberFirst.FindStringSubmatch(text)
	if m == nil {
		return 0, text
	}
	id, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil {
		return 0, text
	}
	return bridge.ConversationID(id), text[len(m[0]):]
}

// Slash reads a slash command: command is its name, with or without the slash. "parley"
// takes "#12 verb …", "verb #12 …", "#12", the name of a list and "help verb"; any other
// name is a verb itself. A leading "@Parley", which people type out of habit, is ignored.
// Args.Conversation is 0 where no number was given: the caller asks which one is meant.
func Slash(command, text string, opt Options) Parsed {
	command = strings.ToLower(strings.TrimPrefix(typed.Trim(command), "/"))
	text = typed.Trim(text)
	if first, rest := field(text); strings.EqualFold(first, "@parley") {
		text = rest
	}
	if command != "parley" && command != "" {
		text = command + " " + text
	}
	return spoken(text, bridge.MarkSlash, opt)
}

// Mention reads what follows a mention of the app: a verb with or without "!". "reply: …"
// is an explicit reply. Any other text is VerbUnknown, and no text at all is VerbHelp.
func Mention(text string, opt Options) Parsed {
	front, rest := lead(text, opt)
	rest = undecorate(front, strings.TrimLeft(rest, ",:; "))
	switch marker, after := classify(rest, opt); marker {
	case bridge.MarkNote:
		return Parsed{Verb: bridge.VerbNote, Marker: marker, Text: typed.Trim(after)}
	case bridge.MarkBang, bridge.MarkSlash:
		rest = after
	case bridge.MarkNone, bridge.MarkLone, bridge.MarkColleagues:
	}
	p := spoken(rest, bridge.MarkNone, opt)
	if p.Verb == bridge.VerbReply && p.Text != "" {
		p.Explicit = true
	}
	return p
}

// spoken reads a verb that needs no sign, and the number of its conversation before or behind the verb.
func spoken(text string, marker bridge.Marker, opt Options) Parsed {
	text = typed.Trim(text)
	id, rest := bridge.ConversationID(0), text
	if strings.HasPrefix(text, "#") || strings.Trim(text, "0123456789") == "" {
		id, rest = number(text)
	}
	rest = strings.TrimPrefix(typed.Trim(rest), "!")
	if rest == "" {
		asked := bridge.VerbHelp
		if id > 0 {
			asked = bridge.VerbFind
		}
		return Parsed{Verb: asked, Marker: marker, Args: bridge.Args{Conversation: id}}
	}
	name := word.FindString(rest)
	v, p, ok := lookup(name)
	if !ok {
		if name == "" {
			name = firstField(rest)
		}
		return unknown(name, strings.TrimPrefix(rest, name), marker, opt)
	}
	rest = typed.Trim(strings.TrimPrefix(rest[len(name):], ":"))
	if id == 0 && v.Typed.Rest != verb.RestFind {
		id, rest = numbered(v, rest)
	}
	p = arguments(v, p, name, rest, marker, opt)
	if id > 0 {
		p.Args.Conversation = id
	}
	return p
}

// numbered takes "#12" out of a verb's arguments: right behind the verb, or anywhere
// where the arguments are no free text.
func numbered(v *verb.Verb, rest string) (bridge.ConversationID, string) {
	if strings.HasPrefix(rest, "#") {
		if id, after := number(rest); id > 0 {
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
