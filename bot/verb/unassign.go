package verb

import (
	"parley/bot/shape"
	"parley/bridge"
)

func unassign() *Verb {
	return &Verb{
		Name: bridge.VerbUnassign, Words: []string{"unassign", "release"}, Answers: []string{"release"}, Lone: true, Form: "!unassign",
		Sentence: "Puts it back to Unassigned.",
		Examples: []string{"!unassign"},
		Slash:    true, InThread: Offer{Order: 4}, Button: "Unassign", Meant: true,
		Done: func(l bridge.Line, _ bridge.Facts) string { return shape.Doer(l) + " put this back to Unassigned." },
	}
}
