package verb

import (
	"parley/bot/shape"
	"parley/bridge"
)

func history() *Verb {
	return &Verb{
		Name: bridge.VerbHistory, Words: []string{"history", "log"}, Lone: true, Form: "!history [PAGE]", Rest: RestPage,
		Sentence: "Lists what was done, by whom and when.",
		Examples: []string{"!history", "!history 2"},
		Slash:    true, Button: "History", Opens: shape.OpensHistory,
	}
}
