package verb

import (
	"parley/bot/shape"
	"parley/bridge"
)

func unsilenceVerb() *Verb {
	return &Verb{
		Name: bridge.VerbUnsilence,
		Typed: TypedLine{
			Words:   []string{"unsilence"},
			Syntax:  "!unsilence ADDRESS",
			Rest:    RestAddresses,
			Missing: "Say which address: !unsilence news@shop.example",
		},
		Help: Help{
			Sentence: "Shows automatic mail of a silenced sender again.",
			Examples: []string{"!unsilence news@shop.example"},
		},
		Button: Button{Label: "Show sender again"},
		Done:   func(bridge.Line, bridge.Facts) string { return "This sender's mail comes again." },
		Shown:  unsilenceBlocks,
	}
}

// unsilenceBlocks confirms !unsilence at more length.
func unsilenceBlocks(l bridge.Line, _ bridge.Facts) []shape.Block {
	sender, _ := sendersOf(l)
	if sender == "" {
		return nil
	}
	return confirmationBlocks(l, "Mail of "+sender+" comes again.")
}
