package verb

import (
	"parley/bot/shape"
	"parley/bridge"
)

func sendThereVerb() *Verb {
	return &Verb{
		Name:   bridge.VerbSendThere,
		Typed:  TypedLine{Words: []string{"sendthere"}, AskIfAlone: true, Syntax: "!sendthere #NUMBER", Rest: RestOther},
		Sends:  true,
		Help:   Help{Sentence: "Sends what was held back last to the customer of another conversation.", Examples: []string{"!sendthere #12"}},
		Button: Button{Label: "Send there"},
		Done:   func(_ bridge.Line, f bridge.Facts) string { return "It is sent to " + shape.PartyName(f.Contact) + "." },
	}
}
