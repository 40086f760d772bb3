package verb

import (
	"strings"

	"parley/bot/shape"
	"parley/bridge"
)

func allow() *Verb {
	return &Verb{
		Name: bridge.VerbAllow, Words: []string{"allow"}, Lone: true, Form: "!allow ADDRESS",
		Rest: RestAddresses, Missing: "Say which address: !allow bob@shop.example",
		Sentence: "Lets somebody who joined the mail get replies too.",
		Examples: []string{"!allow bob@shop.example"},
		Slash:    true, Button: "Allow", Meant: true,
		Ask: func(form *shape.Form, in shape.FormInput) error {
			form.Title, form.Submit = "Allow", "Allow"
			form.Fields = []shape.Field{addressList("Addresses", strings.Join(in.Args.Addresses, "\n"))}
			return nil
		},
		Asks: noAddresses, Read: readAddresses,
		MeantAs: func(m bridge.Meant) string { return "Allow " + strings.Join(m.Args.Addresses, ", ") },
		Done: func(l bridge.Line, _ bridge.Facts) string {
			return shape.Listed(l.Args.Addresses, "They") + " may get replies now."
		},
	}
}
