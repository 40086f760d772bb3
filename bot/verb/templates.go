package verb

import "parley/bridge"

func templates() *Verb {
	return &Verb{
		Name: bridge.VerbTemplates, Words: []string{"templates"}, Lone: true, Form: "!templates",
		Sentence: "Lists the templates and what providers say of them. Admins change them there.",
		Examples: []string{"!templates", "@Parley templates"},
		Slash:    true, Anywhere: true, InChat: Offer{Order: 4},
	}
}
