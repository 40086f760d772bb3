package verb

import (
	"parley/bot/shape"
	"parley/bridge"
)

func silenceVerb() *Verb {
	return &Verb{
		Name:   bridge.VerbSilence,
		Typed:  TypedLine{Words: []string{"silence", "mute"}, AskIfAlone: true, Syntax: "!silence"},
		Help:   Help{Sentence: "Stops posts about an automatic sender.", Examples: []string{"!silence"}},
		Button: Button{Label: "Silence sender", Confirm: "Stop posts about this sender?"},
		Done:   func(bridge.Line, bridge.Facts) string { return "No more posts about this sender." },
		Shown:  silenceBlocks,
	}
}

// silenceBlocks confirms !silence at more length.
func silenceBlocks(l bridge.Line, _ bridge.Facts) []shape.Block {
	sender, hint := sendersOf(l)
	if sender == "" {
		return nil
	}
	return confirmationBlocks(l, "No more posts about "+sender+".", shape.NextSentence(hint), " To take that back: !unsilence "+sender)
}
