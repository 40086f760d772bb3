package verb

import "parley/bridge"

// oopsVerb is for a reply that should not have been sent, and has left.
func oopsVerb() *Verb {
	return &Verb{
		Name:  bridge.VerbOops,
		Emoji: []string{"rotating_light"},
		Typed: TypedLine{Words: []string{"oops"}, AskIfAlone: true, Syntax: "!oops"},
		Help: Help{
			Sentence: "For a reply that should not have left: says who has it, tells the admins, and tags it. One that waits is taken back.",
			Examples: []string{"!oops"},
		},
		Slash:  true,
		Button: Button{Label: "Wanted back", OfferedForTypo: true},
		Done:   func(bridge.Line, bridge.Facts) string { return "The admins are told." },
	}
}
