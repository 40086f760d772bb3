package view

import (
	"strings"

	"parley/bot/shape"
	"parley/bridge"
	"parley/bridge/when"
)

// one makes the value of a text field; nothing for nothing.
func one(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// agentValue names an agent to bridge.Args.Agents.
func agentValue(a bridge.AgentRef) string {
	if a.User != "" {
		return a.User
	}
	return a.Email
}

// among keeps the values that are options.
func among(values []string, options []Option) []string {
	var kept []string
	for _, v := range values {
		for _, o := range options {
			if o.Value == v && v != "" {
				kept = append(kept, v)
				break
			}
		}
	}
	return kept
}

// tagOptions are the tags that the conversation doesn't have yet.
func tagOptions(all, except []bridge.Tag) []Option {
	var options []Option
next:
	for _, t := range all {
		for _, e := range except {
			if strings.EqualFold(t.Name, e.Name) {
				continue next
			}
		}
		options = append(options, Option{Value: t.Name, Label: shape.OneLine(t.Name, shape.MaxNameRunes)})
	}
	return options
}

// snoozeOptions are R-030's times, with the day they mean now.
func snoozeOptions(in FormInput) []Option {
	var options []Option
	for _, o := range [...]Option{{Value: "1h", Label: "1 hour"}, {Value: "2h", Label: "2 hours"}, {Value: "4h", Label: "4 hours"}, {Value: "tomorrow", Label: "Tomorrow"}, {Value: "monday", Label: "Next Monday"}} {
		if at, err := when.Parse(o.Value, in.Now, in.Facts.Zone); err == nil {
			o.Label += " (" + at.Format("Mon 2 Jan 15:04") + ")"
		}
		options = append(options, o)
	}
	return options
}

// Pick asks which conversation a command without #number is about, of at most 100 rows.
// Submit with the same verb and args puts it into Args.Conversation, so that the verb's
// own form can follow where it Asks for more.
// Errors: *bridge.Problem when there is none to pick.
func Pick(verb bridge.Verb, args bridge.Args, rows []bridge.Facts) (Form, error) {
	if len(rows) == 0 {
		return Form{}, &bridge.Problem{Code: "nothing_open", Text: "You have no conversation to choose from.", Hint: "Name it: @Parley #12 " + string(verb)}
	}
	pick := Field{Name: fieldConversation, Kind: FieldOne, Label: "Conversation"}
	for _, f := range rows[:min(len(rows), 100)] {
		words := shape.Number(f.ID) + " " + shape.PartyName(f.Contact)
		if s := shape.OneLine(f.Subject, shape.MaxSubjectRunes); s != "" {
			words += shape.Between + s
		}
		pick.Options = append(pick.Options, Option{Value: strings.TrimPrefix(shape.Number(f.ID), "#"), Label: shape.OneLine(words, 75)})
	}
	return Form{Title: label(verb), Verb: verb, Args: args, Intro: []Block{shape.Line(shape.Text("Which conversation?"))}, Fields: []Field{pick}, Submit: label(verb)}, nil
}
