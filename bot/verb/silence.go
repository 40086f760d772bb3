package verb

import (
	"parley/bot/shape"
	"parley/bridge"
)

func silence() *Verb {
	return &Verb{
		Name: bridge.VerbSilence, Words: []string{"silence", "mute"}, Lone: true, Form: "!silence",
		Sentence: "Stops posts about an automatic sender.",
		Examples: []string{"!silence"},
		Button:   "Silence sender", Confirm: "Stop posts about this sender?",
		Done: func(bridge.Line, bridge.Facts) string { return "No more posts about this sender." },
		Shown: func(l bridge.Line, _ bridge.Facts) []shape.Block {
			sender, hint := senders(l)
			if sender == "" {
				return nil
			}
			return told(l, "No more posts about "+sender+".", shape.Then(hint))
		},
	}
}
