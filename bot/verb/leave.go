package verb

import (
	"parley/bot/shape"
	"parley/bridge"
)

func leaveVerb() *Verb {
	return &Verb{
		Name:  bridge.VerbLeave,
		Typed: TypedLine{Words: []string{"leave"}, Syntax: "!leave"},
		Help: Help{
			Sentence: "Stops the reminder: the reply window may close unanswered.",
			Examples: []string{"!leave"},
		},
		Button: Button{Label: "Leave it"},
		Done:   confirmLeave,
	}
}

// confirmLeave confirms !leave in one sentence.
func confirmLeave(l bridge.Line, _ bridge.Facts) string {
	return "Left as it is: the window of " + shape.Number(l.Other.ID) + " may close."
}
