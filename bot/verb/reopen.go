package verb

import (
	"parley/bot/shape"
	"parley/bridge"
)

func reopenVerb() *Verb {
	return &Verb{
		Name:  bridge.VerbReopen,
		Typed: TypedLine{Words: []string{"reopen", "unresolve", "unarchive"}, AskIfAlone: true, Syntax: "!reopen"},
		Help: Help{
			Sentence: "Opens a resolved conversation again, for the same owner. Admins also reopen closed ones; !unarchive does so for " +
				"an archived one.",
			Examples: []string{"!reopen"},
		},
		Slash:  true,
		Menus:  Menus{InThread: Offer{Order: 8}},
		Button: Button{Label: "Reopen", OfferedForTypo: true},
		Done:   func(l bridge.Line, _ bridge.Facts) string { return shape.DoerName(l) + " reopened this." },
	}
}
