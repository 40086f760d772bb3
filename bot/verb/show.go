package verb

import (
	"parley/bot/shape"
	"parley/bridge"
)

func show() *Verb {
	return &Verb{
		Name: bridge.VerbFind, Words: []string{"show", "find", "open", "more", "details"}, Answers: []string{"open", "more", "details"}, Lone: true,
		Form: "!show [#NUMBER or WORDS]", Rest: RestFind,
		Sentence: "Shows all that is known of a conversation, or looks for one.",
		Examples: []string{"!show", "@Parley #12", "@Parley find lamp"},
		Everyday: true, Slash: true, InChat: Offer{Order: 2, Word: "find"}, Button: "More", Opens: shape.OpensDetails,
		Box: &Entry{Title: "Find conversation", About: "By name, address, number or subject"},
	}
}
