package view

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bridge"
)

// The form of recipients holds those to whom replies go, and only them: saved unchanged it allows
// nobody who waits and makes no copy a recipient.
func TestRecipientsFormHoldsWhomRepliesGoTo(t *testing.T) {
	t.Parallel()
	f := facts(t)
	f.Recipients.To = []bridge.PartyRef{{Name: "Lee", Address: "lee@x.test"}, {Address: "mia@x.test"}} // !to replaced the customer
	f.Recipients.Cc = []bridge.PartyRef{{Name: "Dan", Address: "dan@x.test"}}
	f.Recipients.Waiting = []bridge.PartyRef{{Address: "spy@y.test"}}
	form, err := NewForm(FormInput{Verb: bridge.VerbTo, Facts: f, Now: now(t)})
	if err != nil {
		t.Fatal(err)
	}
	filled, problems := Submit(bridge.VerbTo, form.Args, map[string][]string{"addresses": form.Fields[0].Value}, now(t), time.UTC)
	if want := []string{"lee@x.test", "mia@x.test"}; len(problems) > 0 || !slices.Equal(filled.Args.Addresses, want) {
		t.Errorf("saved unchanged it names %q, %v; want %q", filled.Args.Addresses, problems, want)
	}
	if intro := dumpForm("to", form); !strings.Contains(intro, "dan@x.test") || !strings.Contains(intro, "Not allowed yet: spy@y.test") {
		t.Errorf("the form does not show who else there is:\n%s", intro)
	}
}

// A card names who is in copy, and of many the first.
func TestCardNamesWhoIsInCopy(t *testing.T) {
	t.Parallel()
	people := func(names ...string) (list []bridge.PartyRef) {
		for _, n := range names {
			list = append(list, bridge.PartyRef{Name: n, Address: strings.ToLower(n) + "@x.test"})
		}
		return list
	}
	for want, change := range map[string]func(*bridge.Facts){
		"Cc: Lucía":                    func(f *bridge.Facts) { f.Recipients.Cc = people("Lucía") },
		"Cc: A, B, C and 2 more":       func(f *bridge.Facts) { f.Recipients.Cc = people("A", "B", "C", "D", "E") },
		"Cc: Lucía (gets no replies)":  func(f *bridge.Facts) { f.Recipients.Copied = people("Lucía") },
		"No longer among them: Lucía ": nil,
	} {
		shown := ""
		if change == nil {
			shown = dump("line", Line(bridge.Line{Content: &bridge.RecipientsLine{Without: people("Lucía")}}, facts(t)))
		} else {
			shown = dump("root", Root(with(facts(t), change)))
		}
		if !strings.Contains(shown, want) {
			t.Errorf("%q is not in\n%s", want, shown)
		}
	}
}

// The card of a thread that was left leads to where the conversation goes on, and offers nothing.
func TestCardOfAThreadThatWasLeft(t *testing.T) {
	t.Parallel()
	left := Root(with(facts(t), func(f *bridge.Facts) { f.Thread.Left, f.Team = true, "Billing" }))
	if shown := dump("root", left); !strings.Contains(shown, "goes on in <thread Billing C1 100.1>") || len(left.Buttons) != 0 || len(left.Blocks) != 1 {
		t.Errorf("the card of a thread that was left is\n%s", shown)
	}
	elsewhere := Root(with(facts(t), func(f *bridge.Facts) {
		f.Thread.Left, f.Thread.Root, f.Thread.Elsewhere = true, bridge.Place{}, "Teams"
	}))
	if shown := dump("root", elsewhere); !strings.Contains(shown, " in Teams") {
		t.Errorf("the card of a thread that was left for another chat is\n%s", shown)
	}
}

// The form of a mail's reply names whom it goes to. Handed in as it is it names the same people
// again; a newcomer who waits is told, but in no field.
func TestReplyFormNamesItsRecipients(t *testing.T) {
	t.Parallel()
	f := facts(t)
	f.Recipients.To, f.Recipients.Cc = []bridge.PartyRef{{Name: "Lee", Address: "lee@x.test"}, {Address: "mia@x.test"}}, []bridge.PartyRef{{Address: "dan@x.test"}}
	f.Recipients.Waiting = []bridge.PartyRef{{Address: "spy@y.test"}}
	in := FormInput{Verb: bridge.VerbReply, Facts: f, Can: bridge.Capabilities{Participants: true}, Now: now(t)}
	open := func() (Form, map[string][]string) {
		t.Helper()
		form, err := NewForm(in)
		if err != nil {
			t.Fatal(err)
		}
		typed := map[string][]string{"text": {"Hello"}}
		for _, field := range form.Fields {
			if field.Name == "to" || field.Name == "cc" {
				typed[field.Name] = field.Value
			}
		}
		return form, typed
	}
	form, typed := open()
	if shown := dumpForm("reply", form); !strings.Contains(shown, "lee@x.test, mia@x.test") || !strings.Contains(shown, "Gets nothing until somebody allows it: spy@y.test") {
		t.Errorf("the form is\n%s", shown)
	}
	filled, problems := Submit(bridge.VerbReply, form.Args, typed, now(t), time.UTC)
	if len(problems) > 0 || bridge.RecipientsMark(filled.Args.To, filled.Args.Cc) != form.Args.Shown {
		t.Errorf("unchanged it names %q, %q, %v", filled.Args.To, filled.Args.Cc, problems)
	}
	typed["cc"], typed["add"] = nil, []string{string(bridge.RichIsButtons)}
	filled, _ = Submit(bridge.VerbReply, form.Args, typed, now(t), time.UTC)
	if !filled.Next || len(filled.Args.To) != 2 || len(filled.Args.Cc) != 0 || bridge.RecipientsMark(filled.Args.To, filled.Args.Cc) == form.Args.Shown {
		t.Errorf("the first step without copies gives %+v", filled)
	}
	in.Args = filled.Args
	second, _ := open()
	if intro := dumpForm("second", second); strings.Contains(intro, "dan@x.test") {
		t.Errorf("the second step names who was taken out:\n%s", intro)
	}
	filled, _ = Submit(bridge.VerbReply, second.Args, map[string][]string{"text": {"Hello"}, "choices": {"Yes"}}, now(t), time.UTC)
	if len(filled.Args.To) != 2 || len(filled.Args.Cc) != 0 || filled.Args.Shown == "" {
		t.Errorf("the second step gives %+v", filled.Args)
	}
	for field, wrong := range map[string]string{"to": "", "cc": "+49 171 5550100"} {
		typed := map[string][]string{"text": {"Hello"}, "to": {"lee@x.test"}, field: {wrong}}
		if _, problems := Submit(bridge.VerbReply, form.Args, typed, now(t), time.UTC); problems[field] == "" {
			t.Errorf("%s: %q is taken", field, wrong)
		}
	}
	many := make([]bridge.PartyRef, 60)
	for i := range many {
		many[i].Address = fmt.Sprintf("somebody%d@example.org", i)
	}
	for what, cc := range map[string][]bridge.PartyRef{"long": many, "odd": {{Address: "lee(home)@x.test"}}} {
		in.Args, in.Facts.Recipients.Cc = bridge.Args{}, cc
		if form, typed := open(); len(typed["to"]) != 0 || form.Args.Shown != "" {
			t.Errorf("a list that is too %s for a field is offered to be changed", what)
		}
	}
}
