package verb

import (
	"errors"
	"fmt"
	"strconv"

	"parley/bot/shape"
	"parley/bridge"
)

// Fields of the form, besides shared ones.
const (
	fieldOf    = "of"
	allOfThese = "all"
)

// severalVerb describes the form by which one thing is done with several conversations of a list.
func severalVerb() *Verb {
	return &Verb{
		Name:     bridge.VerbSeveral,
		Typed:    TypedLine{Words: []string{"several"}, Syntax: "!several"},
		Help:     Help{Hidden: true, Sentence: "Does one thing with several conversations.", Examples: []string{"!several"}},
		Anywhere: true,
		Button:   Button{Label: "Select several"},
		Form: Form{
			Ask:    askSeveral,
			Needed: func(args bridge.Args) bool { return args.Do == "" },
			Lists:  []List{ListedConversations, Colleagues},
			Read:   readSeveral,
		},
		Shown: severalBlocks,
	}
}

func askSeveral(form *shape.Form, in shape.FormInput) error {
	if len(in.Rows) == 0 {
		return &bridge.Problem{Code: "nothing_open", Text: "There is nothing in this list.", Hint: "Look into another one."}
	}
	form.Title, form.Submit = "Select several", "Do it"
	of := shape.Field{Name: fieldOf, Kind: shape.FieldSeveral, Label: "Conversations"}
	of.Options = append(of.Options, shape.Option{Value: allOfThese, Label: fmt.Sprintf("All %d below", len(in.Rows))})
	form.Args = bridge.Args{}
	for _, f := range in.Rows {
		label := shape.Number(f.ID) + " " + Title(f) + shape.Between + shape.OneLine(f.Subject, shape.MaxSubjectRunes)
		of.Options = append(of.Options, shape.Option{Value: strconv.FormatInt(int64(f.ID), 10), Label: shape.OneLine(label, maxChoiceRunes)})
		form.Args.Of = append(form.Args.Of, f.ID)
	}

	do := shape.Field{Name: fieldDo, Kind: shape.FieldOne, Label: "What to do", Value: []string{string(bridge.VerbResolve)}}
	for _, name := range bridge.ForSeveral() {
		do.Options = append(do.Options, shape.Option{Value: string(name), Label: Of(name).ButtonLabel()})
	}
	people := ownersField(in)
	people.Label, people.Hint, people.Optional = "Assign: to whom", "", true
	form.Fields = []shape.Field{
		of, do,
		{
			Name: fieldUntil, Kind: shape.FieldText, Label: "Snooze: until", Example: "2h, tomorrow, friday 14:00",
			Optional: true, MaxRunes: maxTimeRunes,
		},
		{Name: fieldNew, Kind: shape.FieldText, Label: "Tag: with", Example: "billing, late delivery", Optional: true, MaxRunes: maxNewTagsRunes},
	}
	if len(people.Options) > 0 {
		form.Fields = append(form.Fields, people)
	}
	return nil
}

// readSeveral reads the submitted form. out.Args.Of initially has all conversations that the form showed.
func readSeveral(out *shape.Filled, v Values, with Reading) (field, problem string) {
	shown := out.Args.Of
	out.Args = bridge.Args{SeveralArgs: bridge.SeveralArgs{Do: bridge.Verb(v.Text(fieldDo))}}
	for _, value := range v.List(fieldOf) {
		id, err := strconv.ParseInt(value, 10, 64)
		if err == nil {
			out.Args.Of = append(out.Args.Of, bridge.ConversationID(id))
		}
		if value == allOfThese {
			out.Args.Of = shown
			break
		}
	}
	if len(out.Args.Of) == 0 {
		return fieldOf, "Choose at least one."
	}

	do := out.Args.Do
	if do == bridge.VerbSnooze {
		out.Args.Until = v.Text(fieldUntil)
		if _, err := bridge.Parse(out.Args.Until, with.Now, with.Zone); err != nil {
			if parseErr, ok := errors.AsType[*bridge.Error](err); ok {
				return fieldUntil, parseErr.Text + " " + parseErr.Hint
			}
			return fieldUntil, "Say until when."
		}
	}
	if do == bridge.VerbTag {
		if out.Args.Tags = shape.Tags(v.Text(fieldNew)); len(out.Args.Tags) == 0 {
			return fieldNew, "Name at least one tag."
		}
	}
	if do == bridge.VerbAssign {
		if out.Args.Agents = v.List(fieldPeople); len(out.Args.Agents) == 0 {
			return fieldPeople, "Choose somebody."
		}
	}
	return "", ""
}

// severalBlocks says what became of several conversations: "12 resolved, 2 not: …".
func severalBlocks(l bridge.Line, _ bridge.Facts) []shape.Block {
	c, ok := l.Content.(*bridge.SeveralLine)
	if !ok {
		return nil
	}
	words, not := SeveralWords(c)
	blocks := confirmationBlocks(l, words)
	for _, line := range not {
		blocks = append(blocks, shape.SmallPrint(shape.Text(line)))
	}
	return blocks
}

// SeveralWords says what became of several conversations, with a line for each of the first in which nothing was changed.
func SeveralWords(c *bridge.SeveralLine) (words string, not []string) {
	words = fmt.Sprintf("%d %s", c.Done, severalWords(c.Do))
	if len(c.Not) > 0 {
		words += fmt.Sprintf(", %d not:", len(c.Not))
	}
	for i, n := range c.Not {
		if i == maxNotShown {
			return words, append(not, fmt.Sprintf("… and %d more.", len(c.Not)-i))
		}
		not = append(not, shape.Number(n.ID)+" "+shape.OneLine(n.Why, shape.MaxSubjectRunes))
	}
	return words, not
}

const maxNotShown = 20

func severalWords(do bridge.Verb) string {
	return map[bridge.Verb]string{
		bridge.VerbTake: "taken", bridge.VerbResolve: "resolved", bridge.VerbSnooze: "snoozed", bridge.VerbTag: "tagged",
		bridge.VerbAssign: "assigned", bridge.VerbUnassign: "put back", bridge.VerbReopen: "reopened", bridge.VerbWake: "woken",
		bridge.VerbUntag: "untagged", bridge.VerbRead: "marked read",
	}[do]
}
