package verb

import "parley/bridge"

// nextVerb describes "!next", which leads from a conversation that is dealt with to the next one.
func nextVerb() *Verb {
	return &Verb{
		Name:  bridge.VerbNext,
		Reads: true,
		Typed: TypedLine{Words: []string{"next"}, Answers: []string{"next"}, AskIfAlone: true, Syntax: "!next"},
		Help: Help{
			Sentence: "Shows you alone what to turn to next: your most pressing conversation, or one that nobody has.",
			Examples: []string{"!next", "@Parley next"},
		},
		Slash:    true,
		Anywhere: true,
		Button:   Button{Unlisted: "Next →"},
	}
}
