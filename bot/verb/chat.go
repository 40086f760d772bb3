package verb

import "parley/bridge"

// chatVerb describes "!chat @ben", which leads to the chat program's own conversation with a colleague.
func chatVerb() *Verb {
	return &Verb{
		Name: bridge.VerbChat,
		Typed: TypedLine{
			Words: []string{"chat"}, AskIfAlone: true, Syntax: "!chat @WHO or me", Rest: RestPeople,
			Missing: "Say with whom: !chat @ann, or !chat me for notes of your own",
		},
		Help: Help{
			Sentence: "Leads to your own chat with a colleague, or with yourself, and to what it is about. Mine lists the latest.",
			Examples: []string{"!chat @ann", "/parley chat @ann #12", "/parley chat me"},
		},
		Slash:    true,
		Anywhere: true,
		Button:   Button{Unlisted: "Chat"},
	}
}
