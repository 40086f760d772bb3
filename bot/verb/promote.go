package verb

import (
	"parley/bot/shape"
	"parley/bridge"
)

func promoteVerb() *Verb {
	return &Verb{
		Name:   bridge.VerbPromote,
		Typed:  TypedLine{Words: []string{"promote"}, AskIfAlone: true, Syntax: "!promote"},
		Help:   Help{Sentence: "Turns an automatic mail into a conversation.", Examples: []string{"!promote"}},
		Button: Button{Label: "Make a conversation"},
		Done:   func(l bridge.Line, _ bridge.Facts) string { return shape.DoerName(l) + " made a conversation of it." },
		Shown:  promoteBlocks,
	}
}

// promoteBlocks confirms !promote at more length.
func promoteBlocks(l bridge.Line, _ bridge.Facts) []shape.Block {
	if l.Other.ID == 0 {
		return nil
	}
	return confirmationBlocks(l, "This is conversation ", shape.ThreadLink(shape.Number(l.Other.ID), l.Other), " now.")
}
