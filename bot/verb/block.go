package verb

import (
	"parley/bot/shape"
	"parley/bridge"
)

// A customer who is blocked is not heard any more: what they write is stored, and shown in no thread, until somebody unblocks them.

func blockVerb() *Verb {
	return &Verb{
		Name:  bridge.VerbBlock,
		Typed: TypedLine{Words: []string{"block", "blacklist"}, AskIfAlone: true, Syntax: "!block [NOTE]", Rest: RestNote},
		Help: Help{
			Sentence: "Blocks the customer: what they write is stored, and shown in no thread. Their conversations are closed.",
			Examples: []string{"!block"},
		},
		Slash: true,
		Button: Button{
			Label: "Block customer",
			Style: shape.StyleDanger,
			Confirm: "Block this customer, with all their addresses? Their conversations are closed. What they write is stored, and " +
				"shown in no thread.",
		},
		Done: func(bridge.Line, bridge.Facts) string { return "This customer is blocked." },
	}
}

func unblockVerb() *Verb {
	return &Verb{
		Name:   bridge.VerbUnblock,
		Typed:  TypedLine{Words: []string{"unblock", "unlock"}, AskIfAlone: true, Syntax: "!unblock"},
		Help:   Help{Sentence: "Unblocks the customer, and shows what came meanwhile.", Examples: []string{"!unblock", "@Parley #12 unblock"}},
		Slash:  true,
		Button: Button{Label: "Unblock customer"},
		Done:   func(bridge.Line, bridge.Facts) string { return "This customer is heard again." },
	}
}

func archiveVerb() *Verb {
	return &Verb{
		Name:  bridge.VerbArchive,
		Typed: TypedLine{Words: []string{"archive"}, AskIfAlone: true, Syntax: "!archive [NOTE]", Rest: RestNote},
		Help: Help{
			Sentence: "Archives the conversation: what either side writes next starts a new one. !unarchive takes that back.",
			Examples: []string{"!archive"},
		},
		Slash:  true,
		Button: Button{Label: "Archive", OfferedForTypo: true},
		Done:   func(bridge.Line, bridge.Facts) string { return "This conversation is archived." },
	}
}
