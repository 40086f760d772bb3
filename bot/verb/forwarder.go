package verb

import (
	"parley/bot/shape"
	"parley/bridge"
)

func forwarderVerb() *Verb {
	return &Verb{
		Name:   bridge.VerbForwarder,
		Help:   Help{Sentence: "Makes a forwarded mail its forwarder's own.", Examples: []string{"!forwarder"}},
		Typed:  TypedLine{Words: []string{"forwarder"}, AskIfAlone: true, Syntax: "!forwarder"},
		Button: Button{Label: "Answer the forwarder"},
		Done: func(l bridge.Line, f bridge.Facts) string {
			return shape.DoerName(l) + " made it the mail of who forwarded it: replies go to " + shape.Customer(l, f) + "."
		},
	}
}
