package verb

import (
	"parley/bot/shape"
	"parley/bridge"
)

func list() *Verb {
	return &Verb{
		Name: bridge.VerbList, Words: []string{"list", "inbox"}, Lone: true, Form: "!list mine", Rest: RestList,
		Sentence: "Lists conversations: mine, unassigned, team, all, snoozed, resolved or closed.",
		Examples: []string{"@Parley mine", "@Parley unassigned", "!list all"},
		Everyday: true, Slash: true, Anywhere: true, InThread: Offer{Order: 10}, InChat: Offer{Order: 1, Word: "inbox"}, Label: "List", Opens: shape.OpensList,
	}
}
