package command

import (
	"regexp"
	"strconv"
	"strings"

	"parley/bot/typed"
	"parley/bot/verb"
	"parley/bridge"
)

var verbName = regexp.MustCompile(`^(?:[\p{L}\p{N}_-]+|\?)`)

// readVerb reads a verb and its arguments; the sign before the verb is already cut off.
func readVerb(text string, marker bridge.Marker, opt Options) Parsed {
	word := verbName.FindString(text)
	name := foldWidth(word)
	if marker == bridge.MarkSlash && strings.EqualFold(name, "parley") { // "/parley snooze 2h"
		text = typed.Trim(text[len(word):])
		if text == "" {
			return Parsed{Verb: bridge.VerbHelp, Marker: marker}
		}
		return readVerb(text, marker, opt)
	}

	v, p, ok := findVerb(name)
	if !ok {
		return unknownVerb(word, text[len(word):], marker, opt)
	}

	rest, _ := cutColon(text[len(word):])
	p = readArguments(v, p, name, typed.Trim(rest), marker, opt)
	if p.Verb == bridge.VerbReply && p.Text != "" {
		p.Marker = bridge.MarkNone // the sign belonged to the verb
		p.Explicit = true
	}

	return p
}

// findVerb finds the verb of a word. The name of a list is VerbList with that list, and nothing may follow it.
func findVerb(name string) (*verb.Verb, Parsed, bool) {
	v, ok := verb.Find(name)
	if ok && name != "" {
		return v, Parsed{Verb: v.Name}, true
	}
	if name, ok := listName(strings.ToLower(name)); ok {
		list := *verb.Of(bridge.VerbList)
		list.Typed.Rest = verb.RestNothing
		return &list, Parsed{Verb: list.Name, Args: bridge.Args{ListArgs: bridge.ListArgs{List: name}}}, true
	}
	return nil, Parsed{}, false
}

// signOf returns what is typed for a marker of verbs; "" if none is.
func signOf(marker bridge.Marker) string {
	return map[bridge.Marker]string{bridge.MarkBang: "!", bridge.MarkSlash: "/"}[marker]
}

// unknownVerb answers a word that looks like a verb and isn't a verb. rest is what was typed behind the word.
func unknownVerb(name, rest string, marker bridge.Marker, opt Options) Parsed {
	sign := signOf(marker)
	text := "There is no command “" + sign + typed.Clip(name) + "”."
	near := nearestWord(name)
	offer := readMistyped(near, rest, marker, opt)
	switch {
	case name == "":
		text = "A command follows “" + sign + "” directly."
	case strings.EqualFold(name, "c"), strings.EqualFold(name, "canned"):
		text = "“" + sign + typed.Clip(name) + "” will insert a canned reply, but there are none yet. Approved templates are there: " + sign + "template"
		offer = &bridge.Meant{Verb: bridge.VerbTemplate} // its form asks which
	case near != "":
		text += " Did you mean " + sign + near + "?"
	}

	p := refuseVerb(name, marker, text)
	p.Meant = offer
	return p
}

// readMistyped reads the arguments of a mistyped verb as if the verb had been typed right. It returns nil if no
// button may do the verb, because it would send something or needs more than its arguments.
func readMistyped(name, rest string, marker bridge.Marker, opt Options) *bridge.Meant {
	v, ok := verb.Find(name)
	if !ok || !v.Button.OfferedForTypo {
		return nil
	}
	rest, _ = cutColon(rest)
	rest = typed.Trim(rest)
	p := readArguments(v, Parsed{Verb: v.Name}, name, rest, marker, opt)
	if p.Verb != v.Name {
		return nil // nobody knows what its arguments mean
	}
	return &bridge.Meant{Verb: p.Verb, Args: p.Args}
}

// refuseVerb makes the result for a verb whose arguments can't be used: nothing is done, and text says why.
func refuseVerb(name string, marker bridge.Marker, text string) Parsed {
	return Parsed{Verb: bridge.VerbUnknown, Marker: marker, Unknown: name, Err: text, Args: bridge.Args{Note: text}}
}

// readArguments reads the rest of a verb's line into p.
func readArguments(v *verb.Verb, p Parsed, name, rest string, marker bridge.Marker, opt Options) Parsed {
	p.Marker = marker
	if rest == "" && v.Typed.Rest != verb.RestWanted {
		p.Err = v.Typed.Missing
		if v.Typed.Rest == verb.RestList {
			p.Args.List = "mine"
		}
		return p
	}
	if bad := p.readRest(v, name, rest, opt); bad != "" {
		return refuseVerb(name, marker, bad)
	}
	return p
}

// readRest reads what follows a verb's word into p; bad says for people what is wrong.
func (p *Parsed) readRest(v *verb.Verb, name, rest string, opt Options) (bad string) {
	switch v.Typed.Rest {
	case verb.RestNothing:
		if strings.Trim(rest, ".! ") != "" {
			return "Nothing may follow “" + v.Typed.Words[0] + "”."
		}
	case verb.RestText:
		p.Text = rest
	case verb.RestReply:
		p.Args.Promotional = strings.EqualFold(name, verb.PromoWord)
		p.Text, bad = replyText(rest, opt)
	case verb.RestNote, verb.RestTopic:
		p.Args.Note = rest
	case verb.RestPeople:
		return readPeople(&p.Args, rest, opt)
	case verb.RestTags:
		p.Args.Tags = typed.Tags(rest)
		if len(p.Args.Tags) == 0 {
			p.Err = v.Typed.Missing
		}
	case verb.RestTime:
		p.Args.Until = rest
	case verb.RestAddresses, verb.RestCopies:
		return readAddresses(&p.Args, v.Typed.Rest, rest)
	case verb.RestStart:
		bad = readStart(p, rest, opt)
		if p.Text == "" {
			p.Err = v.Typed.Missing
		}
	case verb.RestWanted:
		return readWanted(p, name, rest)
	case verb.RestList:
		list, ok := listName(strings.ToLower(foldWidth(rest)))
		p.Args.List = list
		if !ok {
			return "There is no list “" + typed.Clip(rest) + "”. Try: mine, unassigned, team, all, snoozed, resolved, closed"
		}
	case verb.RestPage:
		page, err := strconv.Atoi(foldWidth(rest))
		p.Args.Page = page - 1
		if err != nil || page < 1 {
			return "Say which page: !" + v.Typed.Words[0] + " 2"
		}
	case verb.RestFind:
		id, after := cutNumber(rest)
		if id == 0 || after != "" {
			p.Args.Note = rest
			break
		}

		p.Args.Conversation = id
		if strings.EqualFold(name, verb.FindWord) && !strings.HasPrefix(rest, "#") {
			p.Args.Note = rest
		}
	}

	return bad
}

// replyText takes the escape off a text that is to be sent. A text that begins like a note or a verb
// is refused as a slip, even behind "reply".
func replyText(text string, opt Options) (reply, bad string) {
	switch p := Parse(text, opt); p.Marker {
	case bridge.MarkNote:
		return text, "That begins like a note. Put \\ before it to send it."
	case bridge.MarkBang, bridge.MarkSlash:
		return text, "That begins like a command. Put \\ before it to send it."
	case bridge.MarkNone, bridge.MarkLone, bridge.MarkColleagues:
		if p.Verb == bridge.VerbSay {
			return p.Text, ""
		}
	}
	return text, ""
}

// A word counts as mistyped if it has few slips of the finger, and is long enough for that to be no chance.
const (
	maxSlips    = 2
	minMistyped = 4 // letters
	maxExtra    = 4 // letters beyond twice the length of the other word: with more, the slips aren't counted
)

// nearestWord returns the word of a verb that differs from name by the fewest slips, and by maxSlips at most. It returns ""
// if no word does.
func nearestWord(name string) string {
	name = strings.ToLower(name)
	nearest := ""
	fewest := maxSlips + 1
	for _, v := range verb.All() {
		for _, candidate := range v.Typed.Words {
			slips := countSlips(name, candidate)
			isMistyped := len(candidate) >= minMistyped && slips < len(candidate)/2
			if isMistyped && slips < fewest {
				fewest = slips
				nearest = candidate
			}
		}
	}

	return nearest
}

// countSlips counts the letters to insert, drop, change or swap with their neighbour until a is b. It is the
// Damerau-Levenshtein distance with restricted swaps: rows[i][j] is that of the first i letters of a and j of b.
func countSlips(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x) > 2*len(y)+maxExtra { // far too long: it need not be counted
		return len(x)
	}

	rows := make([][]int, len(x)+1)
	for i := range rows {
		rows[i] = make([]int, len(y)+1)
		for j := range rows[i] {
			switch {
			case i == 0 || j == 0:
				rows[i][j] = i + j
				continue
			case x[i-1] == y[j-1]:
				rows[i][j] = rows[i-1][j-1]
			default:
				rows[i][j] = 1 + min(rows[i-1][j-1], rows[i-1][j], rows[i][j-1])
			}

			if isSwappedAtEnd(x[:i], y[:j]) {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}

	return rows[len(x)][len(y)]
}

// isSwappedAtEnd reports whether the last two letters of a are those of b in the other order.
func isSwappedAtEnd(a, b []rune) bool {
	if len(a) < 2 || len(b) < 2 {
		return false
	}
	return a[len(a)-1] == b[len(b)-2] && a[len(a)-2] == b[len(b)-1]
}
