package verb

import (
	"parley/bot/shape"
	"parley/bridge"
)

// resolveVerb describes the command "!resolve refunded 12.50", with which an agent ends a conversation as
// solved, with an optional internal note. The type Verb explains the fields.
func resolveVerb() *Verb {
	return &Verb{
		Name: bridge.VerbResolve,
		Typed: TypedLine{
			Words:      []string{"resolve", "r", "done"},
			Answers:    []string{"done"},
			AskIfAlone: true,
			Syntax:     "!resolve [NOTE]",
			Rest:       RestNote,
		},
		Help: Help{
			Sentence:    "Ends it as solved. A note stays inside.",
			Examples:    []string{"!resolve", "!resolve refunded 12.50", "!r"},
			InShortHelp: true,
		},
		Emoji: []string{"white_check_mark"},
		Slash: true,
		Menus: Menus{
			InThread: Offer{Order: 7},
			Command:  &Command{About: "Resolve a conversation", Hint: "#12"},
			Message:  &Entry{Order: 8, Title: "Resolve conversation", About: "It is done"},
		},
		Button: Button{Label: "Resolve", OfferedForTypo: true},
		Form: Form{
			Ask:    askResolve,
			Needed: func(args bridge.Args) bool { return args.Note == "" && !args.Sure },
			AtOnce: true,
			Read:   readResolve,
			Lists:  []List{KnownTags},
		},
		Done: func(l bridge.Line, _ bridge.Facts) string { return shape.DoerName(l) + " resolved this." },
	}
}

// askResolve fills in the form of !resolve.
func askResolve(form *shape.Form, in shape.FormInput) error {
	if err := checkOpen(in.Facts); err != nil {
		return err
	}

	form.Title, form.Submit = "Resolve", "Resolve"
	if in.Facts.Account.NeedsTag {
		form.Fields = tagFields(in)
	}
	form.Fields = append(form.Fields, shape.Field{
		Name:     FieldNote,
		Kind:     shape.FieldLong,
		Label:    "What solved it",
		Hint:     "Stays inside.",
		Optional: true,
		MaxRunes: maxTextRunes,
	})
	return nil
}

// readResolve reads the form of !resolve. It has fields for tags where a tag is required; without one, the engine asks again.
func readResolve(out *shape.Filled, v Values, r Reading) (field, problem string) {
	if field, problem = readTags(out, v, r); problem != "" {
		return field, problem
	}
	return readNote(out, v, r)
}

// readNote reads a form whose only field is a note.
func readNote(out *shape.Filled, v Values, _ Reading) (field, problem string) {
	out.Args.Note = v.Text(FieldNote)
	return "", ""
}
