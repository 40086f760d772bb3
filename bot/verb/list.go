package verb

import (
	"strings"

	"parley/bot/shape"
	"parley/bridge"
)

// ListWords returns the names of lists, as people type them.
func ListWords() (words []string) {
	for _, list := range bridge.Lists() {
		words = append(words, string(list))
	}
	return words
}

func listVerb() *Verb {
	return &Verb{
		Name:  bridge.VerbList,
		Reads: true,
		Typed: TypedLine{Words: []string{"list", "inbox"}, AskIfAlone: true, Syntax: "!list mine", Rest: RestList},
		Help: Help{
			Sentence: "Lists conversations: " + strings.Join(ListWords(), ", ") + ". Words with a key show a part of them: status, channel, " +
				"account, tag, label, agent, team, since, until; sort is pressing, newest or waiting.",
			Examples:    []string{"@Parley mine", "@Parley unassigned", "!mine tag:billing since:7d", "!list all channel:whatsapp agent:nobody sort:newest"},
			InShortHelp: true,
		},
		Slash:    true,
		Anywhere: true,
		Menus:    Menus{InThread: Offer{Order: 10}, InChat: Offer{Order: 1, Word: "inbox"}},
		Button:   Button{Unlisted: "List", Opens: shape.OpensList},
	}
}
