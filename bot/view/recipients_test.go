package view

import (
	"fmt"
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

// A line names the people who were taken out of the recipients.
func TestLineNamesWhoGetsNoMoreReplies(t *testing.T) {
	t.Parallel()
	line := bridge.Line{Content: &bridge.RecipientsLine{Without: people("Lucía")}}
	wantWords(t, dump("line", Line(line, facts(t))), "No longer among them: Lucía ")
}

// When a conversation has gone on elsewhere, the card of its former thread leads there, and offers no buttons.
func TestCardOfAThreadThatWasLeft(t *testing.T) {
	t.Parallel()
	t.Run("for another thread", func(t *testing.T) {
		left := Root(with(facts(t), func(f *bridge.Facts) { f.Thread.Left, f.Team = true, "Billing" }))
		wantWords(t, dump("root", left), "goes on in <thread Billing C1 100.1>")
		wantOneLine(t, left)
	})

	t.Run("for another chat", func(t *testing.T) {
		left := Root(with(facts(t), func(f *bridge.Facts) {
			f.Thread.Left, f.Thread.Root, f.Thread.Elsewhere = true, bridge.Place{}, "Teams"
		}))
		wantWords(t, dump("root", left), " in Teams")
	})

	t.Run("for a channel that not everybody may read", func(t *testing.T) {
		f := with(facts(t), func(f *bridge.Facts) { f.Thread.Left, f.Thread.Secluded, f.Team = true, true, "Billing" })
		left := dump("root", Root(f))
		wantWords(t, left, "#12", "goes on in <thread Billing C1 100.1>")
		for _, secret := range []string{f.Contact.Name, f.Subject} {
			if strings.Contains(left, secret) {
				t.Errorf("got %q, want it without %q", left, secret)
			}
		}
	})
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

// wantRecipients checks to whom a reply goes.
func wantRecipients(t *testing.T, got bridge.Args, to, cc []string) {
	t.Helper()
	if !slices.Equal(got.To, to) {
		t.Errorf("goes to %q, want %q", got.To, to)
	}
	if !slices.Equal(got.Cc, cc) {
		t.Errorf("goes in copy to %q, want %q", got.Cc, cc)
	}
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

func TestReplyFormSubmittedUnchangedKeepsItsRecipients(t *testing.T) {
	t.Parallel()
	form := mustForm(t, replyByMail(t))
	filled := mustSubmit(t, form, typedReply(form))
	wantRecipients(t, filled.Args, []string{"lee@x.test", "mia@x.test"}, []string{"dan@x.test"})
	wantEqual(t, "mark of the recipients", bridge.RecipientsMark(filled.Args.To, filled.Args.Cc), form.Args.Shown)
}

// submitWithoutCopy submits the first step of a reply's form, from which Dan's copy was taken out. The reply is to
// have buttons, which a second step asks for.
func submitWithoutCopy(t *testing.T, first Form) Filled {
	t.Helper()
	typed := typedReply(first)
	typed["cc"] = nil
	typed["add"] = []string{string(bridge.RichIsButtons)}
	filled := mustSubmit(t, first, typed)
	wantEqual(t, "a second step follows", filled.Next, true)
	return filled
}

func TestReplyFormTakesARecipientOut(t *testing.T) {
	t.Parallel()
	form := mustForm(t, replyByMail(t))
	filled := submitWithoutCopy(t, form)
	wantRecipients(t, filled.Args, []string{"lee@x.test", "mia@x.test"}, nil)
	if bridge.RecipientsMark(filled.Args.To, filled.Args.Cc) == form.Args.Shown {
		t.Error("the recipients count as unchanged, want them to count as changed")
	}
}

// A recipient who is taken out in the first step stays out in the second.
func TestSecondStepOfAReplyKeepsItsRecipients(t *testing.T) {
	t.Parallel()
	in := replyByMail(t)
	in.Args = submitWithoutCopy(t, mustForm(t, in)).Args
	second := mustForm(t, in)
	if shown := dumpForm("second", second); strings.Contains(shown, "dan@x.test") {
		t.Errorf("the second step names who was taken out:\n%s", shown)
	}
	last := mustSubmit(t, second, map[string][]string{"text": {"Hello"}, "choices": {"Yes"}})
	wantRecipients(t, last.Args, []string{"lee@x.test", "mia@x.test"}, nil)
	if last.Args.Shown == "" {
		t.Error("the second step forgot which recipients the form had shown")
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

// Recipients that don't fit into a field can't be changed: the form has no field for them.
func TestReplyFormWithoutFieldsForRecipients(t *testing.T) {
	t.Parallel()
	var many []bridge.PartyRef
	for i := range 60 {
		many = append(many, bridge.PartyRef{Address: fmt.Sprintf("somebody%d@example.org", i)})
	}
	for _, tt := range []struct {
		name string
		cc   []bridge.PartyRef
	}{
		{name: "a list that is too long", cc: many},
		{name: "an address with a comment", cc: []bridge.PartyRef{{Address: "lee(home)@x.test"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := replyByMail(t)
			in.Facts.Recipients.Cc = tt.cc
			form := mustForm(t, in)
			wantEqual(t, "recipients in the form's field", len(typedReply(form)["to"]), 0)
			wantEqual(t, "mark of the recipients that were shown", form.Args.Shown, "")
		})
	}
}
