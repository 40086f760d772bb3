package verb

import (
	"parley/bot/shape"
	"parley/bridge"
)

func dropVerb() *Verb {
	return &Verb{
		Name:   bridge.VerbDrop,
		Typed:  TypedLine{Words: []string{"drop", "discard"}, AskIfAlone: true, Syntax: "!drop"},
		Help:   Help{Sentence: "Gives up what was held back last. It is not sent.", Examples: []string{"!drop"}},
		Button: Button{Label: "Drop", Confirm: "Drop it? It will not be sent."},
		Done:   confirmDrop,
	}
}

// confirmDrop confirms !drop in one sentence.
func confirmDrop(l bridge.Line, f bridge.Facts) string {
	return "Dropped. " + shape.Customer(l, f) + " will not get it."
}
