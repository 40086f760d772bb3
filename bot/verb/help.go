package verb

import "parley/bridge"

func helpVerb() *Verb {
	return &Verb{
		Name:  bridge.VerbHelp,
		Reads: true,
		Typed: TypedLine{Words: []string{"help", "?"}, AskIfAlone: true, Syntax: "!help [COMMAND]", Rest: RestTopic},
		Help: Help{
			Sentence: "Lists the everyday commands, all of them, or explains one.",
			Examples: []string{"!help", "!help all", "!help snooze", "@Parley help"},
		},
		Slash:    true,
		Anywhere: true,
		Menus:    Menus{InThread: Offer{Order: 11}, InChat: Offer{Order: 6}},
		Button:   Button{Unlisted: "Help"},
	}
}
