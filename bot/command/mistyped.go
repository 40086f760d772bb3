package command

import (
	"strings"

	"parley/bot/typed"
	"parley/bot/verb"
	"parley/bridge"
)

// This file answers words that look like a verb and aren't one. Nothing is done then, but a verb that was probably
// meant is named, and offered by a button: "!snoze 2h" offers "!snooze 2h".

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
