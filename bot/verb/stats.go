package verb

import "parley/bridge"

func statsVerb() *Verb {
	return &Verb{
		Name:  bridge.VerbStats,
		Reads: true,
		Typed: TypedLine{Words: []string{"stats", "figures"}, AskIfAlone: true, Syntax: "!stats"},
		Help: Help{
			Sentence: "Shows you alone how your teams' last seven days were, against the seven before, and who waits now.",
			Examples: []string{"@Parley stats", "!stats"},
		},
		Slash:    true,
		Anywhere: true,
		Menus:    Menus{InChat: Offer{Order: 5}},
		Button:   Button{Unlisted: "Figures"},
	}
}
