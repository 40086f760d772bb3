package command

import (
	"regexp"
	"strconv"
	"strings"

	"parley/bot/typed"
	"parley/bot/verb"
	"parley/bridge"
)

// A command that needs no sign may name its conversation by number: "/parley #12 snooze 2h", "/parley snooze #12 2h". This file
// takes that number out of the command's text.

// Each has the number's digits as its group.
var (
	numberAtStart = regexp.MustCompile(`^#?(\d{1,18})(?:\s+|$)`)
	hashAtStart   = regexp.MustCompile(`^#(\d{1,18})(?:\s+|$)`)
	hashAtEnd     = regexp.MustCompile(`(?:^|\s)#(\d{1,18})$`)
	hashAnywhere  = regexp.MustCompile(`(?:^|\s)#(\d{1,18})(?:\s|$)`)
)

// cutNumber takes the number that a pattern finds out of a text. If there is none, id is 0 and rest the whole text.
func cutNumber(pattern *regexp.Regexp, text string) (id bridge.ConversationID, rest string) {
	match := pattern.FindStringSubmatchIndex(text)
	if match == nil {
		return 0, text
	}
	number, err := strconv.ParseInt(text[match[2]:match[3]], 10, 64)
	if err != nil || number == 0 {
		return 0, text
	}
	return bridge.ConversationID(number), typed.Trim(text[:match[0]] + " " + text[match[1]:])
}

// cutNumberBeforeVerb takes the number off the beginning of a command. It needs its "#", since "2 lamps are broken" isn't a command
// for conversation 2, unless nothing follows it.
func cutNumberBeforeVerb(text string) (id bridge.ConversationID, rest string) {
	if strings.Trim(text, "0123456789") == "" {
		return cutNumber(numberAtStart, text)
	}
	return cutNumber(hashAtStart, text)
}

// numberPlace says where "#12" may stand in what follows a verb.
type numberPlace int

const (
	placeNone numberPlace = iota
	placeFirst
	placeFirstOrLast
	placeFirstOrAfterPeople // or last, if only people stand before it
	placeAny
)

// placeOfNumber says where the number may stand behind a verb, by what else may follow the verb. A slash command is given
// outside threads and needs the number. A mention is typed in a thread, whose conversation is usually meant.
func placeOfNumber(rest verb.Rest, isSlash bool) numberPlace {
	place := map[verb.Rest]struct{ slash, mention numberPlace }{
		verb.RestNothing:     {slash: placeAny, mention: placeAny},
		verb.RestTime:        {slash: placeAny, mention: placeAny},
		verb.RestAddresses:   {slash: placeAny, mention: placeAny},
		verb.RestCopies:      {slash: placeAny, mention: placeAny},
		verb.RestList:        {slash: placeAny, mention: placeAny},
		verb.RestPage:        {slash: placeAny, mention: placeAny},
		verb.RestPeople:      {slash: placeFirstOrLast, mention: placeFirstOrAfterPeople}, // "assign @ann same as #99 please" has a note
		verb.RestTags:        {slash: placeFirstOrLast, mention: placeFirst},              // the last tag may be "#1042"
		verb.RestNote:        {slash: placeFirst, mention: placeFirst},
		verb.RestTopic:       {slash: placeFirst, mention: placeFirst},
		verb.RestStart:       {slash: placeFirst, mention: placeFirst},
		verb.RestTextRequest: {slash: placeFirst, mention: placeFirst},
		verb.RestReply:       {slash: placeFirst, mention: placeNone}, // the customer gets "#12 is your order number" whole
		verb.RestText:        {slash: placeFirst, mention: placeNone},
		verb.RestFind:        {slash: placeNone, mention: placeNone}, // readFind decides whether it is the number or a word
	}[rest]
	if isSlash {
		return place.slash
	}
	return place.mention
}

// cutNumberBehindVerb takes the number out of what follows a verb. If there is none where it may stand, id is 0 and rest the whole text.
func cutNumberBehindVerb(kind verb.Rest, text string, marker bridge.Marker, opt Options) (id bridge.ConversationID, rest string) {
	place := placeOfNumber(kind, marker == bridge.MarkSlash)
	switch place {
	case placeNone:
		return 0, text
	case placeAny:
		return cutNumber(hashAnywhere, text)
	case placeFirst, placeFirstOrLast, placeFirstOrAfterPeople:
	}

	if id, rest = cutNumber(hashAtStart, text); id != 0 || place == placeFirst {
		return id, rest
	}
	id, rest = cutNumber(hashAtEnd, text)
	if place == placeFirstOrAfterPeople && !hasOnlyPeople(rest, opt) {
		return 0, text
	}
	return id, rest
}

// hasOnlyPeople reports whether a text names people or a team, and says nothing else.
func hasOnlyPeople(text string, opt Options) bool {
	var args bridge.Args
	problem := readPeople(&args, text, opt)
	return problem == "" && args.Note == ""
}
