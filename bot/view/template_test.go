package view

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"parley/bridge"
	"parley/channels/golden"
)

// stock are templates of one account.
func stock() bridge.Templates {
	return bridge.Templates{Accounts: []string{"wa", "support-mail"}, Admin: true, Known: map[string]string{"first_name": "Carla", "agent_name": "Bob Ray"},
		List: []bridge.Template{
			{ID: 7, Version: 2, Account: "wa", Name: "Order update", Language: "en", Category: "utility", Uses: []string{"reply", "window"}, Labels: []string{"Orders"},
				Header: "Order", Body: "Hello {{first_name}}, your quote {{quote_number}} is ready.", Footer: "Acme", Variables: []string{"first_name", "quote_number"},
				Examples: map[string]string{"first_name": "Ann", "quote_number": "Q-1042"}, Status: "approved", Buttons: []bridge.TemplateButton{{Title: "Track it", URL: "https://shop.example"}, {Title: "Call me"}}},
			{ID: 8, Version: 1, Account: "wa", Name: "Hello again", Language: "de", Category: "utility", ProviderCategory: "marketing", Uses: []string{"window"}, Labels: []string{"Care", "Orders"},
				Body: "Hallo {{first_name}}, sind Sie noch da?", Variables: []string{"first_name"}, Status: "approved", Quality: "yellow"},
			{ID: 9, Version: 1, Account: "wa", Name: "Spring", Language: "en", Category: "marketing", Uses: []string{"start"}, Body: "Buy!", Status: "rejected", Reason: "Too <loud>."},
		}}
}

// templateForms are all steps of both forms.
func templateForms(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	for _, c := range []struct {
		name string
		verb bridge.Verb
		args *bridge.TemplateArgs
		note string
	}{
		{"labelled", bridge.VerbTemplate, &bridge.TemplateArgs{Label: "Care"}, ""},
		{"named", bridge.VerbTemplate, nil, "hello AGAIN"},
		{"fill", bridge.VerbTemplate, &bridge.TemplateArgs{ID: 7}, ""},
		{"missing", bridge.VerbTemplate, &bridge.TemplateArgs{ID: 7, Values: map[string]string{"first_name": "*Carla*"}}, ""},
		{"all there", bridge.VerbTemplate, &bridge.TemplateArgs{ID: 7, Values: map[string]string{"first_name": "Carla", "quote_number": "Q_1"}}, ""},
		{"nothing to fill", bridge.VerbTemplate, &bridge.TemplateArgs{ID: 9}, ""},
		{"edit", bridge.VerbTemplateEdit, &bridge.TemplateArgs{ID: 9}, ""},
	} {
		in := input(t, c.verb, full(t))
		in.Args.Template, in.Args.Note = c.args, c.note
		form, err := NewForm(in)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		b.WriteString(dumpForm("template, "+c.name, form))
	}
	return b.String()
}

// What is sent is what was seen: a form whose values are those of its preview is ready,
// any change goes on to another preview.
//
func TestTemplateSteps(t *testing.T) {
	t.Parallel()
	step := func(args *bridge.TemplateArgs, fields map[string][]string) (Form, Filled) {
		t.Helper()
		in := input(t, bridge.VerbTemplate, full(t))
		in.Args.Template = args
		form, err := NewForm(in)
		if err != nil {
			t.Fatal(err)
		}
		given := map[string][]string{}
		for _, f := range form.Fields {
			given[f.Name] = f.Value
		}
		maps.Copy(given, fields)
		filled, wrong := Submit(form.Verb, form.Args, given, now(t), nil)
		if len(wrong) > 0 {
			t.Fatalf("wrong: %v", wrong)
		}
		return form, filled
	}
	_, picked := step(nil, map[string][]string{"template": {"7"}})
	if !picked.Next || picked.Args.Template.ID != 7 {
		t.Fatalf("picked %+v", picked.Args.Template)
	}
	form, first := step(picked.Args.Template, map[string][]string{"v:quote_number": {" Q-1\n"}})
	if form.Submit != "Preview" || !first.Next || first.Args.Template.Values["quote_number"] != "Q-1" {
		t.Fatalf("%s: %+v", form.Submit, first.Args.Template)
	}
	form, changed := step(first.Args.Template, map[string][]string{"v:quote_number": {"Q-2"}})
	if form.Submit != "Send" || !changed.Next {
		t.Fatalf("a change would be sent unseen: %+v", changed.Args.Template)
	}
	_, sent := step(changed.Args.Template, nil)
	if sent.Next || !sent.Args.Template.Ready() || sent.Args.Template.Values["quote_number"] != "Q-2" || sent.Args.Template.Version != 2 {
		t.Fatalf("what was seen isn't ready: %+v", sent.Args.Template)
	}
	_, wrong := Submit(bridge.VerbTemplate, bridge.Args{}, nil, now(t), nil)
	if wrong["template"] == "" {
		t.Error("nothing was chosen")
	}
}

// What providers would refuse is said at its field.
func TestSubmitTemplateEdit(t *testing.T) {
	t.Parallel()
	good := map[string][]string{"account": {"wa"}, "name": {"Order update"}, "language": {"en"}, "types": {"reply"}, "category": {"utility"}, "labels": {"Orders, orders now"},
		"body": {"Hello {{first_name}}, your quote {{quote_number}} is ready."}, "buttons": {"Track it | https://shop.example\nCall me"}, "examples": {"{{quote_number}}: Q-1: 2"}}
	filled, wrong := Submit(bridge.VerbTemplateEdit, bridge.Args{}, good, now(t), nil)
	if len(wrong) > 0 || filled.Next {
		t.Fatalf("wrong: %v", wrong)
	}
	d := filled.Args.Template.Draft
	if d.Account != "wa" || d.Examples["quote_number"] != "Q-1: 2" || !slices.Equal(d.Labels, []string{"Orders", "orders now"}) || len(d.Buttons) != 2 || d.Buttons[0].URL != "https://shop.example" {
		t.Errorf("read %+v", d)
	}
	for field, value := range map[string]string{"account": "", "name": "", "language": "English", "types": "", "category": "fun", "header": "{{a}} {{b}}", "body": "{{first_name}}",
		"footer": "{{x}}", "buttons": "| https://x.example", "examples": "Q-1"} {
		bad := maps.Clone(good)
		bad[field] = []string{value}
		if _, wrong := Submit(bridge.VerbTemplateEdit, bridge.Args{}, bad, now(t), nil); wrong[field] == "" {
			t.Errorf("%s %q: %v", field, value, wrong)
		}
	}
	bad := maps.Clone(good)
	delete(bad, "examples")
	bad["body"] = []string{"Your order {{order}} is here."}
	if _, wrong := Submit(bridge.VerbTemplateEdit, bridge.Args{}, bad, now(t), nil); wrong["examples"] == "" {
		t.Errorf("no example: %v", wrong)
	}
}

// What is told about templates, in all its forms.
func TestTemplateLines(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	as := func(status, reason string) bridge.Template {
		one := stock().List[0]
		one.Status, one.Reason = status, reason
		return one
	}
	verdict := func(t bridge.Template) bridge.Line {
		return bridge.Line{Content: &bridge.VerdictLine{Templates: []bridge.Template{t}}, Verb: bridge.VerbTemplates, Verbs: []bridge.Verb{bridge.VerbTemplateEdit}, Args: bridge.Args{Template: &bridge.TemplateArgs{ID: 7}}}
	}
	moved := verdict(stock().List[1])
	moved.Content = &bridge.VerdictLine{Templates: stock().List[1:2], Before: "utility"}
	choose := bridge.Line{Content: &bridge.ChooseTemplateLine{}, Verb: bridge.VerbTemplate, Verbs: []bridge.Verb{bridge.VerbTemplate}}
	one := choose
	one.Content, one.Args.Template = &bridge.ChooseTemplateLine{Templates: stock().List[:1]}, &bridge.TemplateArgs{ID: 7}
	for _, c := range []struct {
		name string
		line bridge.Line
	}{
		{"approved", verdict(as("approved", ""))}, {"rejected", verdict(as("rejected", "It is <!channel> advertising."))}, {"paused", verdict(as("paused", "Low quality"))},
		{"disabled", verdict(as("disabled", ""))}, {"another category", moved}, {"choose", choose}, {"one fits", one},
		{"none", bridge.Line{Content: &bridge.TemplatesLine{}}}, {"for agents", bridge.Line{Content: &bridge.TemplatesLine{Templates: stock().List}}},
		{"handed in", bridge.Line{Content: &bridge.TemplateChangedLine{Templates: []bridge.Template{as("pending", "")}}, Verb: bridge.VerbTemplateEdit}},
		{"kept", bridge.Line{Content: &bridge.TemplateChangedLine{Templates: []bridge.Template{as("approved", "")}}, Verb: bridge.VerbTemplateEdit}},
		{"deleted", bridge.Line{Content: &bridge.TemplateChangedLine{Templates: stock().List[:1]}, Verb: bridge.VerbTemplateDelete}},
		{"sent", bridge.Line{Content: &bridge.BegunLine{Template: "Order update"}, Verb: bridge.VerbTemplate, By: ann(), Text: "Hello Carla", Verbs: []bridge.Verb{bridge.VerbUndo}, Args: bridge.Args{Message: 34}}},
		{"parked", bridge.Line{Content: &bridge.ParkedLine{Reason: "The template Order update (en) was paused by the provider.", Hint: "Send another one, or this one when it is approved again."}, Mentions: []bridge.AgentRef{ann()}, Text: "Hello Carla", Verbs: []bridge.Verb{bridge.VerbTemplate, bridge.VerbSend, bridge.VerbDrop}}},
	} {
		card := Line(c.line, facts(t))
		checkCard(t, c.name, card)
		b.WriteString(dump(c.name, card))
	}
	golden.Text(t, "testdata/template_lines.txt", b.String())
}
