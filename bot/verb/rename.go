package verb

import (
	"parley/bot/shape"
	"parley/bridge"
)

// renameVerb describes the command "!rename Ann of Berlin Lamps", which gives a conversation another title
// than its customer's name on cards and in lists. The type Verb explains the fields.
func renameVerb() *Verb {
	return &Verb{
		Name: bridge.VerbRename,
		Typed: TypedLine{
			Words:      []string{"rename"},
			AskIfAlone: true,
			Syntax:     "!rename NAME",
			Rest:       RestNote,
			Missing:    "Say the name: !rename Ann of Berlin Lamps",
		},
		Help: Help{
			Sentence: "Gives it another name on cards and in lists. The customer's own stays among the details.",
			Examples: []string{"!rename Ann of Berlin Lamps"},
		},
		Slash: true,
		Button: Button{
			Details:        true,
			Label:          "Rename",
			OfferedForTypo: true,
			TypoLabel:      func(m bridge.Meant) string { return "Rename to " + m.Args.Note },
		},
		Form: Form{
			Ask:    askRename,
			Needed: hasNoNote,
			Read:   readRename,
		},
		Done:  confirmRename,
		Title: func(f bridge.Facts) string { return shape.OneLine(f.Traits[bridge.TraitName], bridge.LongestName) },
	}
}

// askRename fills in the form of !rename.
func askRename(form *shape.Form, in shape.FormInput) error {
	form.Title, form.Submit = "Rename", "Save"
	form.Fields = []shape.Field{{
		Name:     FieldNote,
		Kind:     shape.FieldText,
		Label:    "Name",
		Value:    textValue(Title(in.Facts)),
		MaxRunes: bridge.LongestName,
		Hint:     "On cards and in lists. To take it back, enter the customer's own name.",
	}}
	return nil
}

// readRename reads the form of !rename.
func readRename(out *shape.Filled, v Values, _ Reading) (field, problem string) {
	out.Args.Note = shape.OneLine(v.Text(FieldNote), bridge.LongestName)
	if out.Args.Note == "" {
		return FieldNote, "Say how it is called."
	}
	return "", ""
}

// confirmRename confirms !rename in one sentence.
func confirmRename(l bridge.Line, f bridge.Facts) string {
	return shape.DoerName(l) + " renamed this to " + shape.OneLine(shape.Or(l.Args.Note, Title(f)), bridge.LongestName) + "."
}
