package command

import (
	"strings"

	"parley/bot/typed"
	"parley/bot/verb"
	"parley/bridge"
	"parley/bridge/spelling"
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
		text = "“" + sign + typed.Clip(name) + "” will insert a canned reply, but there are none yet. " +
			"Approved templates are there: " + sign + "template"
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

// nearestWord returns the word of a verb that was probably meant by a mistyped name, or "".
func nearestWord(name string) string {
	var words []string
	for _, v := range verb.All() {
		words = append(words, v.Typed.Words...)
	}
	return spelling.Nearest(strings.ToLower(name), words)
}
