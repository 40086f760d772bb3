package verb

import (
	"slices"
	"strings"

	"parley/bot/shape"
	"parley/bridge"
)

// visibleVerb describes the command "!visible @ann @ben", after which only these people read a conversation. The type Verb explains the
// fields.
func visibleVerb() *Verb {
	return &Verb{
		Name: bridge.VerbVisible,
		Typed: TypedLine{
			Words:      []string{"visible", "private"},
			AskIfAlone: true,
			Syntax:     "!visible @WHO @WHO, #TEAM or all",
			Rest:       RestPeople,
			Missing:    "Say who may read it: !visible @ann @ben, the people of a private channel: !visible #legal, or everybody: !visible all",
		},
		Help: Help{
			Sentence: "Lets only these people read it, and you: it goes on in a private channel with just them. “all” ends that.",
			Examples: []string{"!visible @ann @ben", "!visible #legal", "!visible all"},
		},
		Slash: true,
		Button: Button{
			Details:        true,
			Label:          "Visible to",
			OfferedForTypo: true,
			TypoLabel:      func(m bridge.Meant) string { return "Visible to " + shape.Or(m.Args.Team, strings.Join(m.Names, ", ")) },
		},
		Form: Form{
			Ask:    askVisible,
			Read:   readVisible,
			Lists:  []List{Colleagues},
			Needed: func(args bridge.Args) bool { return len(args.Agents) == 0 && args.Team == "" },
		},
		Done: func(l bridge.Line, _ bridge.Facts) string { return shape.DoerName(l) + " changed who may read this." },
	}
}

// visibleField returns the field for the people who alone may read the conversation.
func visibleField(in shape.FormInput) shape.Field {
	field := shape.Field{
		Name: fieldVisible, Kind: shape.FieldSeveral, Label: "Visible to", Optional: true,
		Hint: "Nobody chosen: all who may read the account. Otherwise it goes on in a private channel with just these people and you.",
	}
	for _, a := range in.People {
		field.Options = append(field.Options, shape.Option{Value: agentValue(a), Label: shape.AgentName(a)})
	}
	for _, a := range in.Facts.VisibleTo {
		field.Value = append(field.Value, agentValue(a))
	}
	field.Value = chosenOf(field.Value, field.Options)
	field.Options = chosenFirst(field)
	return field
}

// readVisibleField returns who may read the conversation: VisibleToAll if nobody was chosen.
func readVisibleField(v Values) []string {
	if chosen := v.List(fieldVisible); len(chosen) > 0 {
		return chosen
	}
	return []string{bridge.VisibleToAll}
}

// askVisible fills in the form of !visible.
func askVisible(form *shape.Form, in shape.FormInput) error {
	form.Title, form.Submit = "Visible to", "Save"
	form.Fields = []shape.Field{visibleField(in)}
	return nil
}

// readVisible reads the form of !visible.
func readVisible(out *shape.Filled, v Values, _ Reading) (field, problem string) {
	out.Args.Agents = readVisibleField(v)
	return "", ""
}

// VisibleTo returns the names of those who alone may read a conversation, or "".
func VisibleTo(f bridge.Facts) string {
	var names []string
	for _, a := range f.VisibleTo {
		names = append(names, shape.AgentName(a))
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}
