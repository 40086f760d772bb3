package verb

import (
	"parley/bot/shape"
	"parley/bridge"
)

// undoVerb takes back the agent's last reply that still waits.
func undoVerb() *Verb {
	return &Verb{
		Name:  bridge.VerbUndo,
		Typed: TypedLine{Words: []string{"undo", "u"}, AskIfAlone: true, Syntax: "!undo"},
		Help: Help{
			Sentence:    "Takes back your last reply while it waits.",
			Examples:    []string{"!undo"},
			InShortHelp: true,
		},
		// Parley marks a waiting reply with an hourglass: whoever presses that mark takes the reply back. Teams has only the second one.
		Emoji: []string{"leftwards_arrow_with_hook", "rewind", "hourglass_flowing_sand", "hourglass"},
		Menus: Menus{
			InThread: Offer{Order: 9},
			Message:  &Entry{Order: 3, Title: "Undo this reply", About: "Take it back while it is held", AtOnce: true},
		},
		Button: Button{Label: "Undo"},
		Done:   func(l bridge.Line, _ bridge.Facts) string { return shape.DoerName(l) + " took it back." },
	}
}
