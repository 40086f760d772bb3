package verb

import (
	"parley/bot/shape"
	"parley/bridge"
)

func readVerb() *Verb {
	return &Verb{
		Name:   bridge.VerbRead,
		Typed:  TypedLine{Words: []string{"read", "markread"}, Answers: []string{"read"}, AskIfAlone: true, Syntax: "!read"},
		Help:   Help{Sentence: "Takes away the red dot of what nobody has answered yet.", Examples: []string{"!read"}},
		Slash:  true,
		Button: Button{Label: "Mark read", OfferedForTypo: true},
		Done:   func(l bridge.Line, _ bridge.Facts) string { return shape.DoerName(l) + " marked this as read." },
	}
}
