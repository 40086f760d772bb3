package verb

import (
	"slices"
	"strings"

	"parley/bot/shape"
	"parley/bridge"
)

// assignVerb describes "!assign @ann" and "!assign #billing", by which an agent hands a conversation to colleagues or
// to a team: what is typed, and the help, button, form and confirmation that go with it. Verb explains the fields.
func assignVerb() *Verb {
	return &Verb{
		Name: bridge.VerbAssign,
		Typed: TypedLine{
			Words:      []string{"assign", "a", "t", "transfer"},
			AskIfAlone: true,
			Syntax:     "!assign @WHO or #TEAM [NOTE]",
			Rest:       RestPeople,
			Missing:    "Say to whom: !assign @ann, or !assign #billing",
		},
		Help: Help{
			Sentence:    "Hands it to somebody or to a team; with + somebody joins.",
			Examples:    []string{"!assign @ann", "!assign me +@bob", "!assign #billing wants a refund", "!t @ann knows this customer"},
			InShortHelp: true,
		},
		Slash: true,
		Menus: Menus{
			InThread: Offer{Order: 3},
			Command:  &Command{About: "Assign a conversation", Hint: "#12 @ann"},
			Message:  &Entry{Order: 5, Title: "Assign conversation", About: "Choose who answers"},
		},
		Button: Button{
			Label:          "Assign",
			OfferedForTypo: true,
			TypoLabel:      assignTypoLabel,
		},
		Form: Form{
			Ask:    askAssign,
			Read:   readAssign,
			Lists:  []List{Colleagues},
			Needed: func(args bridge.Args) bool { return len(args.Agents) == 0 && args.Team == "" },
		},
		Done: func(l bridge.Line, _ bridge.Facts) string { return shape.DoerName(l) + " changed who has this." },
	}
}

// assignTypoLabel labels the button that offers a mistyped !assign.
func assignTypoLabel(m bridge.Meant) string {
	return "Assign to " + shape.Or(m.Args.Team, strings.Join(m.Names, ", "))
}

// ownersField asks who is to own a conversation. If an account allows only one owner, the field begins empty: some
// surfaces let nobody clear a choice, and people may want to choose a team instead.
func ownersField(in shape.FormInput) shape.Field {
	f := shape.Field{
		Name:     fieldPeople,
		Kind:     shape.FieldSeveral,
		Label:    "Several people",
		Hint:     "The first person owns it; the others are added.",
		Optional: true,
	}
	for _, a := range in.People {
		label := shape.AgentName(a)
		if a.Away {
			label += " (away)"
		}
		f.Options = append(f.Options, shape.Option{Value: agentValue(a), Label: label})
	}

	if in.Facts.Account.OneOwner {
		f.Kind = shape.FieldOne
		f.Label = "Another person"
		f.Hint = "Owns it in place of whoever has it now."
		return f
	}

	for _, a := range in.Facts.Assignees {
		f.Value = append(f.Value, agentValue(a))
	}

	f.Value = chosenOf(f.Value, f.Options)
	f.Options = chosenFirst(f)
	return f
}

// chosenFirst returns the options of a field, those that are chosen already first, in the order of the field's value.
// Some surfaces return what is chosen in the order of the options. With this order the first owner stays the first,
// and people who are added come last.
func chosenFirst(f shape.Field) []shape.Option {
	place := func(o shape.Option) int {
		if at := slices.Index(f.Value, o.Value); at >= 0 {
			return at
		}
		return len(f.Value)
	}
	return slices.SortedStableFunc(slices.Values(f.Options), func(a, b shape.Option) int { return place(a) - place(b) })
}

// handOverButtons makes up to maxHandOver buttons that each hand the conversation to one person at once. There is
// none for people who are away, nor for somebody who is the only owner already.
func handOverButtons(in shape.FormInput) []shape.Button {
	var quick []shape.Button
	for _, a := range in.People {
		if len(quick) == maxHandOver {
			break
		}

		isOnlyOwner := len(in.Facts.Assignees) == 1 && shape.IsHeldBy(in.Facts, a)
		if isOnlyOwner || a.Away {
			continue
		}

		b := NewButton(bridge.VerbAssign, bridge.Args{Conversation: in.Facts.ID, Agents: []string{agentValue(a)}})
		b.Label = shape.OneLine(shape.AgentName(a), shape.MaxLabelRunes)
		quick = append(quick, b)
	}

	return quick
}

// maxHandOver is how many people a conversation can be handed to by one click; all others are in
// the form's list.
const maxHandOver = 8

// agentValue is how bridge.Args.Agents names an agent: by the surface's user id, or by address if there is none.
func agentValue(a bridge.AgentRef) string { return shape.Or(string(a.User), a.Email) }

// readAssign reads who is to have the conversation. If a team was chosen and the people were left as the form showed
// them (out.Args.Agents), only the team counts.
func readAssign(out *shape.Filled, v Values, _ Reading) (field, problem string) {
	named := out.Args.Agents
	out.Args.Agents = v.List(fieldPeople)
	out.Args.Team = v.Text(fieldTeam)
	if out.Args.Team != "" && slices.Equal(out.Args.Agents, named) {
		out.Args.Agents = nil
	}
	out.Args.Note = v.Text(FieldNote)
	if len(out.Args.Agents) == 0 && out.Args.Team == "" {
		return fieldPeople, "Choose somebody, or a team."
	}
	if len(out.Args.Agents) > 0 && out.Args.Team != "" {
		return fieldTeam, "Choose either people or a team."
	}
	return "", ""
}

func askAssign(form *shape.Form, in shape.FormInput) error {
	if err := checkOpen(in.Facts); err != nil {
		return err
	}

	form.Title, form.Submit = "Assign", "Assign"
	if form.Quick = handOverButtons(in); len(form.Quick) > 0 {
		form.Intro = append(form.Intro,
			shape.Sentence("Press a name to assign it to that person at once, with the note if there is one; "+
				"or choose below and press Assign."))
	}
	form.Fields = []shape.Field{ownersField(in)}
	form.Args.Agents = form.Fields[0].Value
	if len(in.Teams) > 0 {
		team := shape.Field{
			Name:     fieldTeam,
			Kind:     shape.FieldOne,
			Label:    "Or a team",
			Hint:     "It waits there until somebody takes it.",
			Optional: true,
		}
		for _, t := range in.Teams {
			team.Options = append(team.Options, shape.Option{Value: t, Label: shape.OneLine(t, shape.MaxNameRunes)})
		}
		form.Fields = append(form.Fields, team)
	}

	form.Fields = append(form.Fields, shape.Field{
		Name:     FieldNote,
		Kind:     shape.FieldLong,
		Label:    "Note for them",
		Optional: true,
		MaxRunes: maxTextRunes,
	})
	return nil
}
