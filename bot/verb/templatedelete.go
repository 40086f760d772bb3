package verb

import (
	"parley/bot/shape"
	"parley/bridge"
)

func templateDeleteVerb() *Verb {
	return &Verb{
		Name:     bridge.VerbTemplateDelete,
		Typed:    TypedLine{Words: []string{"templatedelete"}, Syntax: "!templatedelete"},
		Help:     Help{Hidden: true, Sentence: "Deletes a template.", Examples: []string{"!templatedelete"}},
		Anywhere: true,
		Button: Button{
			Label:   "Delete",
			Style:   shape.StyleDanger,
			Confirm: "Delete it, here and at the provider? Some providers block its name for a month.",
		},
		Shown: templateChanged,
	}
}
