package view

import (
	"errors"
	"reflect"
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
	busy := bob()
	busy.Room = "5/8"
	return FormInput{
		Verb:      verb,
		Facts:     f,
		Args:      bridge.Args{Message: 34},
		Text:      "words so far",
		People:    []bridge.AgentRef{ann(), busy, eve()}, // requirement R-122: Hand over with a note
		Teams:     []string{"Support", "Billing"},
		Tags:      []bridge.Tag{{Name: "billing"}, {Name: "vip"}, {Name: "a, b"}},
		Now:       now(t),
		Templates: stock(),
		Accounts:  accounts(),
		Spoken:    []bridge.SpokenMessage{{ID: 7, Author: "Eve", Text: "Do you have lamps?"}},
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
func wantProblem(t *testing.T, err error, code bridge.Reason) *bridge.Problem {
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

// Every verb that needs more than a click has a form, which fits the bounds of surfaces and carries its arguments.
// Requirement R-072: Send by the chat's own keys.
// Requirement R-241: Colleagues see who writes.
func TestNewForm(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, u := range verb.All() {
		if u.Name == bridge.VerbNew || u.Name == bridge.VerbSeveral {
			continue // its form is about no conversation: TestStartForm, or about several
		}
		in := input(t, u.Name, full(t))
		form, err := NewForm(in)
		if err != nil {
			if u.Needs(bridge.Args{}) {
				t.Errorf("%s has no form: %v", u.Name, err)
			}
			continue
		}
		if u.Name != bridge.VerbCanned { // its form is that of a reply
			wantEqual(t, string(u.Name)+": the form's verb", form.Verb, u.Name)
		}
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
	noError(t, err)
	b.WriteString(dumpForm("tag, none known", mustForm(t, tag)) + dumpForm("assign, no teams", mustForm(t, assign)) + dumpForm("pick", pick))
	golden.Text(t, "testdata/form.txt", b.String())
}

// wantRefusedForm checks that there is no form, and why.
func wantRefusedForm(t *testing.T, verb bridge.Verb, facts bridge.Facts, code bridge.Reason) *bridge.Problem {
	t.Helper()
	_, err := NewForm(input(t, verb, facts))
	return wantProblem(t, err, code)
}

// withStatus are the facts of a conversation in a state.
func withStatus(t *testing.T, s bridge.Status) bridge.Facts {
	t.Helper()
	return with(facts(t), func(f *bridge.Facts) { f.Status = s })
}

// A form that could lead to nothing is refused. For a resolved conversation the hint is to reopen it.
func TestNewFormOfAResolvedConversation(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		verb     bridge.Verb
		wantCode bridge.Reason
	}{
		{verb: bridge.VerbReply, wantCode: "resolved"},
		{verb: bridge.VerbSend, wantCode: "resolved"},
		{verb: bridge.VerbSnooze, wantCode: "not_open"},
	} {
		t.Run(string(tt.verb), func(t *testing.T) {
			t.Parallel()
			resolved := withStatus(t, bridge.StatusResolved)
			p := wantRefusedForm(t, tt.verb, resolved, tt.wantCode)
			if !strings.Contains(p.Hint, "Reopen") {
				t.Errorf("got the hint %q, want it to name reopening", p.Hint)
			}

			resolved.Next = 13
			p = wantRefusedForm(t, tt.verb, resolved, tt.wantCode)
			wantEqual(t, "the hint where another one continues it", p.Hint, "It goes on in #13. If that is over, too, reopen this one.")
		})
	}
}
