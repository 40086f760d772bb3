package command

import (
	"regexp"
	"strings"

	"parley/bot/typed"
	"parley/bot/verb"
	"parley/bridge"
)

var (
	meWord   = regexp.MustCompile(`^(?i:me|myself|mir|mich)\b`)
	bareName = regexp.MustCompile(`^[\p{L}][\p{L}\p{N}._-]*$`)
	teamName = regexp.MustCompile(`^#(?:"([^"]+)"|“([^”]+)”|([\p{L}\p{N}_.&-]*[\p{L}_][\p{L}\p{N}_.&-]*))`)
	between  = regexp.MustCompile(`^[\s\p{Zs}\p{Cf},;&]+`)
	joining  = regexp.MustCompile(`^(?i:and|und|to|an)[\s\p{Zs}]+`)
)

// people reads "@x +@y note", "+@y", "ann", "me", "#team note" into args; bad says for people what is
// wrong. A name that was typed without being picked from the list stays a word: "@ann".
func people(args *bridge.Args, text string, opt Options) (bad string) {
	text = typed.Trim(typed.Unlink(text))
	if bareName.MatchString(text) {
		args.Agents = []string{text}
		if meWord.MatchString(text) {
			args.Agents = []string{"me"}
		}
		return ""
	}
	for {
		text = text[len(between.FindString(text)):]
		if after := text[len(joining.FindString(text)):]; strings.HasPrefix(after, "#") || opens(after, opt) {
			text = after
		}
		if strings.HasPrefix(text, "-") && opens(text, opt) {
			return "To take somebody off, name all who keep it: assign @ann @bob"
		}
		after, plus := strings.CutPrefix(text, "+")
		if plus {
			text = strings.TrimLeft(after, " ")
		}
		id, cut := person(text, opt)
		if cut == 0 && plus {
			return "After “+” comes a person: assign +@bob"
		}
		if cut == 0 {
			break
		}
		if len(args.Agents) == 0 {
			args.Add = plus
		}
		args.Agents = append(args.Agents, id)
		text = text[cut:]
	}
	if m := teamName.FindStringSubmatch(text); m != nil && len(args.Agents) == 0 {
		args.Team, args.Note = m[1]+m[2]+m[3], typed.Trim(text[len(m[0]):])
		return ""
	}
	if args.Note = typed.Trim(text); len(args.Agents) == 0 {
		return "I don't know who “" + typed.Clip(text) + "” is. Pick a person after @, use an e-mail address, or name a #team."
	}
	return ""
}

// opens says whether a text begins with a person, with or without "+" or "-" before them.
func opens(text string, opt Options) bool {
	_, cut := person(strings.TrimLeft(text, "+- "), opt)
	return cut > 0
}

// person gives the person that a text begins with, and the length of that mention in bytes; 0 = none.
func person(text string, opt Options) (id string, cut int) {
	if cut = mentionAt(text, opt); cut > 0 {
		return opt.Mentions[text[:cut]], cut
	}
	if typed := typedMention.FindString(text); typed != "" {
		typed = strings.TrimRight(typed, ".")
		return typed, len(typed)
	}
	if me := meWord.FindString(text); me != "" {
		return "me", len(me)
	}
	field := strings.TrimRight(firstField(text), ".,;:")
	if typed.IsAddress(field) {
		return strings.ToLower(field), len(field)
	}
	return "", 0
}

func firstField(text string) string {
	if i := strings.IndexAny(text, " \t\r\n\u00a0,;"); i >= 0 {
		return text[:i]
	}
	return text
}

// addresses reads "a@x b@y", "-a@x" into args; bad says for people what is wrong.
func addresses(args *bridge.Args, rest verb.Rest, text string) (bad string) {
	list, removed, wrong := typed.Addresses(text)
	switch {
	case wrong != "":
		return "“" + typed.Clip(wrong) + "” is no address."
	case removed > 0 && removed < len(list):
		return "Say either who joins or who leaves (-bob@shop.example), not both at once."
	case removed > 0 && rest != verb.RestCopies:
		return "Only “cc” takes addresses away."
	}
	args.Addresses, args.Remove = list, removed > 0
	return ""
}
