package verb

import (
	"slices"
	"strings"

	"parley/bot/shape"
	"parley/bridge"
)

// assignVerb describes the command "!assign @ann" or "!assign #billing", with which an agent hands a
// conversation to colleagues or to a team. The description has what people see: the typed syntax, help,
// button, form and confirmation. The type Verb explains the fields. The engine does the assigning.
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
			Sentence:    "Hands it to somebody or to a team; with + somebody joins. Its form also says who may read it.",
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

// ownersField returns the field for the people who own the conversation, that is, answer the customer. If the
// account allows only one owner, the field is initially empty: some chats don't let people clear a choice,
// which they must do to choose a team instead.
func ownersField(in shape.FormInput) shape.Field {
	field := shape.Field{
		Name:     fieldPeople,
		Kind:     shape.FieldSeveral,
		Label:    "Several people",
		Hint:     "The first person owns it; the others are added.",
		Optional: true,
	}
	for _, a := range in.People {
		label := nameWithRoom(a)
		if a.Away {
			label += " (away)"
		}
		field.Options = append(field.Options, shape.Option{Value: agentValue(a), Label: label})
	}

	if in.Facts.Account.OneOwner {
		field.Kind = shape.FieldOne
		field.Label = "Another person"
		field.Hint = "Owns it in place of whoever has it now."
		return field
	}

	for _, a := range in.Facts.Assignees {
		field.Value = append(field.Value, agentValue(a))
	}

	field.Value = chosenOf(field.Value, field.Options)
	field.Options = chosenFirst(field)
	return field
}

// nameWithRoom names an agent with how much of the room is taken: "Ben Katz 5/8".
func nameWithRoom(a bridge.AgentRef) string {
	return strings.TrimSpace(shape.AgentName(a) + " " + a.Room)
}

// chosenFirst returns the options of a field with the chosen ones first, in the order of the field's value.
// Some chats submit the chosen values in the order of the options. Sorted like this, the first owner stays
// first, and added people come last.
func chosenFirst(field shape.Field) []shape.Option {
	rank := func(o shape.Option) int {
		if i := slices.Index(field.Value, o.Value); i >= 0 {
			return i
		}
		return len(field.Value)
	}
	return slices.SortedStableFunc(slices.Values(field.Options), func(a, b shape.Option) int { return rank(a) - rank(b) })
}

// handOverButtons returns up to maxHandOver buttons, each of which assigns the conversation to one person
// with a single click. It skips people who are away and the person who is already the only owner.
func handOverButtons(in shape.FormInput) []shape.Button {
	var buttons []shape.Button
	for _, a := range in.People {
		if len(buttons) == maxHandOver {
			break
		}

		isOnlyOwner := len(in.Facts.Assignees) == 1 && shape.IsHeldBy(in.Facts, a)
		if isOnlyOwner || a.Away {
			continue
		}

		button := NewButton(bridge.VerbAssign, bridge.Args{Conversation: in.Facts.ID, Agents: []string{agentValue(a)}})
		button.Label = shape.OneLine(nameWithRoom(a), shape.MaxLabelRunes)
		buttons = append(buttons, button)
	}

	return buttons
}

// maxHandOver limits the buttons of handOverButtons. The form's list has everybody else.
const maxHandOver = 8

// agentValue returns the value that names an agent in bridge.Args.Agents: the chat's user id, or the e-mail
// address without one.
func agentValue(a bridge.AgentRef) string { return shape.Or(string(a.User), a.Email) }

// readAssign reads the submitted form. If a team was chosen and the people are unchanged, only the team
// counts. out.Args.Agents initially has the people that the form showed.
func readAssign(out *shape.Filled, v Values, _ Reading) (field, problem string) {
	shown := out.Args.Agents
	out.Args.Agents = v.List(fieldPeople)
	out.Args.Team = v.Text(fieldTeam)
	if out.Args.Team != "" && slices.Equal(out.Args.Agents, shown) {
		out.Args.Agents = nil
	}
	out.Args.Note = v.Text(FieldNote)
	shownTo := out.Args.VisibleTo
	if out.Args.VisibleTo = readVisibleField(v); slices.Equal(out.Args.VisibleTo, shownTo) || v[fieldVisible] == nil && len(shownTo) == 0 {
		out.Args.VisibleTo = nil
	}
	if len(out.Args.Agents) == 0 && out.Args.Team == "" && out.Args.VisibleTo == nil {
		return fieldPeople, "Choose somebody, or a team."
	}
	if len(out.Args.Agents) > 0 && out.Args.Team != "" {
		return fieldTeam, "Choose either people or a team."
	}
	return "", ""
}

// teamField returns the optional field for a team.
func teamField(in shape.FormInput, label, hint string) shape.Field {
	team := shape.Field{Name: fieldTeam, Kind: shape.FieldOne, Label: label, Hint: hint, Optional: true}
	for _, t := range in.Teams {
		team.Options = append(team.Options, shape.Option{Value: t, Label: shape.OneLine(t, shape.MaxNameRunes)})
	}
	team.Value = chosenOf([]string{in.Args.Team}, team.Options)
	return team
}

// askAssign fills in the form: buttons for single people, a list of people, a list of teams, and a note.
func askAssign(form *shape.Form, in shape.FormInput) error {
	if err := checkOpen(in.Facts); err != nil {
		return err
	}

	form.Title, form.Submit = "Assign", "Assign"
	form.Quick = handOverButtons(in)
	if len(form.Quick) > 0 {
		form.Intro = append(form.Intro,
			shape.Sentence("Press a name to assign it to that person at once, with the note if there is one; "+
				"or choose below and press Assign."))
	}
	form.Fields = []shape.Field{ownersField(in)}
	form.Args.Agents = form.Fields[0].Value
	if len(in.Teams) > 0 {
		form.Fields = append(form.Fields, teamField(in, "Or a team", "It waits there until somebody takes it."))
	}

	visible := visibleField(in)
	form.Args.VisibleTo = visible.Value
	form.Fields = append(form.Fields, visible, shape.Field{
		Name:     FieldNote,
		Kind:     shape.FieldLong,
		Label:    "Note for them",
		Optional: true,
		MaxRunes: maxTextRunes,
	})
	return nil
}
