package verb

import (
	"strings"

	"parley/bot/shape"
	"parley/bridge"
)

// toVerb describes the command "!to bob@shop.example", which sets who gets the replies of a conversation from
// now on. The description has what people see: the typed syntax, help, button, form and confirmation. The
// type Verb explains the fields.
func toVerb() *Verb {
	return &Verb{
		Name: bridge.VerbTo,
		Typed: TypedLine{
			Words:      []string{"to"},
			AskIfAlone: true,
			Syntax:     "!to ADDRESS",
			Rest:       RestAddresses,
			Missing:    "Say which address: !to bob@shop.example",
		},
		Help: Help{
			Sentence: "Sets who gets your replies from now on.",
			Examples: []string{"!to bob@shop.example", "!to bob@shop.example, eve@shop.example"},
		},
		Slash: true,
		Button: Button{
			Label:          "Recipients",
			OfferedForTypo: true,
			TypoLabel:      func(m bridge.Meant) string { return "Reply to " + strings.Join(m.Args.Addresses, ", ") },
		},
		Form: Form{
			Ask:    askTo,
			Needed: needsAddresses,
			Read:   readAddresses,
		},
		Done: recipientsDone,
	}
}

// askTo fills in the form of !to.
func askTo(form *shape.Form, in shape.FormInput) error {
	form.Title, form.Submit = "Recipients", "Save"
	var to []string
	for _, p := range in.Facts.Recipients.To {
		to = append(to, shape.NonEmpty(p.Address)...)
	}

	if len(in.Facts.Recipients.Cc) > 0 {
		form.Intro = append(form.Intro,
			shape.SmallPrint(shape.Text("In copy, and stays so: "+shape.Parties(in.Facts.Recipients.Cc)+". To change that: !cc")))
	}
	if len(in.Facts.Recipients.Waiting) > 0 {
		form.Intro = append(form.Intro, shape.SmallPrint(shape.Text("Not allowed yet: "+shape.Parties(in.Facts.Recipients.Waiting))))
	}

	form.Fields = []shape.Field{addressList("Replies go to", strings.Join(to, "\n"))}
	return nil
}

// readAddresses reads the field of addressList from a submitted form.
func readAddresses(out *shape.Filled, v Values, _ Reading) (field, problem string) {
	list, removed, invalid := shape.Addresses(v.Text(fieldAddresses))
	if invalid != "" {
		return fieldAddresses, "“" + shape.OneLine(invalid, maxWrongRunes) + "” isn't an address."
	}
	if removed > 0 {
		return fieldAddresses, "Leave out the - in front."
	}
	if len(list) == 0 {
		return fieldAddresses, "Name at least one address."
	}
	out.Args.Addresses, out.Args.Remove = list, false
	return "", ""
}

func needsAddresses(args bridge.Args) bool { return len(args.Addresses) == 0 }

// addressList returns a field for addresses, one per line.
func addressList(label, value string) shape.Field {
	return shape.Field{
		Name:     fieldAddresses,
		Kind:     shape.FieldLong,
		Label:    label,
		Hint:     "One per line.",
		Example:  "bob@shop.example",
		Value:    textValue(value),
		MaxRunes: maxTextRunes,
	}
}

// recipientsDone confirms !to and !cc with the new recipients.
func recipientsDone(_ bridge.Line, f bridge.Facts) string {
	return "Replies go to " + shape.Recipients(f.Recipients) + "."
}
