package verb

import (
	"parley/bot/shape"
	"parley/bridge"
)

func pinVerb() *Verb {
	return &Verb{
		Name:  bridge.VerbPin,
		Typed: TypedLine{Words: []string{"pin"}, AskIfAlone: true, Syntax: "!pin"},
		Help: Help{
			Sentence: "Makes the customer your own, or, if an admin types it, the owner's: new conversations go there before all rules.",
			Examples: []string{"!pin"},
		},
		Slash:  true,
		Button: Button{Label: "Pin", OfferedForTypo: true},
		Done: func(l bridge.Line, _ bridge.Facts) string {
			return "This customer is pinned to " + shape.OneLine(l.Args.Note, shape.MaxNameRunes) + ", and new conversations go there."
		},
	}
}

func unpinVerb() *Verb {
	return &Verb{
		Name:   bridge.VerbUnpin,
		Typed:  TypedLine{Words: []string{"unpin", "detach"}, AskIfAlone: true, Syntax: "!unpin"},
		Help:   Help{Sentence: "Ends that; admins do so for anybody.", Examples: []string{"!unpin"}},
		Slash:  true,
		Button: Button{Label: "Detach"},
		Done:   func(bridge.Line, bridge.Facts) string { return "This customer is nobody's own any more." },
	}
}

// PinButtons returns the button by which the customer becomes somebody's own, or is detached. Whoever may do neither gets none.
func PinButtons(f bridge.Facts) []shape.Button {
	isPinned := !shape.IsNobody(f.Pinned)
	button := NewButton(bridge.VerbPin, bridge.Args{Conversation: f.ID})
	switch {
	case f.Automatic || f.Contact.Address == "":
		return nil
	case !isPinned && (shape.IsHeldBy(f, f.Viewer) || f.Viewer.IsAdmin && len(f.Assignees) > 0):
	case isPinned && f.Pinned.ID == f.Viewer.ID:
		button = NewButton(bridge.VerbUnpin, bridge.Args{Conversation: f.ID})
	case isPinned && f.Viewer.IsAdmin:
		button = NewButton(bridge.VerbUnpin, bridge.Args{Conversation: f.ID})
		button.Label = shape.OneLine("Detach (assigned to "+shape.AgentName(f.Pinned)+")", shape.MaxLabelRunes)
	default:
		return nil
	}
	return []shape.Button{button}
}
