package verb

import "parley/bridge"

func notesVerb() *Verb {
	return &Verb{
		Name:   bridge.VerbNotes,
		Reads:  true,
		Typed:  TypedLine{Words: []string{"notes"}, AskIfAlone: true, Syntax: "!notes"},
		Help:   Help{Sentence: "Lists the notes of colleagues; !note adds one.", Examples: []string{"!notes"}},
		Slash:  true,
		Button: Button{Label: "Notes", OfferedForTypo: true},
	}
}
