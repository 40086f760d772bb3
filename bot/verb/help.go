package verb

import "parley/bridge"

func help() *Verb {
	return &Verb{
		Name: bridge.VerbHelp, Words: []string{"help", "?"}, Lone: true, Form: "!help [COMMAND]", Rest: RestTopic,
		Sentence: "Lists the everyday commands, all of them, or explains one.",
		Examples: []string{"!help", "!help all", "!help snooze", "@Parley help"},
		Slash:    true, Anywhere: true, InThread: Offer{Order: 11}, InChat: Offer{Order: 5}, Label: "Help",
	}
}
