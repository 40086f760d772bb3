package view

import (
	"strings"

	"parley/bot/shape"
	"parley/bridge"
)

// Names of fields.
const (
	fieldText         = "text"
	fieldPeople       = "people"
	fieldTeam         = "team"
	fieldNote         = "note"
	fieldTags         = "tags"
	fieldNew          = "new"
	fieldUntil        = "until"
	fieldOther        = "other"
	fieldAddresses    = "addresses"
	fieldDo           = "do"
	fieldConversation = "conversation"
	fieldRecipient    = "recipient"
	fieldSubject      = "subject"
	fieldTo           = "to"
	fieldCc           = "cc"
)

// maxTextRunes fits every surface's text field.
const maxTextRunes = 3000

// NewForm makes the form of a verb. It is filled in with what is known: in.Text for a
// reply or a note, the owners, the recipients.
// Errors: *bridge.Problem when there is nothing to fill in now, for people.
func NewForm(in FormInput) (Form, error) {
	if in.Verb == bridge.VerbNew {
		return startForm(in)
	}
	if p := refuse(in); p != nil {
		return Form{}, p
	}
	form := Form{Verb: in.Verb, Args: in.Args, Intro: []Block{heading(in.Facts)}}
	if form.Args.Conversation == 0 {
		form.Args.Conversation = in.Facts.ID
	}
	if in.Verb == bridge.VerbReply || in.Verb == bridge.VerbTemplate {
		form.Intro = append(form.Intro, othersReplying(in)...)
	}
	switch in.Verb {
	case bridge.VerbTemplate:
		return form, templateForm(&form, in)
	case bridge.VerbTemplateEdit:
		return form, templateEditForm(&form, in)
	}
	for _, fill := range [...]func(*Form, FormInput) bool{talkForm, ownerForm, stateForm, mailForm, sendForm} {
		if fill(&form, in) {
			return form, nil
		}
	}
	return Form{}, &bridge.Problem{Code: "no_form", Text: "There is nothing to fill in for that.", Hint: "@Parley help tells what can be done."}
}

// refuse says why a verb makes no sense in the conversation's state.
func refuse(in FormInput) error {
	f := in.Facts
	switch in.Verb {
	case bridge.VerbReply, bridge.VerbSend, bridge.VerbTemplate:
		switch {
		case f.Status == bridge.StatusResolved:
			return &bridge.Problem{Code: "resolved", Text: "This conversation is resolved.", Hint: afterTheEnd(f)}
		case f.Status == bridge.StatusClosed:
			return &bridge.Problem{Code: "closed", Text: "This conversation is closed.", Hint: afterTheEnd(f)}
		case f.AccountMode == "watch":
			return &bridge.Problem{Code: "watching", Text: "This account only watches: nothing is sent from here.", Hint: "An admin can set it live."}
		case in.Verb == bridge.VerbTemplate: // may be sent at any time
		case f.WindowClosed, !f.WindowUntil.IsZero() && !in.Now.Before(f.WindowUntil):
			return windowProblem(f)
		}
	case bridge.VerbSnooze, bridge.VerbAssign, bridge.VerbResolve:
		if !f.Status.Open() {
			return &bridge.Problem{Code: "not_open", Text: "This conversation is " + strings.ToLower(shape.StatusWords(f)) + ".", Hint: afterTheEnd(f)}
		}
	case bridge.VerbUntag:
		if len(f.Tags) == 0 {
			return &bridge.Problem{Code: "no_tags", Text: "There is no tag to remove."}
		}
	}
	return nil
}

// afterTheEnd says what can be done with a conversation that is over: what was closed stays closed.
func afterTheEnd(f bridge.Facts) string {
	if f.Status == bridge.StatusClosed {
		return "What the customer writes next starts a new one."
	}
	return "Reopen it first."
}

func windowProblem(f bridge.Facts) error {
	p := &bridge.Problem{Code: "window_closed", Text: "The reply window is closed.", Hint: "It opens when the customer writes."}
	if !f.WindowUntil.IsZero() {
		p.Text = "The reply window closed at " + shape.PlainTime(f.WindowUntil, f.Zone) + "."
	}
	if f.Templates {
		p.Hint += " Until then a template can be sent."
	}
	return p
}

// heading says which conversation a form is about.
func heading(f bridge.Facts) Block {
	return shape.SmallPrint(shape.Joined(shape.Between, []Piece{shape.Icon(channelIcon(f)), shape.Text(" " + shape.Number(f.ID) + " "), shape.Bold(shape.PartyName(f.Contact))}, shape.Subject(f))...)
}

func talkForm(form *Form, in FormInput) bool {
	switch in.Verb {
	case bridge.VerbReply:
		replyForm(form, in)
	case bridge.VerbNote:
		form.Title, form.Submit = "Note", "Keep inside"
		form.Fields = []Field{{Name: fieldText, Kind: FieldLong, Label: "Note", Hint: "The customer never sees it.", Value: one(in.Text), MaxRunes: maxTextRunes}}
	default:
		return false
	}
	return true
}

func ownerForm(form *Form, in FormInput) bool {
	switch in.Verb {
	case bridge.VerbAssign:
		form.Title, form.Submit = "Assign", "Assign"
		form.Quick = handOver(in)
		form.Fields = []Field{ownersField(in)}
		if len(in.Teams) > 0 {
			team := Field{Name: fieldTeam, Kind: FieldOne, Label: "Or a team", Hint: "It waits there until somebody takes it.", Optional: true}
			for _, t := range in.Teams {
				team.Options = append(team.Options, Option{Value: t, Label: shape.OneLine(t, shape.MaxNameRunes)})
			}
			form.Fields = append(form.Fields, team)
		}
		form.Fields = append(form.Fields, Field{Name: fieldNote, Kind: FieldLong, Label: "Note for them", Optional: true, MaxRunes: maxTextRunes})
	case bridge.VerbTag:
		form.Title, form.Submit = "Add tags", "Add"
		known := Field{Name: fieldTags, Kind: FieldSeveral, Label: "Tags", Optional: true, Options: tagOptions(in.Tags, in.Facts.Tags)}
		if len(known.Options) > 0 {
			form.Fields = append(form.Fields, known)
		}
		form.Fields = append(form.Fields, Field{Name: fieldNew, Kind: FieldText, Label: "New tags", Hint: "Separate them by commas.", Example: "billing, late delivery", Optional: len(known.Options) > 0, MaxRunes: 200})
	case bridge.VerbUntag:
		form.Title, form.Submit = "Remove tags", "Remove"
		form.Fields = []Field{{Name: fieldTags, Kind: FieldSeveral, Label: "Tags", Options: tagOptions(in.Facts.Tags, nil)}}
	case bridge.VerbTopic:
		form.Title, form.Submit = "Topic", "Save"
		form.Fields = []Field{{Name: fieldNote, Kind: FieldText, Label: "What it is about", Value: one(shape.OneLine(in.Facts.Subject, shape.MaxSubjectRunes)), MaxRunes: shape.MaxSubjectRunes}}
	default:
		return false
	}
	return true
}

// ownersField asks who owns a conversation. Where that is one person, nobody is filled in: a choice
// can't be taken back everywhere, and a team may be wanted.
func ownersField(in FormInput) Field {
	f := Field{Name: fieldPeople, Kind: FieldSeveral, Label: "Several people", Hint: "The first person owns it; the others are added.", Optional: true}
	for _, a := range in.People {
		f.Options = append(f.Options, Option{Value: agentValue(a), Label: shape.AgentName(a)})
	}
	if in.Facts.OneOwner {
		f.Kind, f.Label, f.Hint = FieldOne, "Another person", "Owns it in place of whoever has it now."
		return f
	}
	for _, a := range in.Facts.Assignees {
		f.Value = append(f.Value, agentValue(a))
	}
	f.Value = among(f.Value, f.Options)
	return f
}

// handOver offers to give a conversation to one person, at once: its owner is not among them.
func handOver(in FormInput) []Button {
	var quick []Button
	for _, a := range in.People {
		if len(in.Facts.Assignees) == 1 && shape.HeldBy(in.Facts, a) || len(quick) == mostHandOver {
			continue
		}
		b := button(bridge.VerbAssign, bridge.Args{Conversation: in.Facts.ID, Agents: []string{agentValue(a)}})
		b.Label = shape.OneLine(shape.AgentName(a), 24)
		quick = append(quick, b)
	}
	return quick
}

// mostHandOver is how many people a conversation can be handed to by one click; all others are in
// the form's list.
const mostHandOver = 8

func stateForm(form *Form, in FormInput) bool {
	switch in.Verb {
	case bridge.VerbSnooze:
		form.Title, form.Submit = "Snooze", "Snooze"
		form.Fields = []Field{
			{Name: fieldUntil, Kind: FieldOne, Label: "Until", Options: snoozeOptions(in), Value: []string{"tomorrow"}, Optional: true},
			{Name: fieldOther, Kind: FieldText, Label: "Or type a time", Example: "3d, friday 14:00, 24.12. 9:00", Optional: true, MaxRunes: 64},
		}
	case bridge.VerbResolve:
		form.Title, form.Submit = "Resolve", "Resolve"
		form.Fields = []Field{{Name: fieldNote, Kind: FieldLong, Label: "What solved it", Hint: "Stays inside.", Optional: true, MaxRunes: maxTextRunes}}
	case bridge.VerbClose:
		form.Title, form.Submit = "Close", "Close"
		form.Intro = append(form.Intro, shape.Line(shape.Text("Ends the conversation without an answer. What the customer writes next starts a new one.")))
		form.Fields = []Field{{Name: fieldNote, Kind: FieldLong, Label: "Why", Hint: "Stays inside.", Optional: true, MaxRunes: maxTextRunes}}
	default:
		return false
	}
	return true
}

func mailForm(form *Form, in FormInput) bool {
	list := Field{Name: fieldAddresses, Kind: FieldLong, Label: "Addresses", Hint: "One per line.", Example: "bob@shop.example", MaxRunes: maxTextRunes}
	switch in.Verb {
	case bridge.VerbTo:
		form.Title, form.Submit = "Recipients", "Save"
		list.Label = "Replies go to"
		var to []string
		for _, p := range in.Facts.To {
			to = append(to, shape.Shown(p.Address)...)
		}
		list.Value = one(strings.Join(to, "\n"))
		if len(in.Facts.Cc) > 0 {
			form.Intro = append(form.Intro, shape.SmallPrint(shape.Text("In copy, and stays so: "+shape.Parties(in.Facts.Cc)+". To change that: !cc")))
		}
		if len(in.Facts.Waiting) > 0 {
			form.Intro = append(form.Intro, shape.SmallPrint(shape.Text("Not allowed yet: "+shape.Parties(in.Facts.Waiting))))
		}
		form.Fields = []Field{list}
	case bridge.VerbCC:
		form.Title, form.Submit = "Copies", "Save"
		form.Intro = append(form.Intro, shape.SmallPrint(shape.Text("Replies go to "+shape.Recipients(in.Facts))))
		form.Fields = []Field{list, {Name: fieldDo, Kind: FieldOne, Label: "They", Value: []string{"add"}, Options: []Option{{Value: "add", Label: "get copies of replies"}, {Value: "remove", Label: "get no more copies"}}}}
	case bridge.VerbAllow:
		form.Title, form.Submit = "Allow", "Allow"
		list.Value = one(strings.Join(in.Args.Addresses, "\n"))
		form.Fields = []Field{list}
	default:
		return false
	}
	return true
}

// sendForm asks whether to send one message.
func sendForm(form *Form, in FormInput) bool {
	if in.Verb != bridge.VerbSend {
		return false
	}
	form.Title, form.Submit = "Send to customer", "Send"
	question := "Send this to " + shape.PartyName(in.Facts.Contact) + "?"
	if author := shape.OneLine(in.Author, shape.MaxNameRunes); author != "" {
		question = shape.SendAsQuestion(author, shape.PartyName(in.Facts.Contact))
		form.Submit, form.Args.Sure = shape.OneLine("Send as "+author, shape.MaxLabelRunes), true
	}
	form.Intro = append(append(form.Intro, shape.Line(shape.Text(question))), shape.Quote(in.Text)...)
	return true
}
