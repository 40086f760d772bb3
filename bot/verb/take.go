package verb

import (
	"parley/bot/shape"
	"parley/bridge"
)

func takeVerb() *Verb {
	return &Verb{
		Name: bridge.VerbTake,
		Typed: TypedLine{
			Words:      []string{"take", "accept", "claim"},
			Answers:    []string{"accept", "claim"},
			AskIfAlone: true,
			Syntax:     "!take",
		},
		Help:   Help{Sentence: "Makes the conversation yours.", Examples: []string{"!take"}, InShortHelp: true},
		Emoji:  []string{"eyes", "raised_hand", "hand", "raising_hand"},
		Slash:  true,
		Menus:  Menus{InThread: Offer{Order: 2}},
		Button: Button{Label: "Take", OfferedForTypo: true},
		Done:   func(l bridge.Line, _ bridge.Facts) string { return shape.DoerName(l) + " took this." },
	}
}
