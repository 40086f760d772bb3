package command

import (
	"regexp"
	"strings"

	"parley/bot/typed"
	"parley/bot/verb"
	"parley/bridge"
)

var (
	meWord      = regexp.MustCompile(`^((?i:me|myself|mir|mich))(?:$|[\s\p{Zs}\p{Cf},;:!?&+]|\.(?:$|[\s\p{Zs}]))`) // and no "mich.weber"
	bareName    = regexp.MustCompile(`^[\p{L}][\p{L}\p{N}._-]*$`)
	teamName    = regexp.MustCompile(`^#(?:"([^"]+)"|“([^”]+)”|([\p{L}\p{N}_.&-]*[\p{L}_][\p{L}\p{N}_.&-]*))`)
	separators  = regexp.MustCompile(`^[\s\p{Zs}\p{Cf},;&]+`)
	joiningWord = regexp.MustCompile(`^(?i:and|und|to|an)[\s\p{Zs}]+`)
)

// readPeople reads "@x +@y note", "+@y", "ann", "me", "#team note" into args; bad says for people what is
// wrong. A name that was typed without being picked from the list stays a word: "@ann".
func readPeople(args *bridge.Args, text string, opt Options) (bad string) {
	text = typed.Trim(typed.Unlink(text))
	if bareName.MatchString(text) {
		args.Agents = []string{text}
		if meWord.MatchString(text) {
			args.Agents = []string{"me"}
		}
		return ""
	}

	for {
		separator := separators.FindString(text)
		text = text[len(separator):]
		joining := joiningWord.FindString(text)
		after := text[len(joining):]

		mayBeMe := len(args.Agents) == 0 || isAnd(separator, joining)
		if strings.HasPrefix(after, "#") || hasPersonFirst(after, opt, mayBeMe) { // else the word begins the note
			text = after
		}
		if strings.HasPrefix(text, "-") && hasPersonFirst(text, opt, true) {
			return "To take somebody off, name all who keep it: assign @ann @bob"
		}

		afterPlus, hasPlus := strings.CutPrefix(text, "+")
		if hasPlus {
			text = strings.TrimLeft(afterPlus, " ")
		}

		id, length := cutPerson(text, opt, mayBeMe || hasPlus)
		if length == 0 && hasPlus {
			return "After “+” comes a person: assign +@bob"
		}
		if length == 0 {
			break
		}
		if len(args.Agents) == 0 {
			args.Add = hasPlus
		}

		args.Agents = append(args.Agents, id)
		text = text[length:]
	}

	team := teamName.FindStringSubmatch(text)
	if team != nil && len(args.Agents) == 0 {
		args.Team = team[1] + team[2] + team[3] // one of the three forms
		args.Note = typed.Trim(text[len(team[0]):])
		return ""
	}

	args.Note = typed.Trim(text)
	if len(args.Agents) == 0 {
		return "I don't know who “" + typed.Clip(text) + "” is. Pick a person after @, use an e-mail address, or name a #team."
	}

	return ""
}

// isAnd reports whether what stands between two people joins them: a comma or the like, or "and". A space doesn't: in "@ann mir
// fehlt die Zeit" the word "mir" is no second person.
func isAnd(separator, joining string) bool {
	word := strings.ToLower(typed.Trim(joining))
	return strings.ContainsAny(separator, ",;&") || word == "and" || word == "und"
}

// hasPersonFirst reports whether a text begins with a person, with or without "+" or "-" before them; see cutPerson.
func hasPersonFirst(text string, opt Options, mayBeMe bool) bool {
	_, cut := cutPerson(strings.TrimLeft(text, "+- "), opt, mayBeMe || strings.HasPrefix(text, "+"))
	return cut > 0
}

// cutPerson returns the person that a text begins with, and the length of that mention in bytes. It is 0 if there is none. Words
// such as "me" are read as a person only with mayBeMe.
func cutPerson(text string, opt Options, mayBeMe bool) (id string, cut int) {
	if cut = mentionLength(text, opt); cut > 0 {
		return opt.Mentions[text[:cut]], cut
	}
	if name := typedMention.FindString(text); name != "" {
		name = strings.TrimRight(name, ".")
		return name, len(name)
	}
	if me := meWord.FindStringSubmatch(text); me != nil && mayBeMe {
		return "me", len(me[1])
	}

	field := strings.TrimRight(firstWord(text), ".,;:")
	if typed.IsAddress(field) {
		return strings.ToLower(field), len(field)
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

// readAddresses reads "a@x b@y", "-a@x" into args; bad says for people what is wrong.
func readAddresses(args *bridge.Args, rest verb.Rest, text string) (bad string) {
	list, removed, wrong := typed.Addresses(text)
	if wrong != "" {
		return "“" + typed.Clip(wrong) + "” is no address."
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
