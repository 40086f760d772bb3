package view

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"parley/bot/verb"
	"parley/bridge"
	"parley/channels/golden"
)

// input is what a verb's form is made of, about a conversation with these facts.
func input(t *testing.T, verb bridge.Verb, f bridge.Facts) FormInput {
	return FormInput{
		Verb:      verb,
		Facts:     f,
		Args:      bridge.Args{Message: 34},
		Text:      "words so far",
		People:    []bridge.AgentRef{ann(), bob(), eve()},
		Teams:     []string{"Support", "Billing"},
		Tags:      []bridge.Tag{{Name: "billing"}, {Name: "vip"}, {Name: "a, b"}},
		Now:       now(t),
		Templates: stock(),
		Accounts:  accounts(),
	}
}

func mustForm(t *testing.T, in FormInput) Form {
	t.Helper()
	form, err := NewForm(in)
	if err != nil {
		t.Fatalf("the form of %s: %v", in.Verb, err)
	}
	return form
}

// mustSubmit submits a form that is filled in as it should be.
func mustSubmit(t *testing.T, form Form, values map[string][]string) Filled {
	t.Helper()
	filled, problems := Submit(form.Verb, form.Args, values, now(t), time.UTC)
	if len(problems) > 0 {
		t.Fatalf("%s with %q is refused: %v", form.Verb, values, problems)
	}
	return filled
}

// wantFieldProblem checks that submitting found one problem, at this field, and gave nothing to act on.
func wantFieldProblem(t *testing.T, got Filled, problems map[string]string, field string) {
	t.Helper()
	if len(problems) != 1 || problems[field] == "" {
		t.Errorf("problems %v, want one at the field %s", problems, field)
	}
	if !reflect.DeepEqual(got, Filled{}) {
		t.Errorf("got %+v beside a problem, want nothing", got)
	}
}

// wantFilled checks what a form was read as.
func wantFilled(t *testing.T, got Filled, problems map[string]string, want Filled) {
	t.Helper()
	if len(problems) > 0 {
		t.Errorf("problems %v, want none", problems)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

// wantProblem checks that an error is a problem that people can be told.
func wantProblem(t *testing.T, err error, code string) *bridge.Problem {
	t.Helper()
	var p *bridge.Problem
	if !errors.As(err, &p) {
		t.Fatalf("got error %v, want the problem %q", err, code)
	}
	wantEqual(t, "code of the problem", p.Code, code)
	if p.Text == "" {
		t.Errorf("the problem %q has no words", p.Code)
	}
	return p
}

// wantShort checks that a title or a label fits where surfaces show it.
func wantShort(t *testing.T, what, label string) {
	t.Helper()
	if n := utf8.RuneCountInString(label); n == 0 || n > maxLabelRunes {
		t.Errorf("%s %q has %d characters, want 1 to %d", what, label, n, maxLabelRunes)
	}
}

// Every verb that needs something more has a form, which fits its bounds and carries its arguments.
//
func TestNewForm(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, u := range verb.All() {
		if u.Name == bridge.VerbNew {
			continue // its form is about no conversation: TestStartForm
		}
		in := input(t, u.Name, full(t))
		form, err := NewForm(in)
		if err != nil {
			if u.Needs(bridge.Args{}) {
				t.Errorf("%s has no form: %v", u.Name, err)
			}
			continue
		}
		wantEqual(t, string(u.Name)+": the form's verb", form.Verb, u.Name)
		wantEqual(t, string(u.Name)+": the form's conversation", form.Args.Conversation, in.Facts.ID)
		wantEqual(t, string(u.Name)+": the form's message", form.Args.Message, in.Args.Message)
		wantShort(t, string(u.Name)+": the form's title", form.Title)
		wantShort(t, string(u.Name)+": the form's button", form.Submit)
		b.WriteString(dumpForm(string(u.Name), form))
	}

	b.WriteString(templateForms(t))
	tag, assign := input(t, bridge.VerbTag, facts(t)), input(t, bridge.VerbAssign, facts(t))
	tag.Tags, assign.Teams = nil, nil
	pick, err := Pick(bridge.VerbSnooze, bridge.Args{Until: "2h"}, []bridge.Facts{full(t), facts(t)})
	if err != nil {
		t.Fatal(err)
	}
	b.WriteString(dumpForm("tag, none known", mustForm(t, tag)) + dumpForm("assign, no teams", mustForm(t, assign)) + dumpForm("pick", pick))
	golden.Text(t, "testdata/form.txt", b.String())
}

// If a conversation has one owner at a time, the form asks for one person, and suggests none.
func TestAssignFormForOneOwner(t *testing.T) {
	t.Parallel()
	form := mustForm(t, input(t, bridge.VerbAssign, with(full(t), func(f *bridge.Facts) { f.Account.OneOwner = true })))
	people := form.Fields[0]
	wantEqual(t, "name of the first field", people.Name, "people")
	wantEqual(t, "kind of the first field", people.Kind, FieldOne)
	if len(people.Options) == 0 {
		t.Error("nobody can be chosen")
	}
	wantEqual(t, "people chosen already", len(people.Value), 0)
}

// A form that would come to nothing is refused with a reason. Only for a resolved conversation the hint is to reopen it.
func TestNewFormRefuses(t *testing.T) {
	t.Parallel()
	in := func(s bridge.Status) bridge.Facts { return with(facts(t), func(f *bridge.Facts) { f.Status = s }) }
	for _, tt := range []struct {
		verb  bridge.Verb
		facts bridge.Facts
		code  string
	}{
		{verb: bridge.VerbReply, facts: in(bridge.StatusResolved), code: "resolved"},
		{verb: bridge.VerbReply, facts: in(bridge.StatusClosed), code: "closed"},
		{verb: bridge.VerbReply, facts: with(facts(t), func(f *bridge.Facts) { f.Account.Mode = "watch" }), code: "watching"},
		{verb: bridge.VerbReply, facts: with(facts(t), func(f *bridge.Facts) { f.Window.Until = now(t) }), code: "window_closed"},
		{verb: bridge.VerbReply, facts: with(facts(t), func(f *bridge.Facts) { f.Window = bridge.Window{Closed: true} }), code: "window_closed"},
		{verb: bridge.VerbSend, facts: in(bridge.StatusResolved), code: "resolved"},
		{verb: bridge.VerbSnooze, facts: in(bridge.StatusResolved), code: "not_open"},
		{verb: bridge.VerbAssign, facts: in(bridge.StatusClosed), code: "not_open"},
		{verb: bridge.VerbUntag, facts: facts(t), code: "no_tags"},
		{verb: bridge.VerbTake, facts: facts(t), code: "no_form"},
		{verb: bridge.VerbUnknown, facts: facts(t), code: "no_form"},
	} {
		t.Run(string(tt.verb)+" "+tt.code, func(t *testing.T) {
			_, err := NewForm(input(t, tt.verb, tt.facts))
			p := wantProblem(t, err, tt.code)
			wantEqual(t, "the hint names reopening", strings.Contains(p.Hint, "Reopen"), tt.facts.Status == bridge.StatusResolved)
		})
	}

	t.Run("a note is possible on a resolved conversation", func(t *testing.T) {
		mustForm(t, input(t, bridge.VerbNote, in(bridge.StatusResolved)))
	})
	t.Run("nothing to pick from", func(t *testing.T) {
		if _, err := Pick(bridge.VerbTake, bridge.Args{}, nil); err == nil {
			t.Error("Pick made a form of no conversations, want an error")
		}
	})
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
	about12 := bridge.Args{Conversation: 12}
	for _, tt := range []struct {
		verb      bridge.Verb
		values    v
		args      bridge.Args // wanted
		text      string      // wanted
		problemAt string      // a field; then nothing else is wanted
	}{
		{verb: bridge.VerbReply, values: v{"text": {" Hello "}}, args: about12, text: "Hello"},
		{verb: bridge.VerbReply, values: v{"text": {"!!wow"}}, args: about12, text: "!wow"},
		{verb: bridge.VerbReply, values: v{"text": {`\note: x`}}, args: about12, text: "note: x"},
		{verb: bridge.VerbReply, values: v{"text": {"resolve"}}, args: about12, text: "resolve"},
		{verb: bridge.VerbReply, values: v{"text": {" "}}, problemAt: "text"},
		{verb: bridge.VerbReply, problemAt: "text"},
		{verb: bridge.VerbReply, values: v{"text": {"note: secret"}}, problemAt: "text"},
		{verb: bridge.VerbReply, values: v{"text": {"// secret"}}, problemAt: "text"},
		{verb: bridge.VerbReply, values: v{"text": {"!resolve"}}, problemAt: "text"},
		{verb: bridge.VerbNote, values: v{"text": {"!x"}}, args: about12, text: "!x"},
		{verb: bridge.VerbNote, values: v{"text": {""}}, problemAt: "text"},
		{verb: bridge.VerbAssign, values: v{"people": {"UANN", "UBOB"}, "note": {"hi"}},
			args: bridge.Args{Conversation: 12, Agents: []string{"UANN", "UBOB"}, Note: "hi"}},
		{verb: bridge.VerbAssign, values: v{"team": {"Billing"}, "people": {}}, args: bridge.Args{Conversation: 12, Team: "Billing"}},
		{verb: bridge.VerbAssign, values: v{"team": {"Billing"}, "people": {"UANN"}}, problemAt: "team"},
		{verb: bridge.VerbAssign, problemAt: "people"},
		{verb: bridge.VerbTag, values: v{"tags": {"a, b", "vip"}, "new": {"VIP, late"}},
			args: bridge.Args{Conversation: 12, Tags: []string{"a, b", "vip", "late"}}},
		{verb: bridge.VerbTag, values: v{"new": {" , "}}, problemAt: "new"},
		{verb: bridge.VerbUntag, problemAt: "tags"},
		{verb: bridge.VerbUntag, values: v{"tags": {"vip"}}, args: bridge.Args{Conversation: 12, Tags: []string{"vip"}}},
		{verb: bridge.VerbTopic, values: v{"note": {"Lamp\nbroken"}}, args: bridge.Args{Conversation: 12, Note: "Lamp broken"}},
		{verb: bridge.VerbTopic, problemAt: "note"},
		{verb: bridge.VerbSnooze, values: v{"until": {"tomorrow"}}, args: bridge.Args{Conversation: 12, Until: "tomorrow"}},
		{verb: bridge.VerbSnooze, values: v{"until": {"tomorrow"}, "other": {"freitag 14:00"}},
			args: bridge.Args{Conversation: 12, Until: "freitag 14:00"}},
		{verb: bridge.VerbSnooze, values: v{"until": {"tomorrow"}, "other": {"soonish"}}, problemAt: "other"},
		{verb: bridge.VerbSnooze, values: v{"other": {"1.1.2020"}}, problemAt: "other"},
		{verb: bridge.VerbSnooze, problemAt: "until"},
		{verb: bridge.VerbResolve, args: about12},
		{verb: bridge.VerbResolve, values: v{"note": {"refunded"}}, args: bridge.Args{Conversation: 12, Note: "refunded"}},
		{verb: bridge.VerbTo, values: v{"addresses": {"a@x.test\nb@x.test"}},
			args: bridge.Args{Conversation: 12, Addresses: []string{"a@x.test", "b@x.test"}}},
		{verb: bridge.VerbTo, values: v{"addresses": {"a@x.test\nbob"}}, problemAt: "addresses"},
		{verb: bridge.VerbTo, problemAt: "addresses"},
		{verb: bridge.VerbTo, values: v{"addresses": {"-a@x.test"}}, problemAt: "addresses"},
		{verb: bridge.VerbCC, values: v{"addresses": {"a@x.test"}, "do": {"add"}},
			args: bridge.Args{Conversation: 12, Addresses: []string{"a@x.test"}}},
		{verb: bridge.VerbCC, values: v{"addresses": {"a@x.test"}, "do": {"remove"}},
			args: bridge.Args{Conversation: 12, Addresses: []string{"a@x.test"}, Remove: true}},
		{verb: bridge.VerbUndo, values: v{"text": {"ignored"}}, args: about12},
		{verb: bridge.VerbTake, values: v{"conversation": {"7"}}, args: bridge.Args{Conversation: 7}},
		{verb: bridge.VerbTake, values: v{"conversation": {"x"}}, problemAt: "conversation"},
		{verb: bridge.VerbTake, values: v{"conversation": {"-7"}}, problemAt: "conversation"},
	} {
		t.Run(fmt.Sprintf("%s with %q", tt.verb, tt.values), func(t *testing.T) {
			got, problems := Submit(tt.verb, about12, tt.values, now(t), berlin(t))
			if tt.problemAt != "" {
				wantFieldProblem(t, got, problems, tt.problemAt)
				return
			}
			wantFilled(t, got, problems, Filled{Verb: tt.verb, Args: tt.args, Text: tt.text})
		})
	}
}

// Every form refuses to be submitted empty, with problems at fields that it has: a surface can't show others.
func TestProblemsHaveFields(t *testing.T) {
	t.Parallel()
	for _, verb := range []bridge.Verb{
		bridge.VerbReply, bridge.VerbNote, bridge.VerbAssign, bridge.VerbTag, bridge.VerbUntag, bridge.VerbTopic,
		bridge.VerbSnooze, bridge.VerbTo, bridge.VerbCC, bridge.VerbAllow,
	} {
		t.Run(string(verb), func(t *testing.T) {
			form := mustForm(t, input(t, verb, full(t)))
			_, problems := Submit(verb, form.Args, nil, now(t), time.UTC)
			if len(problems) == 0 {
				t.Error("an empty form is accepted")
			}
			wantProblemsAtFields(t, form, problems)
		})
	}
}

func wantProblemsAtFields(t *testing.T, form Form, problems map[string]string) {
	t.Helper()
	for name, problem := range problems {
		if !slices.ContainsFunc(form.Fields, func(f Field) bool { return f.Name == name }) {
			t.Errorf("the problem %q is at %q, a field that the form doesn't have", problem, name)
		}
	}
}
