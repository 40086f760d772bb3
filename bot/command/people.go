package command

import (
	"regexp"
	"strings"

	"parley/bot/typed"
	"parley/bot/verb"
	"parley/bridge"
)

// This file reads to whom a conversation is to go, from what stands behind the word in "!assign @ann, @bob please
// look":
//
//	line      = { person } [ note ]  or  [ "to" ] team [ note ]
//	person    = [ separator ] [ joining ] [ "+" ] name
//	separator = spaces, "," ";" "&"
//	joining   = "and" "und" "to" "an"
//	name      = a person picked from the chat's list ("@Ann Lee"), "@ann", "ann@shop.example", "me"
//	team      = "#support", or #"Second level"
//
// Two rules tell the people from the note. A joining word belongs to the note unless a person or a team follows it.
// And "me", which in German is the word "mir", is a person only at the beginning, or if something joins it to the
// person before: "@ann, me", "@ann and me", "@ann +me". In "@ann mir fehlt die Zeit" it begins the note.
//
// "+" before the first person adds people to those who have the conversation. Without it, the people take their place.

// separatorCharacters stand between words: spaces of all kinds, and characters that are not shown.
const separatorCharacters = `\s\p{Zs}\p{Cf}`

var (
	// meWord has "me" as its group. What follows may be a full stop at the end of a sentence, but not one as in
	// "mich.weber".
	meWord      = regexp.MustCompile(`^((?i:me|myself|mir|mich))(?:$|[` + separatorCharacters + `,;:!?&+]|\.(?:$|[\s\p{Zs}]))`)
	bareName    = regexp.MustCompile(`^[\p{L}][\p{L}\p{N}._-]*$`)
	teamName    = regexp.MustCompile(`^#(?:"([^"]+)"|“([^”]+)”|([\p{L}\p{N}_.&-]*[\p{L}_][\p{L}\p{N}_.&-]*))`)
	separators  = regexp.MustCompile(`^[` + separatorCharacters + `,;&]+`)
	joiningWord = regexp.MustCompile(`^(?i:and|und|to|an)[\s\p{Zs}]+`)
)

// readPeople reads people or a team, and a note, into args.Agents and args.Add, args.Team, and args.Note. problem
// says for people what is wrong, and is "" if nothing is. A single word may also be a name without "@": "ann".
func readPeople(args *bridge.Args, text string, opt Options) (problem string) {
	text = typed.Trim(typed.Unlink(text))
	if bareName.MatchString(text) {
		args.Agents = []string{text}
		if meWord.MatchString(text) {
			args.Agents = []string{"me"}
		}
		return ""
	}

	list := peopleList{rest: text, opt: opt}
	for {
		p, wrong := list.next()
		if wrong != "" {
			return wrong
		}
		if p == nil {
			break
		}
		if len(args.Agents) == 0 {
			args.Add = p.hasPlus
		}
		args.Agents = append(args.Agents, p.id)
	}
	text = list.rest

	if len(args.Agents) > 0 {
		args.Note = typed.Trim(text)
		return ""
	}
	if team := teamName.FindStringSubmatch(text); team != nil {
		args.Team = team[1] + team[2] + team[3] // one for each way to write it; the other two are ""
		args.Note = typed.Trim(text[len(team[0]):])
		return ""
	}
	args.Note = typed.Trim(text)
	return "I don't know who “" + typed.Clip(text) + "” is. Pick a person after @, use an e-mail address, or name a #team."
}

// namedPerson is one person of a line.
type namedPerson struct {
	id      string // the chat's id of a person who was picked; else what was typed: "@ann", "ann@shop.example", "me"
	hasPlus bool
}

// peopleList is a text that begins with people, as far as it isn't read yet. In the end rest is the note or the team.
type peopleList struct {
	rest     string
	opt      Options
	hasBegun bool // a person was read
}

// next reads one person, with what stands before the name; nil if none follows. problem says for people what is wrong.
func (l *peopleList) next() (p *namedPerson, problem string) {
	separator := separators.FindString(l.rest)
	l.rest = l.rest[len(separator):]
	joining := joiningWord.FindString(l.rest)
	mayBeMe := !l.hasBegun || joinsPeople(separator, joining)

	afterJoining := l.rest[len(joining):]
	if strings.HasPrefix(afterJoining, "#") || hasPersonFirst(afterJoining, l.opt, mayBeMe) {
		l.rest = afterJoining
	}
	if strings.HasPrefix(l.rest, "-") && hasPersonFirst(l.rest, l.opt, true) {
		return nil, "To take somebody off, name all who keep it: assign @ann @bob"
	}

	afterPlus, hasPlus := strings.CutPrefix(l.rest, "+")
	if hasPlus {
		l.rest = strings.TrimLeft(afterPlus, " ")
	}

	id, length := cutPerson(l.rest, l.opt, mayBeMe || hasPlus)
	switch {
	case length > 0:
		l.rest = l.rest[length:]
		l.hasBegun = true
		return &namedPerson{id: id, hasPlus: hasPlus}, ""
	case hasPlus:
		return nil, "After “+” comes a person: assign +@bob"
	}
	return nil, ""
}

// joinsPeople reports whether what stands between two words says that the second one is a person, too. A space or
// "to" alone doesn't.
func joinsPeople(separator, joining string) bool {
	word := strings.ToLower(typed.Trim(joining))
	return strings.ContainsAny(separator, ",;&") || word == "and" || word == "und"
}

// hasPersonFirst reports whether a text begins with a person, with or without "+" or "-" before the name. See
// cutPerson.
func hasPersonFirst(text string, opt Options, mayBeMe bool) bool {
	_, length := cutPerson(strings.TrimLeft(text, "+- "), opt, mayBeMe || strings.HasPrefix(text, "+"))
	return length > 0
}

// cutPerson returns the person whose name a text begins with, and the length of the name in bytes. The length is 0 if
// the text begins with no person. "me" counts as a person only with mayBeMe.
func cutPerson(text string, opt Options, mayBeMe bool) (id string, length int) {
	if length = mentionLength(text, opt); length > 0 {
		return opt.Mentions[text[:length]], length
	}
	if name := typedMention.FindString(text); name != "" {
		name = strings.TrimRight(name, ".") // the end of a sentence
		return name, len(name)
	}
	if me := meWord.FindStringSubmatch(text); me != nil && mayBeMe {
		return "me", len(me[1])
	}

	address := strings.TrimRight(firstWord(text), ".,;:")
	if typed.IsAddress(address) {
		return strings.ToLower(address), len(address)
	}
	return "", 0
}

// firstWord returns the beginning of a text up to a space, a comma or a semicolon.
func firstWord(text string) string {
	if i := strings.IndexAny(text, " \t\r\n\u00a0,;"); i >= 0 {
		return text[:i]
	}
	return text
}

// readAddresses reads mail addresses into args.Addresses: "a@x b@y". With args.Remove, they are to leave: "-a@x".
// problem says for people what is wrong, and is "" if nothing is.
func readAddresses(args *bridge.Args, rest verb.Rest, text string) (problem string) {
	list, removed, wrong := typed.Addresses(text)
	if wrong != "" {
		return "“" + typed.Clip(wrong) + "” isn't an address."
	}
	if removed > 0 && removed < len(list) {
		return "Say either who joins or who leaves (-bob@shop.example), not both at once."
	}
	if removed > 0 && rest != verb.RestCopies {
		return "Only “cc” takes addresses away."
	}
	args.Addresses, args.Remove = list, removed > 0
	return ""
}
