package verb

import "parley/bridge"

func sendAgainVerb() *Verb {
	return &Verb{
		Name:   bridge.VerbSendAgain,
		Typed:  TypedLine{Words: []string{"sendagain", "again", "retry"}, Syntax: "!again"},
		Sends:  true,
		Help:   Help{Sentence: "Sends again what failed or may not have arrived.", Examples: []string{"!again"}},
		Button: Button{Label: "Send again", Confirm: "Send it again? If the first one did arrive, the customer gets it twice."},
		Done:   func(bridge.Line, bridge.Facts) string { return "Sending it again." },
	}
}
