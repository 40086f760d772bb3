package verb

import (
	"parley/bot/shape"
	"parley/bridge"
)

func markSent() *Verb {
	return &Verb{
		Name: bridge.VerbMarkSent, Words: []string{"marksent"}, Lone: true, Form: "!marksent",
		Sentence: "Marks as delivered what you have looked for and found.",
		Examples: []string{"!marksent"},
		Button:   "Mark as sent",
		Done:     func(l bridge.Line, _ bridge.Facts) string { return shape.Doer(l) + " marked it as sent." },
	}
}
