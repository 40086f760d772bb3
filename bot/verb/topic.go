package verb

import (
	"parley/bot/shape"
	"parley/bridge"
)

// topicVerb describes the command "!topic Broken lamp, order 1042", which sets the subject of a conversation.
// The type Verb explains the fields.
func topicVerb() *Verb {
	return &Verb{
		Name: bridge.VerbTopic,
		Typed: TypedLine{
			Words:      []string{"topic", "subject"},
			AskIfAlone: true,
			Syntax:     "!topic TEXT",
			Rest:       RestNote,
			Missing:    "Say the topic: !topic Broken lamp, order 1042",
		},
		Help: Help{
			Sentence: "Names what the conversation is about.",
			Examples: []string{"!topic Broken lamp, order 1042"},
		},
		Slash: true,
		Button: Button{
			Label:          "Topic",
			OfferedForTypo: true,
			TypoLabel:      func(m bridge.Meant) string { return "Topic: " + m.Args.Note },
		},
		Form: Form{
			Ask:    askTopic,
			Needed: hasNoNote,
			Read:   readTopic,
		},
		Done: confirmTopic,
	}
}

// askTopic fills in the form of !topic.
func askTopic(form *shape.Form, in shape.FormInput) error {
	form.Title, form.Submit = "Topic", "Save"
	form.Fields = []shape.Field{{
		Name:     FieldNote,
		Kind:     shape.FieldText,
		Label:    "What it is about",
		Value:    textValue(shape.OneLine(in.Facts.Subject, shape.MaxSubjectRunes)),
		MaxRunes: shape.MaxSubjectRunes,
	}}
	return nil
}

// readTopic reads the form of !topic.
func readTopic(out *shape.Filled, v Values, _ Reading) (field, problem string) {
	out.Args.Note = shape.OneLine(v.Text(FieldNote), shape.MaxSubjectRunes)
	if out.Args.Note == "" {
		return FieldNote, "Say what it is about."
	}
	return "", ""
}

// confirmTopic confirms !topic in one sentence.
func confirmTopic(l bridge.Line, f bridge.Facts) string {
	topic := shape.OneLine(shape.Or(l.Args.Note, f.Subject), shape.MaxSubjectRunes)
	return shape.DoerName(l) + " changed the topic to " + shape.Or(topic, "none") + "."
}

// hasNoNote reports whether the form is needed because nothing followed the verb.
func hasNoNote(args bridge.Args) bool { return args.Note == "" }
