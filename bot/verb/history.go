package verb

import (
	"parley/bot/shape"
	"parley/bridge"
)

func historyVerb() *Verb {
	return &Verb{
		Name:   bridge.VerbHistory,
		Reads:  true,
		Typed:  TypedLine{Words: []string{"history", "log"}, AskIfAlone: true, Syntax: "!history [PAGE]", Rest: RestPage},
		Help:   Help{Sentence: "Lists what was done, by whom and when.", Examples: []string{"!history", "!history 2"}},
		Slash:  true,
		Button: Button{Label: "History", Opens: shape.OpensHistory},
	}
}
