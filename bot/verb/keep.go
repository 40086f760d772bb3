package verb

import (
	"parley/bot/shape"
	"parley/bridge"
)

func keepVerb() *Verb {
	return &Verb{
		Name:   bridge.VerbKeep,
		Typed:  TypedLine{Words: []string{"keep"}, AskIfAlone: true, Syntax: "!keep"},
		Help:   Help{Sentence: "Keeps inside what was held back last.", Examples: []string{"!keep"}},
		Emoji:  []string{"lock", "no_mouth", "zipper_mouth_face"},
		Button: Button{Label: "Keep inside"},
		Done:   confirmKeep,
	}
}

// confirmKeep confirms !keep in one sentence.
func confirmKeep(l bridge.Line, f bridge.Facts) string {
	kept, ok := l.Content.(*bridge.KeptLine)
	if ok && kept.Reason == bridge.ReasonWindow {
		return "Kept for later: I offer it again when " + shape.Customer(l, f) + " writes."
	}
	return "Kept inside. " + shape.Customer(l, f) + " will not get it."
}
