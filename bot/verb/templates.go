package verb

import "parley/bridge"

func templatesVerb() *Verb {
	return &Verb{
		Name:  bridge.VerbTemplates,
		Reads: true,
		Typed: TypedLine{Words: []string{"templates"}, AskIfAlone: true, Syntax: "!templates"},
		Help: Help{
			Sentence: "Lists the templates and what providers say of them. Admins change them there.",
			Examples: []string{"!templates", "@Parley templates"},
		},
		Slash:    true,
		Anywhere: true,
		Menus:    Menus{InChat: Offer{Order: 4}},
	}
}
