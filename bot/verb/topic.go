package verb

import (
	"parley/bot/shape"
	"parley/bridge"
)

func topic() *Verb {
	return &Verb{
		Name: bridge.VerbTopic, Words: []string{"topic", "subject"}, Lone: true, Form: "!topic TEXT",
		Rest: RestNote, Missing: "Say the topic: !topic Broken lamp, order 1042",
		Sentence: "Names what the conversation is about.",
		Examples: []string{"!topic Broken lamp, order 1042"},
		Slash:    true, Button: "Topic", Meant: true,
		Ask: func(form *shape.Form, in shape.FormInput) error {
			form.Title, form.Submit = "Topic", "Save"
			form.Fields = []shape.Field{{Name: fieldNote, Kind: shape.FieldText, Label: "What it is about",
				Value: one(shape.OneLine(in.Facts.Subject, shape.MaxSubjectRunes)), MaxRunes: shape.MaxSubjectRunes}}
			return nil
		},
		Asks: noNote,
		Read: func(out *shape.Filled, v Values, _ Reading) (field, problem string) {
			if out.Args.Note = shape.OneLine(v.Text(fieldNote), shape.MaxSubjectRunes); out.Args.Note == "" {
				return fieldNote, "Say what it is about."
			}
			return "", ""
		},
		MeantAs: func(m bridge.Meant) string { return "Topic: " + m.Args.Note },
		Done: func(l bridge.Line, f bridge.Facts) string {
			return shape.Doer(l) + " changed the topic to " + shape.Or(shape.OneLine(shape.Or(l.Args.Note, f.Subject), shape.MaxSubjectRunes), "none") + "."
		},
	}
}

func noNote(args bridge.Args) bool { return args.Note == "" }
