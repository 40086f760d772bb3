package verb

import (
	"regexp"
	"strings"

	"parley/bot/shape"
	"parley/bridge"
)

// This file parses the arguments of "!assign @ann, @bob please look", which assigns a conversation to people
// or to a team:
//
//	line      = { person } [ note ]  or  [ "to" ] team [ note ]
//	person    = [ separator ] [ joining ] [ "+" ] name
//	separator = spaces, "," ";" "&"
//	joining   = "and" "und" "to" "an"
//	name      = a mention picked from the chat's list ("@Ann Lee"), "@ann", "ann@shop.example", "me"
//	team      = "#support", or #"Second level"
//
// Two rules decide where the note begins. A joining word belongs to the note unless a person or a team follows
// it. "me" and its German forms "mir" and "mich" are a person only at the beginning, or if they are joined to the
// person before: "@ann, me", "@ann and me", "@ann +me". In "@ann mir fehlt die Zeit", "mir" begins the note.
//
// "+" before the first person adds the people to the conversation's assignees. Without it, they replace the
// assignees.

// separatorCharacters matches what separates words: spaces of all kinds, and invisible characters.
const separatorCharacters = `\s\p{Zs}\p{Cf}`

var (
	// meWord matches "me" in its first group. A full stop may follow at the end of a sentence, but not as in
	// "mich.weber".
	meWord      = regexp.MustCompile(`^((?i:me|myself|mir|mich))(?:$|[` + separatorCharacters + `,;:!?&+]|\.(?:$|[\s\p{Zs}]))`)
	bareName    = regexp.MustCompile(`^[\p{L}][\p{L}\p{N}._-]*$`)
	teamName    = regexp.MustCompile(`^#(?:"([^"]+)"|“([^”]+)”|([\p{L}\p{N}_.&-]*[\p{L}_][\p{L}\p{N}_.&-]*))`)
	separators  = regexp.MustCompile(`^[` + separatorCharacters + `,;&]+`)
	joiningWord = regexp.MustCompile(`^(?i:and|und|to|an)[\s\p{Zs}]+`)
)

// readPeople parses people or a team, and a note. It sets Agents, Add, Team and Note in args. A single word may
// be a name without "@": "ann". problem is a message for the agent if the text can't be used, and otherwise "".
func readPeople(args *bridge.Args, text string, opt Options) (problem string) {
	text = shape.Trim(shape.Unlink(text))
	if bareName.MatchString(text) {
		args.Agents = []string{text}
		if meWord.MatchString(text) {
			args.Agents = []string{"me"}
		}
		return ""
	}

	list := peopleList{rest: text, opt: opt}
	for {
		person, problem := list.next()
		if problem != "" {
			return problem
		}
		if person == nil {
			break
		}
		if len(args.Agents) == 0 {
			args.Add = person.hasPlus
		}
		args.Agents = append(args.Agents, person.id)
	}
	text = list.rest

	if len(args.Agents) > 0 {
		args.Note = shape.Trim(text)
		return ""
	}
	if team := teamName.FindStringSubmatch(text); team != nil {
		args.Team = team[1] + team[2] + team[3] // one group per notation; two of them are ""
		args.Note = shape.Trim(text[len(team[0]):])
		return ""
	}
	args.Note = shape.Trim(text)
	return "I don't know who “" + shape.Clip(text) + "” is. Pick a person after @, use an e-mail address, or name a #team."
}

// namedPerson is one person of the list.
type namedPerson struct {
	id      string // the chat's user id for a picked mention; otherwise as typed: "@ann", "ann@shop.example", "me"
	hasPlus bool
}

// peopleList parses the people at the beginning of a text, one per call of next.
type peopleList struct {
	rest     string // the text that isn't parsed yet; after the last person, the team or the note
	opt      Options
	hasBegun bool // whether a person was parsed already
}

// next parses one person, including the separator before the name. It returns nil if no person follows.
// problem is a message for the agent.
func (l *peopleList) next() (person *namedPerson, problem string) {
	separator := separators.FindString(l.rest)
	l.rest = l.rest[len(separator):]
	joining := joiningWord.FindString(l.rest)
	mayBeMe := !l.hasBegun || joinsPeople(separator, joining)

	afterJoining := l.rest[len(joining):]
	if strings.HasPrefix(afterJoining, "#") || beginsWithPerson(afterJoining, l.opt, mayBeMe) {
		l.rest = afterJoining
	}
	if strings.HasPrefix(l.rest, "-") && beginsWithPerson(l.rest, l.opt, true) {
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

// joinsPeople reports whether a separator and a joining word make the next word a person: "," and "and" do, a
// space or "to" alone doesn't.
func joinsPeople(separator, joining string) bool {
	word := strings.ToLower(shape.Trim(joining))
	return strings.ContainsAny(separator, ",;&") || word == "and" || word == "und"
}

// beginsWithPerson reports whether a text begins with a person, optionally after "+" or "-". See cutPerson.
func beginsWithPerson(text string, opt Options, mayBeMe bool) bool {
	_, length := cutPerson(strings.TrimLeft(text, "+- "), opt, mayBeMe || strings.HasPrefix(text, "+"))
	return length > 0
}

// cutPerson returns the person that a text begins with and the length of the name in bytes. The length is 0
// if the text doesn't begin with a person. "me" counts as a person only if mayBeMe is set.
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
	if shape.IsAddress(address) {
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

// readAsk parses "#warehouse Do we have it?", "@ann …" or "bob@shop.example …": whom to ask, and the question.
func readAsk(p *Parsed, text string, opt Options) (problem string) {
	word := firstWord(text)
	whom, length := cutPerson(shape.Unlink(word), opt, false)
	if length == 0 {
		whom, length = cutPerson(text, opt, false)
	} else {
		length = len(word)
	}
	if team := teamName.FindStringSubmatch(text); team != nil {
		whom, length = "#"+team[1]+team[2]+team[3], len(team[0])
	}
	if length == 0 {
		return "I don't know who “" + shape.Clip(word) + "” is. Name a #channel, a person after @, or a mail address."
	}
	p.Args.Whom, p.Text = whom, strings.TrimLeft(shape.Trim(text[length:]), ",: ")
	return ""
}

// readAddresses parses mail addresses into args.Addresses: "a@x b@y" adds recipients, and "-a@x" removes them
// and sets args.Remove. problem is a message for the agent if the text can't be used, and otherwise "".
func readAddressesCommand(args *bridge.Args, rest Rest, text string) (problem string) {
	list, removed, invalid := shape.Addresses(text)
	if invalid != "" {
		return "“" + shape.Clip(invalid) + "” isn't an address."
	}
	if removed > 0 && removed < len(list) {
		return "Say either who joins or who leaves (-bob@shop.example), not both at once."
	}
	if removed > 0 && rest != RestCopies {
		return "Only “cc” takes addresses away."
	}
	args.Addresses, args.Remove = list, removed > 0
	return ""
}
