package verb

import (
	"fmt"
	"strings"

	"parley/bot/shape"
	"parley/bridge"
)

// emailVerb describes the form that sends what was said in a conversation to somebody else, by mail.
func emailVerb() *Verb {
	return &Verb{
		Name: bridge.VerbEmail,
		Typed: TypedLine{
			Words:      []string{"email", "forward"},
			AskIfAlone: true,
			Syntax:     "!email ADDRESS SUBJECT",
			Rest:       RestEmail,
		},
		Help: Help{
			Sentence: "Sends the conversation, or some of its messages, to somebody by mail. A form asks what leaves.",
			Examples: []string{"!email bob@shop.example", "!email bob@shop.example The red lamp"},
		},
		Slash:  true,
		Button: Button{Label: "Send by e-mail", Details: true},
		Form:   Form{Ask: askForEmail, Read: readEmail, Lists: []List{LatestMessages}},
		Shown:  emailedBlocks,
	}
}

const (
	fieldNotes = "notes"
	withNotes  = "with"

	maxMailSubject = 150
)

func askForEmail(form *shape.Form, in shape.FormInput) error {
	messages, err := messagesField(in)
	if err != nil {
		return err
	}
	form.Title, form.Submit = "Send by e-mail", "Send"
	messages.Label, messages.Optional = "Only these messages", true
	messages.Hint = "None chosen: the whole correspondence, at most its last 500 messages."
	form.Args.Messages = nil
	subject := shape.Or(in.Args.Subject, in.Facts.Subject)
	form.Fields = []shape.Field{
		addressList("To", strings.Join(in.Args.Addresses, "\n")),
		{Name: fieldSubject, Kind: shape.FieldText, Label: "Subject", Value: textValue(shape.OneLine(subject, maxMailSubject)),
			MaxRunes: maxMailSubject},
		{Name: FieldWords, Kind: shape.FieldLong, Label: "Words above it", Hint: "The recipient reads them.", Optional: true,
			MaxRunes: maxTextRunes},
		messages,
		{
			Name: fieldNotes, Kind: shape.FieldOne, Label: "Internal notes", Optional: true, Value: []string{"without"},
			Options: []shape.Option{{Value: "without", Label: "Stay inside"}, {Value: withNotes, Label: "Leave with it"}},
		},
	}
	return nil
}

func readEmail(out *shape.Filled, v Values, with Reading) (field, problem string) {
	if field, problem = readAddresses(out, v, with); problem != "" {
		return field, problem
	}
	out.Args.Subject, out.Args.Messages, out.Args.Notes = v.Text(fieldSubject), readMessages(v), v.Text(fieldNotes) == withNotes
	if out.Args.Subject == "" {
		return fieldSubject, "Give it a subject."
	}
	words := v.Text(FieldWords)
	if words == "" {
		return "", ""
	}
	out.Text, problem = with.Reply(words)
	return FieldWords, problem
}

// emailedBlocks says that something left by mail, and in which conversation, or that it didn't.
func emailedBlocks(l bridge.Line, _ bridge.Facts) []shape.Block {
	c, ok := l.Content.(*bridge.EmailedLine)
	if !ok {
		return nil
	}
	to := shape.OneLine(strings.Join(l.Args.Addresses, ", "), shape.MaxNameRunes)
	there := shape.Thread(shape.Number(l.Other.ID), l.Other.Thread.Root)
	if c.Trouble != "" {
		return []shape.Block{shape.Sentence(shape.Icon("warning"), " ", shape.LeadingMentions(l), "Not sent by e-mail to "+to+": "+
			shape.OneLine(c.Trouble, maxTextRunes)+" More in ", there, ".")}
	}
	what := fmt.Sprintf("%d messages", c.Messages)
	if c.Messages == 1 {
		what = "a message"
	}
	if c.Notes {
		what += ", notes among them,"
	}
	return confirmationBlocks(l, shape.DoerName(l)+" sends "+what+" by e-mail to "+to+". It leaves, and is answered, in ", there, ".")
}
