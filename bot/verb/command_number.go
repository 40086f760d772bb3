package verb

import (
	"regexp"
	"strconv"
	"strings"

	"parley/bot/shape"
	"parley/bridge"
)

// Slash commands and mentions of the app may name their conversation by number: "/parley #12 snooze 2h",
// "/parley snooze #12 2h". This file extracts that number from the text of the command. The difficulty is
// that "#12" can also be part of a note, a tag or a reply, so where it is accepted depends on the verb.

// The first group of each pattern holds the digits.
var (
	numberAtStart = regexp.MustCompile(`^#?(\d{1,18})(?:\s+|$)`)
	hashAtStart   = regexp.MustCompile(`^#(\d{1,18})(?:\s+|$)`)
	hashAtEnd     = regexp.MustCompile(`(?:^|\s)#(\d{1,18})$`)
	hashAnywhere  = regexp.MustCompile(`(?:^|\s)#(\d{1,18})(?:\s|$)`)
)

// cutNumber removes the conversation number that a pattern matches. Without a match, it returns 0 and the
// whole text.
func cutNumber(pattern *regexp.Regexp, text string) (id bridge.ConversationID, rest string) {
	match := pattern.FindStringSubmatchIndex(text)
	if match == nil {
		return 0, text
	}
	number, err := strconv.ParseInt(text[match[2]:match[3]], 10, 64)
	if err != nil || number == 0 {
		return 0, text
	}
	return bridge.ConversationID(number), shape.Trim(text[:match[0]] + " " + text[match[1]:])
}

// cutNumberBeforeVerb removes the number at the beginning of a command. The "#" is required unless the number
// stands alone: "2 lamps are broken" isn't a command for conversation 2.
func cutNumberBeforeVerb(text string) (id bridge.ConversationID, rest string) {
	if strings.Trim(text, "0123456789") == "" {
		return cutNumber(numberAtStart, text)
	}
	return cutNumber(hashAtStart, text)
}

// numberPosition is where "#12" is accepted as the conversation number among a verb's arguments.
type numberPosition int

const (
	positionNone numberPosition = iota
	positionFirst
	positionFirstOrLast
	positionFirstOrAfterPeople // first, or last if everything before it names people
	positionAny
)

// numberPositionFor returns where the number is accepted after a verb with the given kind of arguments. A
// slash command is typed outside conversation threads and needs the number. A mention is typed in a thread,
// whose conversation is usually meant, so the number is accepted in fewer positions.
func numberPositionFor(arguments Rest, isSlash bool) numberPosition {
	position := map[Rest]struct{ slash, mention numberPosition }{
		RestNothing:     {slash: positionAny, mention: positionAny},
		RestTime:        {slash: positionAny, mention: positionAny},
		RestEmail:       {slash: positionFirst, mention: positionFirst},
		RestAsk:         {slash: positionFirst, mention: positionFirst},
		RestAddresses:   {slash: positionAny, mention: positionAny},
		RestCopies:      {slash: positionAny, mention: positionAny},
		RestList:        {slash: positionAny, mention: positionAny},
		RestPage:        {slash: positionAny, mention: positionAny},
		RestPeople:      {slash: positionFirstOrLast, mention: positionFirstOrAfterPeople}, // "assign @ann same as #99 please" has a note
		RestTags:        {slash: positionFirstOrLast, mention: positionFirst},              // the last tag may be "#1042"
		RestNote:        {slash: positionFirst, mention: positionFirst},
		RestTopic:       {slash: positionFirst, mention: positionFirst},
		RestStart:       {slash: positionFirst, mention: positionFirst},
		RestTextRequest: {slash: positionFirst, mention: positionFirst},
		RestReply:       {slash: positionFirst, mention: positionNone}, // "#12 is your order number" is a reply
		RestText:        {slash: positionFirst, mention: positionNone},
		RestOther:       {slash: positionNone, mention: positionNone},
		RestFind:        {slash: positionNone, mention: positionNone}, // readFind tells numbers from search words
	}[arguments]
	if isSlash {
		return position.slash
	}
	return position.mention
}

// cutNumberAfterVerb removes the number from the arguments of a verb. If no number is in an accepted
// position, it returns 0 and the whole text.
func cutNumberAfterVerb(arguments Rest, text string, marker bridge.Marker, opt Options) (id bridge.ConversationID, rest string) {
	position := numberPositionFor(arguments, marker == bridge.MarkSlash)
	switch position {
	case positionNone:
		return 0, text
	case positionAny:
		return cutNumber(hashAnywhere, text)
	case positionFirst, positionFirstOrLast, positionFirstOrAfterPeople:
	}

	if id, rest = cutNumber(hashAtStart, text); id != 0 || position == positionFirst {
		return id, rest
	}
	id, rest = cutNumber(hashAtEnd, text)
	if position == positionFirstOrAfterPeople && !hasOnlyPeople(rest, opt) {
		return 0, text
	}
	return id, rest
}

// hasOnlyPeople reports whether a text consists of the names of people or a team.
func hasOnlyPeople(text string, opt Options) bool {
	var args bridge.Args
	problem := readPeople(&args, text, opt)
	return problem == "" && args.Note == ""
}
