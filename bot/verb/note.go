package verb

import (
	"parley/bot/shape"
	"parley/bridge"
)

// noteVerb describes the command "!note asked the warehouse", which adds an internal note to a conversation.
// The customer never sees it. The type Verb explains the fields.
func noteVerb() *Verb {
	return &Verb{
		Name: bridge.VerbNote,
		Typed: TypedLine{
			Words:      []string{"note", "n"},
			AskIfAlone: true,
			Syntax:     "!note TEXT",
			Rest:       RestText,
			Missing:    "Say what to note: !note asked the warehouse",
		},
		Help: Help{
			Sentence:    "Keeps the text inside. The customer never sees it.",
			Examples:    []string{"note: asked the warehouse", "// asked the warehouse", "!n asked the warehouse"},
			InShortHelp: true,
		},
		Slash: true,
		Menus: Menus{
			InThread: Offer{Order: 1},
			Message:  &Entry{Order: 2, Title: "Add internal note", About: "Never sent to the customer", Prefilled: true},
		},
		Button: Button{Label: "Note"},
		Form: Form{
			Ask:  askNote,
			Read: readNoteText,
		},
		Done:  func(bridge.Line, bridge.Facts) string { return "Noted. It stays inside." },
		Shown: notedBlocks,
	}
}

// askNote fills in the form of !note.
func askNote(form *shape.Form, in shape.FormInput) error {
	form.Title, form.Submit = "Note", "Keep inside"
	form.Fields = []shape.Field{{
		Name:     FieldWords,
		Kind:     shape.FieldLong,
		Label:    "Note",
		Hint:     "The customer never sees it.",
		Value:    textValue(in.Text),
		MaxRunes: maxTextRunes,
	}}
	return nil
}

// readNoteText reads the form of !note.
func readNoteText(out *shape.Filled, v Values, _ Reading) (field, problem string) {
	out.Text = v.Text(FieldWords)
	if out.Text == "" {
		return FieldWords, "Say what to note."
	}
	return "", ""
}

// notedBlocks shows a note that was written in a form.
func notedBlocks(l bridge.Line, _ bridge.Facts) []shape.Block {
	if l.Text == "" {
		return nil
	}
	lead := []any{shape.Icon("memo"), " ", shape.DoerName(l) + " noted, inside"}
	if len(l.Mentions) > 0 {
		lead = append(lead, ", for ", shape.Mentions(l.Mentions))
	}
	return append([]shape.Block{shape.Sentence(append(lead, ":")...)}, shape.Quote(l.Text)...)
}
