package verb

import (
	"parley/bot/shape"
	"parley/bridge"
)

func leave() *Verb {
	return &Verb{
		Name: bridge.VerbLeave, Words: []string{"leave"}, Form: "!leave",
		Sentence: "Stops the reminder: the reply window may close unanswered.",
		Examples: []string{"!leave"},
		Button:   "Leave it",
		Done: func(l bridge.Line, _ bridge.Facts) string {
			return "Left as it is: the window of " + shape.Number(l.Other.ID) + " may close."
		},
	}
}
