package verb

import (
	"parley/bot/shape"
	"parley/bridge"
)

func reopen() *Verb {
	return &Verb{
		Name: bridge.VerbReopen, Words: []string{"reopen", "unresolve"}, Lone: true, Form: "!reopen",
		Sentence: "Opens a resolved conversation again, for the same owner.",
		Examples: []string{"!reopen"},
		Slash:    true, InThread: Offer{Order: 8}, Button: "Reopen", Meant: true,
		Done: func(l bridge.Line, _ bridge.Facts) string { return shape.Doer(l) + " reopened this." },
	}
}
