package verb

import (
	"strings"

	"parley/bot/shape"
	"parley/bridge"
)

// ccVerb describes the command "!cc bob@shop.example", with which an agent adds somebody to the copies of all
// replies, and "!cc -bob@shop.example", which removes somebody. The type Verb explains the fields.
func ccVerb() *Verb {
	return &Verb{
		Name: bridge.VerbCC,
		Typed: TypedLine{
			Words:      []string{"cc"},
			AskIfAlone: true,
			Syntax:     "!cc ADDRESS",
			Rest:       RestCopies,
			Missing:    "Say which address: !cc bob@shop.example",
		},
		Help: Help{
			Sentence: "Adds somebody to the copies of your replies; with - somebody gets no more.",
			Examples: []string{"!cc bob@shop.example", "!cc -bob@shop.example"},
		},
		Slash: true,
		Button: Button{
			Label:          "Recipients",
			OfferedForTypo: true,
			TypoLabel:      ccTypoLabel,
		},
		Form: Form{
			Ask:    askCc,
			Needed: needsAddresses,
			Read:   readCc,
		},
		Done: recipientsDone,
	}
}

// ccTypoLabel labels the button that offers a mistyped !cc.
func ccTypoLabel(m bridge.Meant) string {
	if m.Args.Remove {
		return "No copy to " + strings.Join(m.Args.Addresses, ", ")
	}
	return "Copy to " + strings.Join(m.Args.Addresses, ", ")
}

// askCc fills in the form of !cc.
func askCc(form *shape.Form, in shape.FormInput) error {
	form.Title, form.Submit = "Copies", "Save"
	form.Intro = append(form.Intro, shape.SmallPrint(shape.Text("Replies go to "+shape.Recipients(in.Facts.Recipients))))
	form.Fields = []shape.Field{
		addressList("Addresses", ""),
		{
			Name:  fieldDo,
			Kind:  shape.FieldOne,
			Label: "They",
			Value: []string{"add"},
			Options: []shape.Option{
				{Value: "add", Label: "get copies of replies"},
				{Value: "remove", Label: "get no more copies"},
			},
		},
	}
	return nil
}

// readCc reads the form of !cc.
func readCc(out *shape.Filled, v Values, with Reading) (field, problem string) {
	field, problem = readAddresses(out, v, with)
	out.Args.Remove = v.Text(fieldDo) == "remove"
	return field, problem
}
