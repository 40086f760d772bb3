package view

import (
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bridge"
)

// about12 are the arguments of a form about conversation 12, to which what is submitted is added.
func about12() bridge.Args { return bridge.Args{Conversation: 12} }

// Requirement R-154: Choose tags or make them on the way.
func TestSubmit(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		verb     bridge.Verb
		args     bridge.Args // of the form, besides the conversation
		values   formValues
		wantArgs bridge.Args
		wantText string
	}{
		{
			name: "reply: blanks around it", verb: bridge.VerbReply, values: formValues{"text": {" Hello "}},
			wantArgs: about12(), wantText: "Hello",
		},
		{
			name: "reply: an escaped sign", verb: bridge.VerbReply, values: formValues{"text": {"!!wow"}},
			wantArgs: about12(), wantText: "!wow",
		},
		{
			name:     "reply: an escaped note",
			verb:     bridge.VerbReply,
			values:   formValues{"text": {`\note: x`}},
			wantArgs: about12(),
			wantText: "note: x",
		},
		{
			name: "reply: a command without its sign", verb: bridge.VerbReply, values: formValues{"text": {"resolve"}},
			wantArgs: about12(), wantText: "resolve",
		},
		{
			name: "note: a sign, which is no command in a note", verb: bridge.VerbNote, values: formValues{"text": {"!x"}},
			wantArgs: about12(), wantText: "!x",
		},
		{
			name: "assign: two people", verb: bridge.VerbAssign, values: formValues{"people": {"UANN", "UBOB"}, "note": {"hi"}},
			wantArgs: bridge.Args{Conversation: 12, Agents: []string{"UANN", "UBOB"}, Note: "hi"},
		},
		{
			name: "assign: a team", verb: bridge.VerbAssign, values: formValues{"team": {"Billing"}, "people": {}},
			wantArgs: bridge.Args{Conversation: 12, Team: "Billing"},
		},
		{
			name:     "assign: a team in place of the owners, who stay chosen",
			verb:     bridge.VerbAssign,
			args:     bridge.Args{Agents: []string{"UANN", "UBOB"}},
			values:   formValues{"team": {"Billing"}, "people": {"UANN", "UBOB"}},
			wantArgs: bridge.Args{Conversation: 12, Team: "Billing"},
		},
		{
			name:     "tag: chosen and new tags",
			verb:     bridge.VerbTag,
			values:   formValues{"tags": {"a, b", "vip"}, "new": {"VIP, late"}},
			wantArgs: bridge.Args{Conversation: 12, Tags: []string{"a, b", "vip", "late"}},
		},
		{
			name: "untag: a tag", verb: bridge.VerbUntag, values: formValues{"tags": {"vip"}},
			wantArgs: bridge.Args{Conversation: 12, Tags: []string{"vip"}},
		},
		{
			name: "topic: two lines", verb: bridge.VerbTopic, values: formValues{"note": {"Lamp\nbroken"}},
			wantArgs: bridge.Args{Conversation: 12, Note: "Lamp broken"},
		},
		{
			name: "snooze: a choice", verb: bridge.VerbSnooze, values: formValues{"until": {"tomorrow"}},
			wantArgs: bridge.Args{Conversation: 12, Until: "tomorrow"},
		},
		{
			name:     "snooze: a time that is typed goes before the choice",
			verb:     bridge.VerbSnooze,
			values:   formValues{"until": {"tomorrow"}, "other": {"freitag 14:00"}},
			wantArgs: bridge.Args{Conversation: 12, Until: "freitag 14:00"},
		},
		{name: "resolve: no note", verb: bridge.VerbResolve, wantArgs: about12()},
		{
			name: "resolve: a note", verb: bridge.VerbResolve, values: formValues{"note": {"refunded"}},
			wantArgs: bridge.Args{Conversation: 12, Note: "refunded"},
		},
		{
			name: "to: two addresses", verb: bridge.VerbTo, values: formValues{"addresses": {"a@x.test\nb@x.test"}},
			wantArgs: bridge.Args{Conversation: 12, Addresses: []string{"a@x.test", "b@x.test"}},
		},
		{
			name: "cc: one to add", verb: bridge.VerbCC, values: formValues{"addresses": {"a@x.test"}, "do": {"add"}},
			wantArgs: bridge.Args{Conversation: 12, Addresses: []string{"a@x.test"}},
		},
		{
			name: "cc: one to take out", verb: bridge.VerbCC, values: formValues{"addresses": {"a@x.test"}, "do": {"remove"}},
			wantArgs: bridge.Args{Conversation: 12, Addresses: []string{"a@x.test"}, Remove: true},
		},
		{
			name: "undo: a field that it does not have", verb: bridge.VerbUndo, values: formValues{"text": {"ignored"}},
			wantArgs: about12(),
		},
		{
			name: "take: another conversation", verb: bridge.VerbTake, values: formValues{"conversation": {"7"}},
			wantArgs: bridge.Args{Conversation: 7},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.args.Conversation = 12
			got, problems := Submit(tt.verb, tt.args, tt.values, now(t), berlin(t))
			wantFilled(t, got, problems, Filled{Verb: tt.verb, Args: tt.wantArgs, Text: tt.wantText})
		})
	}
}

// Requirement R-154: Choose tags or make them on the way.
func TestSubmitRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		verb      bridge.Verb
		values    formValues
		wantField string
	}{
		{name: "reply: blanks", verb: bridge.VerbReply, values: formValues{"text": {" "}}, wantField: "text"},
		{name: "reply: nothing", verb: bridge.VerbReply, wantField: "text"},
		{name: "reply: a note", verb: bridge.VerbReply, values: formValues{"text": {"note: secret"}}, wantField: "text"},
		{name: "reply: a note by its sign", verb: bridge.VerbReply, values: formValues{"text": {"// secret"}}, wantField: "text"},
		{name: "reply: a command", verb: bridge.VerbReply, values: formValues{"text": {"!resolve"}}, wantField: "text"},
		{name: "note: nothing", verb: bridge.VerbNote, values: formValues{"text": {""}}, wantField: "text"},
		{name: "assign: a team and a person", verb: bridge.VerbAssign, values: formValues{"team": {"Billing"}, "people": {"UANN"}}, wantField: "team"},
		{name: "assign: nobody", verb: bridge.VerbAssign, wantField: "people"},
		{name: "tag: no tag among commas", verb: bridge.VerbTag, values: formValues{"new": {" , "}}, wantField: "new"},
		{name: "tag: one that is too long", verb: bridge.VerbTag, values: formValues{"new": {"late, " + strings.Repeat("x", 41)}}, wantField: "new"},
		{name: "untag: nothing", verb: bridge.VerbUntag, wantField: "tags"},
		{name: "topic: nothing", verb: bridge.VerbTopic, wantField: "note"},
		{name: "snooze: an unreadable time", verb: bridge.VerbSnooze, values: formValues{"until": {"tomorrow"}, "other": {"soonish"}}, wantField: "other"},
		{name: "snooze: a day that is over", verb: bridge.VerbSnooze, values: formValues{"other": {"1.1.2020"}}, wantField: "other"},
		{name: "snooze: nothing", verb: bridge.VerbSnooze, wantField: "until"},
		{name: "to: one that isn't an address", verb: bridge.VerbTo, values: formValues{"addresses": {"a@x.test\nbob"}}, wantField: "addresses"},
		{name: "to: nothing", verb: bridge.VerbTo, wantField: "addresses"},
		{name: "to: one to take out", verb: bridge.VerbTo, values: formValues{"addresses": {"-a@x.test"}}, wantField: "addresses"},
		{name: "take: no number", verb: bridge.VerbTake, values: formValues{"conversation": {"x"}}, wantField: "conversation"},
		{name: "take: a negative number", verb: bridge.VerbTake, values: formValues{"conversation": {"-7"}}, wantField: "conversation"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, problems := Submit(tt.verb, about12(), tt.values, now(t), berlin(t))
			wantFieldProblem(t, got, problems, tt.wantField)
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
