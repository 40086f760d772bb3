package verb

import (
	"parley/bot/shape"
	"parley/bridge"
)

func pendingVerb() *Verb {
	return &Verb{
		Name:   bridge.VerbPending,
		Typed:  TypedLine{Words: []string{"pending", "wait"}, AskIfAlone: true, Syntax: "!pending"},
		Help:   Help{Sentence: "Marks it as waiting for the customer.", Examples: []string{"!pending"}},
		Slash:  true,
		Button: Button{Label: "Pending", OfferedForTypo: true},
		Done:   confirmPending,
	}
}

// confirmPending confirms !pending in one sentence.
func confirmPending(l bridge.Line, _ bridge.Facts) string {
	return shape.DoerName(l) + " marked this as waiting for the customer."
}
