package view

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"parley/bot/verb"
	"parley/bridge"
	"parley/channels/golden"
)

func input(t *testing.T, verb bridge.Verb, f bridge.Facts) FormInput {
	return FormInput{
		Verb: verb, Facts: f, Args: bridge.Args{Message: 34}, Text: "words so far", People: []bridge.AgentRef{ann(), bob(), eve()}, Teams: []string{"Support", "Billing"},
		Tags: []bridge.Tag{{Name: "billing"}, {Name: "vip"}, {Name: "a, b"}}, Now: now(t),
		Templates: stock(),
		Accounts:  accounts(),
	}
}

// Every verb that asks has a form, which fits its bounds and carries its arguments.
//
func TestNewForm(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, u := range verb.All() {
		form, err := NewForm(input(t, u.Name, full(t)))
		if err != nil {
			if u.Needs(bridge.Args{}) {
				t.Errorf("%s has no form: %v", u.Name, err)
			}
			continue
		}
		if u.Name == bridge.VerbNew {
			continue // about no conversation: TestStartForm
		}
		if form.Args.Conversation != 12 || form.Args.Message != 34 || form.Verb != u.Name {
			t.Errorf("%s: the form is about %+v", u.Name, form.Args)
		}
		if len([]rune(form.Title)) > 24 || len([]rune(form.Submit)) > 24 || form.Title == "" || form.Submit == "" {
			t.Errorf("%s: %q %q", u.Name, form.Title, form.Submit)
		}
		b.WriteString(dumpForm(string(u.Name), form))
	}
	in := input(t, bridge.VerbTag, facts(t))
	in.Tags, in.Teams = nil, nil
	b.WriteString(templateForms(t))
	tag, errTag := NewForm(in)
	in.Verb = bridge.VerbAssign
	assign, errAssign := NewForm(in)
	pick, errPick := Pick(bridge.VerbSnooze, bridge.Args{Until: "2h"}, []bridge.Facts{full(t), facts(t)})
	if err := errors.Join(errTag, errAssign, errPick); err != nil {
		t.Fatal(err)
	}
	b.WriteString(dumpForm("tag, none known", tag) + dumpForm("assign, no teams", assign) + dumpForm("pick", pick))
	golden.Text(t, "testdata/form.txt", b.String())
}

// Where a conversation has one owner, the form asks for one person.
func TestAssignFormForOneOwner(t *testing.T) {
	t.Parallel()
	form, err := NewForm(input(t, bridge.VerbAssign, with(full(t), func(f *bridge.Facts) { f.Account.OneOwner = true })))
	if err != nil {
		t.Fatal(err)
	}
	if people := form.Fields[0]; people.Name != "people" || people.Kind != FieldOne || len(people.Options) == 0 || len(people.Value) > 0 {
		t.Errorf("it asks for %+v", people)
	}
}

func TestNewFormRefuses(t *testing.T) {
	t.Parallel()
	f := facts(t)
	for _, c := range []struct {
		verb  bridge.Verb
		facts bridge.Facts
		code  string
	}{
		{bridge.VerbReply, with(f, func(f *bridge.Facts) { f.Status = bridge.StatusResolved }), "resolved"},
		{bridge.VerbReply, with(f, func(f *bridge.Facts) { f.Status = bridge.StatusClosed }), "closed"},
		{bridge.VerbReply, with(f, func(f *bridge.Facts) { f.Account.Mode = "watch" }), "watching"},
		{bridge.VerbReply, with(f, func(f *bridge.Facts) { f.Window.Until = now(t) }), "window_closed"},
		{bridge.VerbSend, with(f, func(f *bridge.Facts) { f.Status = bridge.StatusResolved }), "resolved"},
		{bridge.VerbSnooze, with(f, func(f *bridge.Facts) { f.Status = bridge.StatusResolved }), "not_open"},
		{bridge.VerbAssign, with(f, func(f *bridge.Facts) { f.Status = bridge.StatusClosed }), "not_open"},
		{bridge.VerbUntag, f, "no_tags"}, {bridge.VerbTake, f, "no_form"}, {bridge.VerbUnknown, f, "no_form"},
	} {
		_, err := NewForm(input(t, c.verb, c.facts))
		var p *bridge.Problem
		if !errors.As(err, &p) || p.Code != c.code || p.Text == "" {
			t.Errorf("%s: %v, want %s", c.verb, err, c.code)
		}
		if p != nil && strings.Contains(p.Hint, "Reopen") != (c.facts.Status == bridge.StatusResolved) {
			t.Errorf("%s on a %s conversation: %q; only what is resolved can be reopened", c.verb, c.facts.Status, p.Hint)
		}
	}
	if _, err := NewForm(input(t, bridge.VerbNote, with(f, func(f *bridge.Facts) { f.Status = bridge.StatusResolved }))); err != nil {
		t.Errorf("a note on a resolved conversation: %v", err)
	}
	if _, err := Pick(bridge.VerbTake, bridge.Args{}, nil); err == nil {
		t.Error("there is nothing to pick")
	}
}

// Who opens the snooze form before midnight and hands it in afterwards gets the day that the label named.
//
func TestSnoozeFormAcrossMidnight(t *testing.T) {
	t.Parallel()
	in := input(t, bridge.VerbSnooze, full(t))
	in.Now = time.Date(2026, 11, 20, 23, 50, 0, 0, in.Facts.Zone)
	form, err := NewForm(in)
	if err != nil {
		t.Fatal(err)
	}

	chosen := form.Fields[0].Value // tomorrow, which stands in the form at first
	filled, errs := Submit(form.Verb, form.Args, map[string][]string{"until": chosen}, in.Now.Add(20*time.Minute), in.Facts.Zone)
	if len(errs) > 0 {
		t.Fatalf("handed in after midnight: %v", errs)
	}
	if want := "2026-11-21T09:00:00"; !strings.HasPrefix(filled.Args.Until, want) {
		t.Errorf("snoozed until %s, want %s as the label said", filled.Args.Until, want)
	}
}

//
func TestSubmit(t *testing.T) {
	t.Parallel()
	type v = map[string][]string
	kept := bridge.Args{Conversation: 12}
	for _, c := range []struct {
		verb   bridge.Verb
		values v
		want   bridge.Args
		text   string
		wrong  string // name of the field
	}{
		{verb: bridge.VerbReply, values: v{"text": {" Hello "}}, want: kept, text: "Hello"},
		{verb: bridge.VerbReply, values: v{"text": {"!!wow"}}, want: kept, text: "!wow"},
		{verb: bridge.VerbReply, values: v{"text": {`\note: x`}}, want: kept, text: "note: x"},
		{verb: bridge.VerbReply, values: v{"text": {"resolve"}}, want: kept, text: "resolve"},
		{verb: bridge.VerbReply, values: v{"text": {" "}}, wrong: "text"}, {verb: bridge.VerbReply, wrong: "text"},
		{verb: bridge.VerbReply, values: v{"text": {"note: secret"}}, wrong: "text"}, {verb: bridge.VerbReply, values: v{"text": {"// secret"}}, wrong: "text"}, {verb: bridge.VerbReply, values: v{"text": {"!resolve"}}, wrong: "text"},
		{verb: bridge.VerbNote, values: v{"text": {"!x"}}, want: kept, text: "!x"}, {verb: bridge.VerbNote, values: v{"text": {""}}, wrong: "text"},
		{verb: bridge.VerbAssign, values: v{"people": {"UANN", "UBOB"}, "note": {"hi"}}, want: bridge.Args{Conversation: 12, Agents: []string{"UANN", "UBOB"}, Note: "hi"}},
		{verb: bridge.VerbAssign, values: v{"team": {"Billing"}, "people": {}}, want: bridge.Args{Conversation: 12, Team: "Billing"}},
		{verb: bridge.VerbAssign, values: v{"team": {"Billing"}, "people": {"UANN"}}, wrong: "team"}, {verb: bridge.VerbAssign, wrong: "people"},
		{verb: bridge.VerbTag, values: v{"tags": {"a, b", "vip"}, "new": {"VIP, late"}}, want: bridge.Args{Conversation: 12, Tags: []string{"a, b", "vip", "late"}}},
		{verb: bridge.VerbTag, values: v{"new": {" , "}}, wrong: "new"}, {verb: bridge.VerbUntag, wrong: "tags"},
		{verb: bridge.VerbUntag, values: v{"tags": {"vip"}}, want: bridge.Args{Conversation: 12, Tags: []string{"vip"}}},
		{verb: bridge.VerbTopic, values: v{"note": {"Lamp\nbroken"}}, want: bridge.Args{Conversation: 12, Note: "Lamp broken"}}, {verb: bridge.VerbTopic, wrong: "note"},
		{verb: bridge.VerbSnooze, values: v{"until": {"tomorrow"}}, want: bridge.Args{Conversation: 12, Until: "tomorrow"}},
		{verb: bridge.VerbSnooze, values: v{"until": {"tomorrow"}, "other": {"freitag 14:00"}}, want: bridge.Args{Conversation: 12, Until: "freitag 14:00"}},
		{verb: bridge.VerbSnooze, values: v{"until": {"tomorrow"}, "other": {"soonish"}}, wrong: "other"}, {verb: bridge.VerbSnooze, values: v{"other": {"1.1.2020"}}, wrong: "other"}, {verb: bridge.VerbSnooze, wrong: "until"},
		{verb: bridge.VerbResolve, want: kept}, {verb: bridge.VerbResolve, values: v{"note": {"refunded"}}, want: bridge.Args{Conversation: 12, Note: "refunded"}},
		{verb: bridge.VerbTo, values: v{"addresses": {"a@x.test\nb@x.test"}}, want: bridge.Args{Conversation: 12, Addresses: []string{"a@x.test", "b@x.test"}}},
		{verb: bridge.VerbTo, values: v{"addresses": {"a@x.test\nbob"}}, wrong: "addresses"}, {verb: bridge.VerbTo, wrong: "addresses"}, {verb: bridge.VerbTo, values: v{"addresses": {"-a@x.test"}}, wrong: "addresses"},
		{verb: bridge.VerbCC, values: v{"addresses": {"a@x.test"}, "do": {"add"}}, want: bridge.Args{Conversation: 12, Addresses: []string{"a@x.test"}}},
		{verb: bridge.VerbCC, values: v{"addresses": {"a@x.test"}, "do": {"remove"}}, want: bridge.Args{Conversation: 12, Addresses: []string{"a@x.test"}, Remove: true}},
		{verb: bridge.VerbUndo, values: v{"text": {"ignored"}}, want: kept},
		{verb: bridge.VerbTake, values: v{"conversation": {"7"}}, want: bridge.Args{Conversation: 7}}, {verb: bridge.VerbTake, values: v{"conversation": {"x"}}, wrong: "conversation"}, {verb: bridge.VerbTake, values: v{"conversation": {"-7"}}, wrong: "conversation"},
	} {
		got, errs := Submit(c.verb, kept, c.values, now(t), berlin(t))
		if c.wrong != "" {
			if errs[c.wrong] == "" || len(errs) != 1 || !reflect.DeepEqual(got, Filled{}) {
				t.Errorf("%s %v = %+v %v, want an error at %s", c.verb, c.values, got, errs, c.wrong)
			}
			continue
		}
		if want := (Filled{Verb: c.verb, Args: c.want, Text: c.text}); errs != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s %v = %+v %v, want %+v", c.verb, c.values, got, errs, want)
		}
	}
}

// Errors name fields that the form has, or a surface could not show them.
func TestSubmitErrorsHaveFields(t *testing.T) {
	t.Parallel()
	for _, verb := range []bridge.Verb{bridge.VerbReply, bridge.VerbNote, bridge.VerbAssign, bridge.VerbTag, bridge.VerbUntag, bridge.VerbTopic, bridge.VerbSnooze, bridge.VerbTo, bridge.VerbCC, bridge.VerbAllow} {
		form, err := NewForm(input(t, verb, full(t)))
		if err != nil {
			t.Fatal(err)
		}
		_, errs := Submit(verb, form.Args, nil, now(t), time.UTC)
		for name := range errs {
			found := false
			for _, f := range form.Fields {
				found = found || f.Name == name
			}
			if !found {
				t.Errorf("%s: an error at %q, which the form doesn't have", verb, name)
			}
		}
		if len(errs) == 0 {
			t.Errorf("%s: an empty form is accepted", verb)
		}
	}
}
