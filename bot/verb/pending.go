package verb

import (
	"parley/bot/shape"
	"parley/bridge"
)

func pending() *Verb {
	return &Verb{
		Name: bridge.VerbPending, Words: []string{"pending", "wait"}, Lone: true, Form: "!pending",
		Sentence: "Marks it as waiting for the customer.",
		Examples: []string{"!pending"},
		Slash:    true, Button: "Pending", Meant: true,
		Done: func(l bridge.Line, _ bridge.Facts) string {
			return shape.Doer(l) + " marked this as waiting for the customer."
		},
	}
}
