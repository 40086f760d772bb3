package view

import (
	"cmp"

	"parley/bot/shape"
	"parley/bot/verb"
	"parley/bridge"
)

// NewForm makes the form of a verb. It is filled in with what is known: in.Text for a
// reply or a note, the owners, the recipients.
// Errors: *bridge.Problem, for people, where the verb has no form or can't be done now.
func NewForm(in FormInput) (Form, error) {
	v := verb.Of(in.Verb)
	if v.Form.Ask == nil {
		return Form{}, &bridge.Problem{
			Code: "no_form",
			Text: "There is nothing to fill in for that.",
			Hint: "@Parley help tells what can be done.",
		}
	}

	form := Form{Verb: in.Verb, Args: in.Args}
	form.Args.Conversation = cmp.Or(form.Args.Conversation, in.Facts.ID)
	if !v.Anywhere {
		form.Intro = []Block{formHeading(in.Facts)}
	}
	if v.Form.Answering {
		form.Intro = append(form.Intro, verb.OthersReplying(in)...)
	}
	if err := v.Form.Ask(&form, in); err != nil {
		return Form{}, err
	}

	return form, nil
}

// formHeading says which conversation a form is about.
func formHeading(f bridge.Facts) Block {
	number := []Piece{shape.Icon(channelIcon(f)), shape.Text(" " + shape.Number(f.ID) + " "), shape.Bold(verb.Title(f))}
	return shape.SmallPrint(shape.JoinPieces(shape.Between, number, shape.Subject(f))...)
}
