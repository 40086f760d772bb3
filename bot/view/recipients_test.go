package view

import (
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bridge"
)

// people returns a person for each name, with an address made of it.
func people(names ...string) (list []bridge.PartyRef) {
	for _, n := range names {
		list = append(list, bridge.PartyRef{Name: n, Address: strings.ToLower(n) + "@x.test"})
	}
	return list
}

// leeAndMia are recipients with a copy for Dan. Spy wrote to the thread, and isn't allowed yet.
func leeAndMia() bridge.Recipients {
	return bridge.Recipients{
		To:      []bridge.PartyRef{{Name: "Lee", Address: "lee@x.test"}, {Address: "mia@x.test"}},
		Cc:      []bridge.PartyRef{{Name: "Dan", Address: "dan@x.test"}},
		Waiting: []bridge.PartyRef{{Address: "spy@x.test"}},
	}
}

// The form of recipients has those to whom replies go, and nobody else. Submitted unchanged it neither allows a
// sender who waits for that nor makes a copy a recipient.
func TestRecipientsFormHoldsWhomRepliesGoTo(t *testing.T) {
	t.Parallel()
	f := facts(t)
	f.Recipients = leeAndMia() // !to replaced the customer
	form := mustForm(t, FormInput{Verb: bridge.VerbTo, Facts: f, Now: now(t)})
	filled := mustSubmit(t, form, map[string][]string{"addresses": form.Fields[0].Value})
	if want := []string{"lee@x.test", "mia@x.test"}; !slices.Equal(filled.Args.Addresses, want) {
		t.Errorf("submitted unchanged: got %q, want %q", filled.Args.Addresses, want)
	}
	wantWords(t, dumpForm("to", form), "dan@x.test", "Not allowed yet: spy@x.test")
}

// A card names who is in copy, and of many the first three. It names to whom replies go if that isn't the customer.
func TestCardNamesWhoIsInCopy(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name       string
		recipients bridge.Recipients
		want       string
	}{
		{name: "one copy", recipients: bridge.Recipients{Cc: people("Lucía")}, want: "Cc: Lucía"},
		{name: "five copies", recipients: bridge.Recipients{Cc: people("A", "B", "C", "D", "E")}, want: "Cc: A, B, C and 2 more"},
		{name: "others in the customer's place", recipients: leeAndMia(), want: "Replies go to lee@x.test, mia@x.test · Cc: Dan"},
		{name: "a copy of the customer's mail alone", recipients: bridge.Recipients{Copied: people("Lucía")}, want: "Cc: Lucía (gets no replies)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.recipients.To == nil {
				tt.recipients.To = facts(t).Recipients.To
			}
			wantWords(t, dump("root", Root(with(facts(t), func(f *bridge.Facts) { f.Recipients = tt.recipients }))), tt.want)
		})
	}
}

// replyByMail is a reply to a mail, which goes to Lee and Mia.
func replyByMail(t *testing.T) FormInput {
	t.Helper()
	f := with(facts(t), func(f *bridge.Facts) { f.Recipients = leeAndMia() })
	return FormInput{Verb: bridge.VerbReply, Facts: f, Can: bridge.Capabilities{Participants: true}, Now: now(t)}
}

// typedReply returns what is submitted if somebody writes a text and leaves the recipients as the form has them.
func typedReply(form Form) map[string][]string {
	typed := map[string][]string{"text": {"Hello"}}
	for _, field := range form.Fields {
		if field.Name == "to" || field.Name == "cc" {
			typed[field.Name] = field.Value
		}
	}
	return typed
}

// The form of a reply to a mail shows to whom it goes. A sender who isn't allowed yet is named, but in no field.
func TestReplyFormNamesItsRecipients(t *testing.T) {
	t.Parallel()
	form := mustForm(t, replyByMail(t))
	wantWords(t, dumpForm("reply", form), "lee@x.test, mia@x.test", "Gets nothing until somebody allows it: spy@x.test")
	for name, values := range typedReply(form) {
		if strings.Contains(strings.Join(values, " "), "spy@x.test") {
			t.Errorf("the field %s has %q, want it without spy@x.test", name, values)
		}
	}
}

func TestReplyFormRefusesRecipients(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		to, cc    string
		wantField string
	}{
		{name: "nobody", to: "", wantField: "to"},
		{name: "a copy for a phone", to: "lee@x.test", cc: "+49 171 5550100", wantField: "cc"},
		{name: "a copy for a phone without spaces", to: "lee@x.test", cc: "+491715550100", wantField: "cc"},
		{name: "a copy that is taken out by a command's sign", to: "lee@x.test", cc: "-dan@x.test", wantField: "cc"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			typed := map[string][]string{"text": {"Hello"}, "to": {tt.to}, "cc": {tt.cc}}
			_, problems := Submit(bridge.VerbReply, mustForm(t, replyByMail(t)).Args, typed, now(t), time.UTC)
			if problems[tt.wantField] == "" {
				t.Errorf("got the problems %v, want one at %q", problems, tt.wantField)
			}
		})
	}
}
