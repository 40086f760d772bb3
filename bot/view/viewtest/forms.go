package viewtest

import (
	"fmt"
	"maps"
	"slices"

	"parley/bot/verb"
	"parley/bot/view"
	"parley/bridge"
)

// Riches returns a sample of each kind of rich message, which is a message with buttons, a list, a location, a contact or
// cards.
func Riches() map[bridge.RichKind]*bridge.Rich {
	return map[bridge.RichKind]*bridge.Rich{
		bridge.RichIsButtons: {Buttons: []bridge.RichButton{{ID: "b1", Title: "Yes"}, {ID: "b2", Title: "No <!channel>"}}},
		bridge.RichIsList: {List: &bridge.RichList{Button: "Choose", Sections: []bridge.RichSection{
			{Title: "Desk", Rows: []bridge.RichRow{{ID: "r1", Title: "Luna", Description: "40 cm"}, {ID: "r2", Title: "Sol"}}}}}},
		bridge.RichIsLocation: {Location: &bridge.RichLocation{Latitude: 52.5163, Longitude: 13.3777, Name: "Our shop"}},
		bridge.RichIsContact:  {Contact: &bridge.RichContact{Name: "Ben", Phones: []string{"+491715550100"}}},
		bridge.RichIsCards: {Cards: []bridge.RichCard{{
			Title:    "Luna",
			Text:     "Warm",
			ImageURL: "https://lamps.test/1.jpg",
			Buttons:  []bridge.RichButton{{ID: "c1b1", Title: "Order", URL: "https://lamps.test/1"}},
		}}},
	}
}

// Accounts returns a mail account and a chat account, for forms that start a conversation.
func Accounts() []bridge.AccountRef {
	can := bridge.Capabilities{Rich: bridge.RichLimits{Buttons: 3, ListRows: 10, Location: 2, ContactCard: 2}, MaxTextRunes: 4096}
	return []bridge.AccountRef{
		{
			Name:        "support-mail",
			ChannelName: "E-mail",
			ChannelIcon: "email",
			Can:         bridge.Capabilities{Threads: true, Subject: true, Participants: true},
			Starts:      true,
		},
		{Name: "shop-chat", ChannelName: "Chat", ChannelIcon: "speech_balloon", Can: can, Starts: true},
	}
}

// Stock returns an approved and a rejected template. A template is a prepared text with variables.
func Stock() bridge.Templates {
	return bridge.Templates{Accounts: []string{"wa"}, Admin: true, Known: map[string]string{"first_name": "Kim <&>"}, List: []bridge.Template{
		{
			ID:        7,
			Version:   2,
			Account:   "wa",
			Name:      "Order update",
			Language:  "en",
			Category:  "utility",
			Uses:      []string{"reply", "window"},
			Labels:    []string{"Orders"},
			Body:      "Hello {{first_name}}, your quote {{quote_number}} is ready.",
			Variables: []string{"first_name", "quote_number"},
			Examples:  map[string]string{"first_name": "Ann", "quote_number": "Q-1042"},
			Status:    "approved",
		},
		{
			ID:        8,
			Version:   1,
			Account:   "wa",
			Name:      "Hello again",
			Language:  "de",
			Category:  "utility",
			Uses:      []string{"window"},
			Labels:    []string{"Care"},
			Body:      "Hallo {{first_name}}, sind Sie noch da?",
			Variables: []string{"first_name"},
			Status:    "rejected",
			Reason:    "Too <loud>.",
		},
	}}
}

// Forms returns one form for each verb that has one, and the variants of formInputs, by a name for each. A verb is something
// that agents can ask for, such as Snooze.
func (s Samples) Forms() (map[string]view.Form, error) {
	ann := s.Ann
	ann.Email = "ann@acme.test"
	all := s.formInputs()
	for _, v := range verb.All() {
		if v.Form.Ask == nil || v.Anywhere {
			continue // it has no form, or a sample in formInputs
		}
		if slices.Contains([]bridge.Verb{bridge.VerbTemplate, bridge.VerbSend, bridge.VerbAllow}, v.Name) {
			continue // formInputs has the samples of templates; Send and Allow have none
		}

		all[string(v.Name)] = view.FormInput{
			Verb:   v.Name,
			Facts:  s.Facts(),
			Args:   bridge.Args{Conversation: sampleConversation},
			Text:   "begun *text*",
			People: []bridge.AgentRef{ann, s.Ben},
			Teams:  []string{"Support"},
			Tags:   []bridge.Tag{{Name: "vip", Color: "#dd2e44"}, {Name: "bug"}},
			Spoken: []bridge.SpokenMessage{{ID: sampleMessage, Author: "Eve & Co", Text: "Do you have lamps?"}, {ID: 8, Author: "Ann",
				Text: "We do."}},
			Now: When(),
		}
	}

	forms := map[string]view.Form{}
	for name, in := range all {
		form, err := view.NewForm(in)
		if err != nil {
			return nil, fmt.Errorf("viewtest: %s: %w", name, err)
		}
		forms[name] = form
	}

	return forms, nil
}

// Canned returns the canned replies that an agent may use in the stock conversation.
func Canned() []bridge.Canned {
	return []bridge.Canned{
		{Keyword: "delay", Topic: "Shipping", Text: "Hello Kim <&>, parcel {{parcel}} is late."},
		{Keyword: "bye", Text: "Have a nice day!", Own: true},
	}
}

// Suggested returns replies as an analysis of the customer's messages suggests them.
func Suggested() []bridge.SuggestedReply {
	return []bridge.SuggestedReply{
		{Text: "You can send it back within 30 days.", Sources: []bridge.SourceRef{{
			Title: "Returns & exchanges",
			Link:  "https://acme.test/returns",
		}}},
		{Text: "Please send us a photo of it.\n\nThen we choose *together* what is best.", Sources: []bridge.SourceRef{
			{Title: "Conversation #7"},
			{Title: "Damaged goods", Link: "https://acme.test/damaged"},
		}},
		{Text: "We are sorry for that."},
	}
}

// Pick returns the form that asks to which conversation a Snooze applies.
func (s Samples) Pick() (view.Form, error) {
	return view.Pick(bridge.VerbSnooze, bridge.Args{Until: "2h"}, []bridge.Facts{s.Facts()})
}

// formInputs returns the inputs of forms that need more than Forms gives to every verb: replies, templates, and the start of
// a conversation.
func (s Samples) formInputs() map[string]view.FormInput {
	template := func(verb bridge.Verb, args *bridge.TemplateArgs) view.FormInput {
		return view.FormInput{
			Verb:      verb,
			Facts:     s.Facts(),
			Args:      bridge.Args{Conversation: sampleConversation, Template: args},
			Templates: Stock(),
			Now:       When(),
		}
	}

	forms := s.replyInputs()
	maps.Copy(forms, map[string]view.FormInput{
		"template_pick": template(bridge.VerbTemplate, nil),
		"template_fill": template(bridge.VerbTemplate, &bridge.TemplateArgs{ID: 7}),
		"template_new":  template(bridge.VerbTemplateEdit, nil),
		"template_edit": template(bridge.VerbTemplateEdit, &bridge.TemplateArgs{ID: 8}),
		"new_account":   {Verb: bridge.VerbNew, Accounts: Accounts()},
		"new_mail": {
			Verb:     bridge.VerbNew,
			Accounts: Accounts(),
			Args:     bridge.Args{StartArgs: bridge.StartArgs{Account: "support-mail", Recipient: "eve@example.org"}},
			Text:     "Hello",
		},
		"new_chat": {Verb: bridge.VerbNew, Accounts: Accounts(), Args: bridge.Args{StartArgs: bridge.StartArgs{Account: "shop-chat"}}},
	})
	return forms
}

// replyInputs returns the inputs of reply forms: while colleagues reply too, for mail, with a suggested reply, and with each
// kind of rich message.
func (s Samples) replyInputs() map[string]view.FormInput {
	withColleagues := s.Facts()
	withColleagues.Replying = s.replyingAgents()
	replyArgs := func(args bridge.ReplyArgs) bridge.Args {
		return bridge.Args{Conversation: sampleConversation, ReplyArgs: args}
	}

	forms := map[string]view.FormInput{
		"reply_beside": {Verb: bridge.VerbReply, Facts: withColleagues, Args: replyArgs(bridge.ReplyArgs{}), Now: When()},
		"reply_mail":   {Verb: bridge.VerbReply, Facts: s.Facts(), Can: bridge.Capabilities{Participants: true}, Now: When()},
		"reply_suggested": {
			Verb:      bridge.VerbReply,
			Facts:     s.Facts(),
			Args:      replyArgs(bridge.ReplyArgs{Suggestion: &bridge.SuggestionArgs{ID: 31, Choice: 1}}),
			Text:      Suggested()[1].Text,
			Suggested: Suggested(),
			Now:       When(),
		},
		"reply_outdated": {
			Verb:  bridge.VerbReply,
			Facts: s.Facts(),
			Args:  replyArgs(bridge.ReplyArgs{Suggestion: &bridge.SuggestionArgs{ID: 30}}),
			Now:   When(),
		},
		"reply_to": {
			Verb:  bridge.VerbReply,
			Facts: s.Facts(),
			Said:  []bridge.Said{{MessageID: sampleMessage, Text: "Do you have lamps?"}, {MessageID: 8, Text: "Red ones?"}},
			Now:   When(),
		},
	}
	for kind := range Riches() {
		forms["reply_"+string(kind)] = view.FormInput{
			Verb:  bridge.VerbReply,
			Facts: s.Facts(),
			Args:  replyArgs(bridge.ReplyArgs{Rich: kind}),
			Text:  "Which *one*?",
			Can:   Accounts()[1].Can,
			Now:   When(),
		}
	}

	return forms
}
