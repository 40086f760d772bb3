package verb

import (
	"parley/bot/shape"
	"parley/bridge"
)

// fieldSure is the field by which somebody confirms what can't be undone.
const fieldSure = "sure"

func deleteVerb() *Verb {
	return &Verb{
		Name:  bridge.VerbDeleteAll,
		Typed: TypedLine{Words: []string{"delete"}, AskIfAlone: true, Syntax: "!delete [REASON]", Rest: RestNote},
		Help: Help{
			Sentence: "Deletes the conversation for good, with all that was said in it. It asks first. For admins.",
			Examples: []string{"!delete sent to us by mistake"},
		},
		Slash:  true,
		Button: Button{Label: "Delete conversation", Style: shape.StyleDanger},
		Form: Form{
			Ask:    askDelete,
			Needed: func(args bridge.Args) bool { return !args.Sure },
			AtOnce: true, // the engine asks, with the button
			Read:   readDelete,
		},
	}
}

// askDelete fills in the form of !delete.
func askDelete(form *shape.Form, in shape.FormInput) error {
	form.Title, form.Submit = "Delete conversation", "Delete for good"
	form.Intro = append(form.Intro, shape.Line(shape.Text(
		"Deletes what the customer and you wrote, with notes and files. Parley's posts leave the thread; what colleagues typed stays. "+
			"What the customer has received stays with them, and so do copies in the mailbox or at the provider.")))
	form.Fields = []shape.Field{
		{
			Name: FieldNote, Kind: shape.FieldText, Label: "Why", Value: textValue(in.Args.Note), MaxRunes: bridge.LongestName,
			Hint: "It stays, with your name. Say nothing about the customer.",
		},
		{
			Name: fieldSure, Kind: shape.FieldSeveral, Label: "This can't be undone",
			Options: []shape.Option{{Value: fieldSure, Label: "Delete all of it"}},
		},
	}
	return nil
}

// readDelete reads the form of !delete.
func readDelete(out *shape.Filled, v Values, _ Reading) (field, problem string) {
	out.Args.Note = shape.OneLine(v.Text(FieldNote), bridge.LongestName)
	out.Args.Sure = len(v.List(fieldSure)) > 0
	switch {
	case out.Args.Note == "":
		return FieldNote, "Say why."
	case !out.Args.Sure:
		return fieldSure, "Tick it: it can't be undone."
	}
	return "", ""
}
