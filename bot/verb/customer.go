package verb

import (
	"maps"
	"slices"
	"strings"

	"parley/bot/shape"
	"parley/bridge"
)

// The verbs about the record that the company has of a customer.

// customerVerbs returns them in the order of the help page.
func customerVerbs() []*Verb {
	return []*Verb{
		{
			Name:  bridge.VerbProfile,
			Reads: true,
			Typed: TypedLine{Words: []string{"profile"}, AskIfAlone: true, Syntax: "!profile"},
			Help: Help{
				Sentence: "Shows what is known of the customer: the record, notes, and all conversations.", Examples: []string{"!profile"},
			},
			Slash:  true,
			Button: Button{Label: "Customer", Details: true, OfferedForTypo: true},
		},
		{
			Name: bridge.VerbAbout,
			Typed: TypedLine{
				Words: []string{"about"}, AskIfAlone: true, Syntax: "!about TEXT", Rest: RestNote, Missing: "Say what to note: !about pays by invoice",
			},
			Help: Help{
				Sentence: "Notes something on the customer's profile, for all conversations.", Examples: []string{"!about pays by invoice"},
			},
			Slash:  true,
			Button: Button{Label: "Note on customer"},
			Form:   Form{Ask: askAbout, Needed: hasNoNote, Read: readAbout},
			Done: func(l bridge.Line, f bridge.Facts) string {
				return "Noted on the profile of " + Title(f) + "."
			},
		},
		{
			Name: bridge.VerbCustomer,
			Typed: TypedLine{
				Words: []string{"customer"}, Syntax: "!customer FIELD: VALUE", Rest: RestNote,
				Missing: "Say what to change: !customer salesman: ben@acme.test",
			},
			Help: Help{
				Sentence: "Changes the customer's record: name, salesman, brands, assignees, visible, or a field of your own.",
				Examples: []string{"!customer salesman: ben@acme.test", "!customer town: Berlin"},
			},
			Slash:  true,
			Button: Button{Label: "Edit customer"},
			Form:   Form{Ask: askCustomer, Needed: hasNoNote, Read: readCustomer, Lists: []List{CustomerProfile}},
			Done: func(l bridge.Line, f bridge.Facts) string {
				return "The record of " + Title(f) + " is changed."
			},
		},
		{
			Name:  bridge.VerbLink,
			Typed: TypedLine{Words: []string{"link"}, AskIfAlone: true, Syntax: "!link [WORDS]", Rest: RestNote},
			Help: Help{
				Sentence: "Links the customer to a record that you choose: of those found by the words, or of likely ones.",
				Examples: []string{"!link", "!link Berlin Lamps"},
			},
			Slash:  true,
			Button: Button{Label: "Link"},
			Form: Form{
				Ask:    askLink,
				Needed: func(args bridge.Args) bool { return args.Note == "" && args.Record == 0 },
				AtOnce: true,
				Read: func(out *shape.Filled, v Values, _ Reading) (field, problem string) {
					out.Args.Note = v.Text(FieldNote)
					return "", ""
				},
			},
			Done: func(l bridge.Line, f bridge.Facts) string {
				return Title(f) + " is linked to " + shape.Or(shape.OneLine(l.Args.Note, shape.MaxNameRunes), "the record") + "."
			},
		},
		{
			Name:  bridge.VerbUnlink,
			Typed: TypedLine{Words: []string{"unlink"}, AskIfAlone: true, Syntax: "!unlink"},
			Help:  Help{Sentence: "Undoes a link to a record. The name that colleagues gave stays.", Examples: []string{"!unlink"}},
			Slash: true,
			Button: Button{
				Label: "Unlink", Confirm: "The record stays, but no longer belongs to this customer.",
			},
			Done: func(l bridge.Line, f bridge.Facts) string {
				return Title(f) + " is no longer linked to " + shape.Or(shape.OneLine(l.Args.Note, shape.MaxNameRunes), "the record") + "."
			},
		},
	}
}

func askAbout(form *shape.Form, _ shape.FormInput) error {
	form.Title, form.Submit = "Note on customer", "Keep inside"
	form.Fields = []shape.Field{{
		Name: FieldNote, Kind: shape.FieldLong, Label: "Note", Hint: "It stays on the profile. The customer never sees it.", MaxRunes: 2000,
	}}
	return nil
}

func readAbout(out *shape.Filled, v Values, _ Reading) (field, problem string) {
	if out.Args.Note = v.Text(FieldNote); out.Args.Note == "" {
		return FieldNote, "Say what to note."
	}
	return "", ""
}

func askLink(form *shape.Form, _ shape.FormInput) error {
	form.Title, form.Submit = "Link to customer", "Search"
	form.Fields = []shape.Field{{
		Name: FieldNote, Kind: shape.FieldText, Label: "Name, address or field", Optional: true, MaxRunes: shape.MaxNameRunes,
		Hint: "You choose from what is found. Without words, likely ones are shown.",
	}}
	return nil
}

// askCustomer fills in the form of a customer's record: a line for each of the company's own fields.
func askCustomer(form *shape.Form, in shape.FormInput) error {
	p := in.Profile
	var fields []string
	for _, name := range slices.Sorted(maps.Keys(p.Fields)) {
		fields = append(fields, name+": "+p.Fields[name])
	}
	form.Title, form.Submit = "Edit customer", "Save"
	for _, f := range bridge.RecordFields() {
		form.Fields = append(form.Fields, shape.Field{
			Name: f.Key, Kind: shape.FieldText, Label: f.Label, Hint: f.Hint, Value: textValue(p.Value(f.Key)), Optional: true, MaxRunes: 500,
		})
	}
	form.Fields = append(form.Fields, shape.Field{
		Name: fieldFields, Kind: shape.FieldLong, Label: "Further fields", Value: textValue(strings.Join(fields, "\n")),
		Optional: true, MaxRunes: maxTextRunes, Hint: "One on each line: town: Berlin",
	})
	return nil
}

// readCustomer reads the form of a customer's record as the lines that can be typed, too.
func readCustomer(out *shape.Filled, v Values, _ Reading) (field, problem string) {
	var lines []string
	for _, f := range bridge.RecordFields() {
		lines = append(lines, f.Key+": "+v.Text(f.Key))
	}
	for line := range strings.Lines(v.Text(fieldFields)) {
		line = strings.TrimSpace(line)
		if name, _, ok := strings.Cut(line, ":"); line != "" && (!ok || strings.TrimSpace(name) == "") {
			return fieldFields, "Write a name and a value, with a colon between: town: Berlin"
		}
		if line != "" {
			lines = append(lines, line)
		}
	}
	out.Args.Note, out.Args.Remove = strings.Join(lines, "\n"), true
	return "", ""
}
