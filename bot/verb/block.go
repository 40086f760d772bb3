package verb

import (
	"parley/bot/shape"
	"parley/bridge"
)

func blockVerb() *Verb {
	return &Verb{
		Name:  bridge.VerbBlock,
		Typed: TypedLine{Words: []string{"block"}, AskIfAlone: true, Syntax: "!block"},
		Help: Help{
			Sentence: "Passes over later automatic mail of an automatic sender.",
			Examples: []string{"!block"},
		},
		Button: Button{
			Label:   "Block sender",
			Confirm: "Block this sender? Its later automatic mail is neither shown nor kept here. What a person writes from there still comes.",
		},
		Done:  func(bridge.Line, bridge.Facts) string { return "This sender's automatic mail is blocked." },
		Shown: blockBlocks,
	}
}

// blockBlocks confirms !block at more length.
func blockBlocks(l bridge.Line, _ bridge.Facts) []shape.Block {
	sender, _ := sendersOf(l)
	if sender == "" {
		return nil
	}
	return confirmationBlocks(l,
		"Automatic mail of "+sender+" is blocked: it is neither shown nor kept here. To take that back: !unblock "+sender)
}
