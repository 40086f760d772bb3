package view

import (
	"strings"

	"parley/bot/shape"
	"parley/bridge"
)

// startForm begins a conversation: by which account, where there are several, then with
// whom and what is said.
// Errors: *bridge.Problem where there is none to begin by.
func startForm(in FormInput) (Form, error) {
	form := Form{Title: "New conversation", Verb: bridge.VerbNew, Args: in.Args, Submit: "Send"}
	pick := Field{Name: fieldAccount, Kind: FieldOne, Label: "By"}
	for _, a := range in.Accounts {
		if a.Starts {
			pick.Options = append(pick.Options, Option{Value: a.Name, Label: shape.OneLine(accountName(a), 75)})
		}
	}
	chosen, ok := StartsBy(in)
	switch {
	case len(pick.Options) == 0:
		return Form{}, &bridge.Problem{Code: "no_account", Text: "There is no account by which you may begin a conversation.", Hint: "Ask an admin."}
	case !ok:
		form.Args.Account, form.Submit = "", "Next"
		form.Fields = []Field{pick}
		return form, nil
	}
	form.Args.Account = chosen.Name
	form.Intro = []Block{shape.SmallPrint(shape.Icon(strings.Trim(shape.Or(chosen.ChannelIcon, "grey_question"), ":")), shape.Text(" By "+accountName(chosen)))}
	if t := in.Args.Template; chosen.ByTemplate && t != nil && t.ID != 0 {
		in.Facts.Contact = bridge.PartyRef{Name: in.Args.Recipient, Address: in.Args.Recipient}
		in.Facts.To = []bridge.PartyRef{in.Facts.Contact}
		err := templateForm(&form, in)
		form.Title = "New conversation"
		return form, err
	}
	to := Field{Name: fieldRecipient, Kind: FieldText, Label: "To", Hint: "A phone number with its country, like +49 171 5550100. In a system of your own: the customer's id there.", Value: one(in.Args.Recipient), MaxRunes: 320}
	if chosen.KnownOnly {
		to.Hint = "A phone number that wrote to you before, with its country, like +49 171 5550100. Others: outgoing is off."
	}
	if chosen.Can.Subject {
		to.Hint = "One address."
		to.Example = "ann@example.org"
	}
	form.Fields = append(form.Fields, to)
	if chosen.ByTemplate {
		return startByTemplate(form, in)
	}
	if chosen.Can.Subject {
		form.Fields = append(form.Fields, Field{Name: fieldSubject, Kind: FieldText, Label: "Subject", Value: one(in.Args.Subject), MaxRunes: shape.MaxSubjectRunes})
	}
	form.Fields = append(form.Fields, Field{Name: fieldText, Kind: FieldLong, Label: "Message", Hint: countWords(in), Value: one(in.Text), MaxRunes: textRunes(chosen.Can)})
	return form, nil
}

// StartsBy gives the account by which a conversation begins: the named one, or the only one.
func StartsBy(in FormInput) (bridge.AccountRef, bool) {
	var able []bridge.AccountRef
	for _, a := range in.Accounts {
		if a.Starts && strings.EqualFold(a.Name, in.Args.Account) {
			return a, true
		}
		if a.Starts {
			able = append(able, a)
		}
	}
	if len(able) == 1 {
		return able[0], true
	}
	return bridge.AccountRef{}, false
}

// startByTemplate asks which template a conversation begins with; its values come next.
func startByTemplate(form Form, in FormInput) (Form, error) {
	if len(in.Templates.List) == 0 {
		return Form{}, &bridge.Problem{Code: "no_template", Text: "No template of " + form.Args.Account + " that begins conversations is approved.", Hint: "Admins make them: @Parley templates"}
	}
	to := form.Fields
	label := ""
	if in.Args.Template != nil {
		label = in.Args.Template.Label
	}
	pickTemplate(&form, in.Templates.List, label)
	form.Title, form.Fields = "New conversation", append(to, form.Fields...)
	form.Args.Template = &bridge.TemplateArgs{Label: label}
	return form, nil
}

// accountName says which account, and what it is.
func accountName(a bridge.AccountRef) string {
	if a.ChannelName == "" {
		return a.Name
	}
	return a.Name + " (" + a.ChannelName + ")"
}

// textRunes is how long a text may be that is written in a form.
func textRunes(can bridge.Capabilities) int {
	if can.MaxTextRunes > 0 {
		return min(can.MaxTextRunes, maxTextRunes)
	}
	return maxTextRunes
}

func submitStart(out *Filled, v values) (field, problem string) {
	if out.Args.Account == "" {
		if out.Args.Account = v.text(fieldAccount); out.Args.Account == "" {
			return fieldAccount, "Choose an account."
		}
		out.Next = true
		return "", ""
	}
	if t := out.Args.Template; t != nil && t.ID != 0 { // its values
		return submitTemplate(out, v)
	}
	out.Args.Recipient, out.Args.Subject = shape.OneLine(v.text(fieldRecipient), 320), shape.OneLine(v.text(fieldSubject), shape.MaxSubjectRunes)
	if out.Args.Recipient == "" {
		return fieldRecipient, "Say to whom."
	}
	if out.Args.Template != nil {
		return submitTemplate(out, v)
	}
	out.Text, problem = replyText(v.text(fieldText))
	return fieldText, problem
}

// startLine is about conversations that agents begin.
func startLine(l bridge.Line, f bridge.Facts) []Block {
	switch {
	case l.Kind == bridge.LineExists:
		return append([]Block{shape.Sentence(shape.Icon("speech_balloon"), " ", shape.Mentioned(l), shape.Customer(l, f)+" has an open conversation already: ",
			shape.Whereabouts(shape.Number(l.Other.ID), l.Other), ". Nothing was sent.", shape.Then(shape.Or(l.Hint, "Write it there.")))}, shape.Quote(l.Text)...)
	case l.Kind == bridge.LineDone && l.Verb == bridge.VerbNew:
		lead := []any{shape.Icon("outbox_tray"), " ", shape.Doer(l) + " wrote to " + shape.Customer(l, f)}
		if len(l.Mentions) > 0 { // the mention makes the thread one of the writer's, who would miss the answer else
			lead = []any{shape.Icon("outbox_tray"), " ", shape.Mentions(l.Mentions), " wrote to " + shape.Customer(l, f)}
		}
		if name := shape.OneLine(l.Reason, shape.MaxNameRunes); name != "" {
			lead = append(lead, " with the template ", shape.Bold(name))
		}
		return append([]Block{shape.Sentence(append(lead, ":")...)}, shape.Quote(l.Text)...)
	}
	return nil
}

// Exists shows that a customer has a conversation already, in place of the form that would
// have begun another one.
func Exists(f bridge.Facts, typed string) Card {
	c := Line(bridge.Line{Kind: bridge.LineExists, Other: f, Customer: f.Contact, Text: typed}, bridge.Facts{})
	c.Title = "Not sent"
	return c
}
