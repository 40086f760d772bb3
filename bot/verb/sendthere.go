package verb

import (
	"parley/bot/shape"
	"parley/bridge"
)

func sendThereVerb() *Verb {
	return &Verb{
		Name:   bridge.VerbSendThere,
		Sends:  true,
		Help:   Help{Sentence: "Sends a text to the customer of the other conversation.", Hidden: true},
		Button: Button{Label: "Send there"},
		Done:   func(_ bridge.Line, f bridge.Facts) string { return "It is sent to " + shape.PartyName(f.Contact) + "." },
	}
}
