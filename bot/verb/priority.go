package verb

import (
	"slices"
	"strings"

	"parley/bot/shape"
	"parley/bridge"
)

// priorityVerb describes the command "!priority high", with which an agent sets how urgent a conversation is.
// The description has what people see: the typed syntax, help, button, form and confirmation, and the mark on
// cards and in lists. The type Verb explains the fields.
func priorityVerb() *Verb {
	return &Verb{
		Name: bridge.VerbPriority,
		Typed: TypedLine{
			Words:      []string{"priority", "prio"},
			AskIfAlone: true,
			Syntax:     "!priority low|normal|high|urgent",
			Rest:       RestNote,
			Missing:    "Say which priority: !priority low, normal, high or urgent",
		},
		Help: Help{
			Sentence: "Says how urgent it is, on its card and in lists.",
			Examples: []string{"!priority high", "!priority urgent", "!priority normal"},
		},
		Slash: true,
		Button: Button{
			Details:        true,
			Label:          "Priority",
			OfferedForTypo: true,
			TypoLabel:      func(m bridge.Meant) string { return "Priority " + m.Args.Note },
		},
		Form: Form{
			Ask:    askPriority,
			Needed: hasNoNote,
			Read:   readPriority,
		},
		Done: confirmPriority,
		Mark: priorityMark,
	}
}

// askPriority fills in the form of !priority.
func askPriority(form *shape.Form, in shape.FormInput) error {
	form.Title, form.Submit = "Priority", "Save"
	choice := shape.Field{
		Name:  FieldNote,
		Kind:  shape.FieldOne,
		Label: "How urgent it is",
		Value: []string{shape.Or(in.Facts.Traits[bridge.TraitPriority], bridge.PriorityNormal)},
	}
	for _, level := range bridge.Priorities() {
		choice.Options = append(choice.Options, shape.Option{Value: level, Label: strings.ToUpper(level[:1]) + level[1:]})
	}

	form.Fields = []shape.Field{choice}
	return nil
}

// readPriority reads the form of !priority.
func readPriority(out *shape.Filled, v Values, _ Reading) (field, problem string) {
	out.Args.Note = v.Text(FieldNote)
	if !slices.Contains(bridge.Priorities(), out.Args.Note) {
		return FieldNote, "Choose a priority."
	}
	return "", ""
}

// confirmPriority confirms !priority in one sentence.
func confirmPriority(l bridge.Line, _ bridge.Facts) string {
	return shape.DoerName(l) + " set the priority to " + shape.OneLine(l.Args.Note, shape.MaxNameRunes) + "."
}

// priorityMark returns the mark for a priority on cards and in lists. Normal priority has no mark.
func priorityMark(f bridge.Facts) []shape.Piece {
	switch level := f.Traits[bridge.TraitPriority]; level {
	case "low":
		return []shape.Piece{shape.Text("Low priority")}
	case "high":
		return []shape.Piece{shape.Icon("exclamation"), shape.Text(" High priority")}
	case "urgent":
		return []shape.Piece{shape.Icon("rotating_light"), shape.Text(" "), shape.Bold("Urgent")}
	}
	return nil
}
