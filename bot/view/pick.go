package view

import (
	"strings"

	"parley/bot/shape"
	"parley/bot/verb"
	"parley/bridge"
)

// Limits of the choice of a conversation, which every surface can show.
const (
	maxPicks     = 100
	maxPickRunes = 75
)

// Pick asks which conversation a command without #number is about, of at most maxPicks rows.
// Submit, called with the same verb and args, puts the answer into Args.Conversation. A verb that needs more than that
// then shows its own form.
// Errors: *bridge.Problem when there is none to pick.
func Pick(name bridge.Verb, args bridge.Args, rows []bridge.Facts) (Form, error) {
	if len(rows) == 0 {
		return Form{}, &bridge.Problem{
			Code: "nothing_open",
			Text: "You have no conversation to choose from.",
			Hint: "Name it: @Parley #12 " + string(name),
		}
	}

	pick := Field{Name: verb.FieldConversation, Kind: FieldOne, Label: "Conversation"}
	for _, f := range rows[:min(len(rows), maxPicks)] {
		words := shape.Number(f.ID) + " " + verb.Title(f)
		if s := shape.OneLine(f.Subject, shape.MaxSubjectRunes); s != "" {
			words += shape.Between + s
		}
		pick.Options = append(pick.Options, Option{Value: strings.TrimPrefix(shape.Number(f.ID), "#"), Label: shape.OneLine(words, maxPickRunes)})
	}

	label := verb.Of(name).ButtonLabel()
	question := shape.Line(shape.Text("Which conversation?"))
	return Form{Title: label, Verb: name, Args: args, Intro: []Block{question}, Fields: []Field{pick}, Submit: label}, nil
}
