package verb

import (
	"parley/bot/shape"
	"parley/bridge"
)

func take() *Verb {
	return &Verb{
		Name: bridge.VerbTake, Words: []string{"take", "accept", "claim"}, Answers: []string{"accept", "claim"}, Lone: true, Form: "!take",
		Sentence: "Makes the conversation yours.",
		Examples: []string{"!take"},
		Everyday: true, Emoji: []string{"eyes", "raised_hand", "hand", "raising_hand"}, Slash: true, InThread: Offer{Order: 2}, Button: "Take", Meant: true,
		Done: func(l bridge.Line, _ bridge.Facts) string { return shape.Doer(l) + " took this." },
	}
}
