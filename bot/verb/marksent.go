package verb

import (
	"parley/bot/shape"
	"parley/bridge"
)

func markSentVerb() *Verb {
	return &Verb{
		Name:  bridge.VerbMarkSent,
		Typed: TypedLine{Words: []string{"marksent"}, AskIfAlone: true, Syntax: "!marksent"},
		Help: Help{
			Sentence: "Marks as delivered what you have looked for and found.",
			Examples: []string{"!marksent"},
		},
		Button: Button{Label: "Mark as sent"},
		Done:   func(l bridge.Line, _ bridge.Facts) string { return shape.DoerName(l) + " marked it as sent." },
	}
}
