package verb

import (
	"strings"

	"parley/bot/shape"
	"parley/bridge"
)

func cc() *Verb {
	return &Verb{
		Name: bridge.VerbCC, Words: []string{"cc"}, Lone: true, Form: "!cc ADDRESS",
		Rest: RestCopies, Missing: "Say which address: !cc bob@shop.example",
		Sentence: "Adds somebody to the copies of your replies; with - somebody gets no more.",
		Examples: []string{"!cc bob@shop.example", "!cc -bob@shop.example"},
		Slash:    true, Button: "Recipients", Meant: true,
		Ask: func(form *shape.Form, in shape.FormInput) error {
			form.Title, form.Submit = "Copies", "Save"
			form.Intro = append(form.Intro, shape.SmallPrint(shape.Text("Replies go to "+shape.Recipients(in.Facts.Recipients))))
			form.Fields = []shape.Field{addressList("Addresses", ""), {Name: fieldDo, Kind: shape.FieldOne, Label: "They", Value: []string{"add"},
				Options: []shape.Option{{Value: "add", Label: "get copies of replies"}, {Value: "remove", Label: "get no more copies"}}}}
			return nil
		},
		Asks: noAddresses,
		Read: func(out *shape.Filled, v Values, with Reading) (field, problem string) {
			field, problem = readAddresses(out, v, with)
			out.Args.Remove = v.Text(fieldDo) == "remove"
			return field, problem
		},
		MeantAs: func(m bridge.Meant) string {
			if m.Args.Remove {
				return "No copy to " + strings.Join(m.Args.Addresses, ", ")
			}
			return "Copy to " + strings.Join(m.Args.Addresses, ", ")
		},
		Done: repliesGo,
	}
}
