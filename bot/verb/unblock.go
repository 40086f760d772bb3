package verb

import (
	"parley/bot/shape"
	"parley/bridge"
)

func unblockVerb() *Verb {
	return &Verb{
		Name: bridge.VerbUnblock,
		Typed: TypedLine{
			Words:   []string{"unblock"},
			Syntax:  "!unblock ADDRESS",
			Rest:    RestAddresses,
			Missing: "Say which address: !unblock news@shop.example",
		},
		Help: Help{
			Sentence: "Lets automatic mail of a blocked or silenced sender come again.",
			Examples: []string{"!unblock news@shop.example"},
		},
		Button: Button{Label: "Unblock sender"},
		Done:   func(bridge.Line, bridge.Facts) string { return "This sender's mail comes again." },
		Shown:  unblockBlocks,
	}
}

// unblockBlocks confirms !unblock at more length.
func unblockBlocks(l bridge.Line, _ bridge.Facts) []shape.Block {
	sender, _ := sendersOf(l)
	if sender == "" {
		return nil
	}
	return confirmationBlocks(l, "Mail of "+sender+" comes again.")
}
