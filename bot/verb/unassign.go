package verb

import (
	"parley/bot/shape"
	"parley/bridge"
)

func unassignVerb() *Verb {
	return &Verb{
		Name:   bridge.VerbUnassign,
		Typed:  TypedLine{Words: []string{"unassign", "release"}, Answers: []string{"release"}, AskIfAlone: true, Syntax: "!unassign"},
		Help:   Help{Sentence: "Puts it back to Unassigned.", Examples: []string{"!unassign"}},
		Slash:  true,
		Menus:  Menus{InThread: Offer{Order: 4}},
		Button: Button{Label: "Unassign", OfferedForTypo: true},
		Done:   func(l bridge.Line, _ bridge.Facts) string { return shape.DoerName(l) + " put this back to Unassigned." },
	}
}
