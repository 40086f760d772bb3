package verb

import (
	"parley/bot/shape"
	"parley/bridge"
)

// FindWord is the verb's word behind which digits are looked for as words first, and else name a conversation.
const FindWord = "find"

func showVerb() *Verb {
	return &Verb{
		Name:  bridge.VerbFind,
		Reads: true,
		Typed: TypedLine{
			Words:      []string{"show", FindWord, "open", "more", "details"},
			Answers:    []string{"open", "more", "details"},
			AskIfAlone: true,
			Syntax:     "!show [#NUMBER or WORDS]",
			Rest:       RestFind,
		},
		Help: Help{
			Sentence:    "Shows all that is known of a conversation, or looks for one.",
			Examples:    []string{"!show", "@Parley #12", "@Parley find lamp"},
			InShortHelp: true,
		},
		Slash: true,
		Menus: Menus{
			InChat: Offer{Order: 2, Word: "find"},
			Box:    &Entry{Title: "Find conversation", About: "By name, address, number or subject"},
		},
		Button: Button{Label: "More", Opens: shape.OpensDetails},
	}
}
