package verb

import (
	"parley/bot/shape"
	"parley/bridge"
)

func listVerb() *Verb {
	return &Verb{
		Name:  bridge.VerbList,
		Reads: true,
		Typed: TypedLine{Words: []string{"list", "inbox"}, AskIfAlone: true, Syntax: "!list mine", Rest: RestList},
		Help: Help{
			Sentence:    "Lists conversations: mine, unassigned, team, all, snoozed, resolved or closed.",
			Examples:    []string{"@Parley mine", "@Parley unassigned", "!list all"},
			InShortHelp: true,
		},
		Slash:    true,
		Anywhere: true,
		Menus:    Menus{InThread: Offer{Order: 10}, InChat: Offer{Order: 1, Word: "inbox"}},
		Button:   Button{Unlisted: "List", Opens: shape.OpensList},
	}
}
