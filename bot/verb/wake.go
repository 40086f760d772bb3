package verb

import (
	"parley/bot/shape"
	"parley/bridge"
)

func wakeVerb() *Verb {
	return &Verb{
		Name:   bridge.VerbWake,
		Typed:  TypedLine{Words: []string{"wake", "unsnooze"}, AskIfAlone: true, Syntax: "!wake"},
		Help:   Help{Sentence: "Ends the snooze now.", Examples: []string{"!wake"}},
		Slash:  true,
		Button: Button{Label: "Wake", OfferedForTypo: true},
		Done:   func(l bridge.Line, _ bridge.Facts) string { return shape.DoerName(l) + " ended the snooze." },
	}
}
