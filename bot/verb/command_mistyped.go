package verb

import (
	"strings"

	"parley/bot/shape"
	"parley/bridge"
)

// This file handles mistyped verbs, the words of commands. "!snoze 2h" changes nothing; its author is told
// that there is no such command, and gets a button that does "!snooze 2h".

// unknownVerb returns the result for a word that isn't a verb. rest is the text after the word.
func unknownVerb(name, rest string, marker bridge.Marker, opt Options) Parsed {
	sign := signOf(marker)
	text := "There is no command “" + sign + shape.Clip(name) + "”."
	nearest := nearestWord(name)
	offer := readMistyped(nearest, rest, marker, opt)
	switch {
	case name == "":
		text = "A command follows “" + sign + "” directly."
	case nearest != "":
		text += " Did you mean " + sign + nearest + "?"
	}

	p := refuseVerb(name, marker, text)
	p.Meant = offer
	return p
}

// readMistyped parses the arguments of a mistyped verb, where name is the verb that was probably meant. It
// returns nil if no button may offer the verb (Button.OfferedForTypo), or its arguments can't be used.
func readMistyped(name, rest string, marker bridge.Marker, opt Options) *bridge.Meant {
	v, ok := Find(name)
	if !ok || !v.Button.OfferedForTypo {
		return nil
	}
	rest, _ = cutColon(rest)
	rest = shape.Trim(rest)
	p := readArguments(v, Parsed{Verb: v.Name}, name, rest, marker, opt)
	if p.Verb != v.Name {
		return nil // the arguments are invalid
	}
	return &bridge.Meant{Verb: p.Verb, Args: p.Args}
}

// nearestWord returns the verb's word that is closest to a mistyped name, or "" if none is similar.
func nearestWord(name string) string {
	var words []string
	for _, v := range All() {
		words = append(words, v.Typed.Words...)
	}
	return bridge.Nearest(strings.ToLower(name), words)
}
