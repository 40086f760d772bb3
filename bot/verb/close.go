package verb

import (
	"parley/bot/shape"
	"parley/bridge"
)

func closeVerb() *Verb {
	return &Verb{
		Name:   bridge.VerbClose,
		Typed:  TypedLine{Words: []string{"close"}, AskIfAlone: true, Syntax: "!close [NOTE]", Rest: RestNote},
		Help:   Help{Sentence: "Ends it without an answer. A note stays inside. For admins.", Examples: []string{"!close", "!close spam"}},
		Slash:  true,
		Button: Button{Label: "Close conversation", Style: shape.StyleDanger, OfferedForTypo: true},
		Form: Form{
			Ask:    askClose,
			Needed: hasNoNote,
			AtOnce: true,
			Read:   readNote,
		},
		Done: func(l bridge.Line, _ bridge.Facts) string { return shape.DoerName(l) + " closed this." },
	}
}

// askClose fills in the form of !close.
func askClose(form *shape.Form, _ shape.FormInput) error {
	form.Title, form.Submit = "Close", "Close"
	form.Intro = append(form.Intro,
		shape.Line(shape.Text("Ends the conversation without an answer. What the customer writes next starts a new one.")))
	form.Fields = []shape.Field{{
		Name:     FieldNote,
		Kind:     shape.FieldLong,
		Label:    "Why",
		Hint:     "Stays inside.",
		Optional: true,
		MaxRunes: maxTextRunes,
	}}
	return nil
}
