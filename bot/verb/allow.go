package verb

import (
	"strings"

	"parley/bot/shape"
	"parley/bridge"
)

func allowVerb() *Verb {
	return &Verb{
		Name: bridge.VerbAllow,
		Typed: TypedLine{
			Words:      []string{"allow"},
			AskIfAlone: true,
			Syntax:     "!allow ADDRESS",
			Rest:       RestAddresses,
			Missing:    "Say which address: !allow bob@shop.example",
		},
		Help: Help{
			Sentence: "Lets somebody who joined the mail get replies too.",
			Examples: []string{"!allow bob@shop.example"},
		},
		Slash: true,
		Button: Button{
			Label:          "Allow",
			OfferedForTypo: true,
			TypoLabel:      func(m bridge.Meant) string { return "Allow " + strings.Join(m.Args.Addresses, ", ") },
		},
		Form: Form{
			Ask:    askAllow,
			Needed: needsAddresses,
			Read:   readAddresses,
		},
		Done: confirmAllow,
	}
}

// askAllow fills in the form of !allow.
func askAllow(form *shape.Form, in shape.FormInput) error {
	form.Title, form.Submit = "Allow", "Allow"
	form.Fields = []shape.Field{addressList("Addresses", strings.Join(in.Args.Addresses, "\n"))}
	return nil
}

// confirmAllow confirms !allow in one sentence.
func confirmAllow(l bridge.Line, _ bridge.Facts) string {
	return shape.JoinWords(l.Args.Addresses, "They") + " may get replies now."
}
