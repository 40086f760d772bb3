package verb

import (
	"parley/bot/shape"
	"parley/bridge"
)

func wake() *Verb {
	return &Verb{
		Name: bridge.VerbWake, Words: []string{"wake", "unsnooze"}, Lone: true, Form: "!wake",
		Sentence: "Ends the snooze now.",
		Examples: []string{"!wake"},
		Slash:    true, Button: "Wake", Meant: true,
		Done: func(l bridge.Line, _ bridge.Facts) string { return shape.Doer(l) + " ended the snooze." },
	}
}
