package view

import (
	"strings"
	"testing"

	"parley/bridge"
	"parley/channels/golden"
)

// stock are templates of one account: one with all that a template may have, one whose category the provider changed,
// and one that was rejected.
func stock() bridge.Templates {
	return bridge.Templates{
		Accounts: []string{"wa", "support-mail"},
		Admin:    true,
		Known:    map[string]string{"first_name": "Carla", "agent_name": "Bob Ray"},
		List: []bridge.Template{
			{ID: 7, Version: 2, Account: "wa", Name: "Order update", Language: "en", Category: "utility", Status: "approved",
				Uses: []string{"reply", "window"}, Labels: []string{"Orders"},
				Header: "Order", Body: "Hello {{first_name}}, your quote {{quote_number}} is ready.", Footer: "Acme",
				Variables: []string{"first_name", "quote_number"}, Examples: map[string]string{"first_name": "Ann", "quote_number": "Q-1042"},
				Buttons: []bridge.TemplateButton{{Title: "Track it", URL: "https://shop.example"}, {Title: "Call me"}}},
			{ID: 8, Version: 1, Account: "wa", Name: "Hello again", Language: "de", Category: "utility", ProviderCategory: "marketing",
				Status: "approved", Quality: "yellow", Uses: []string{"window"}, Labels: []string{"Care", "Orders"},
				Body: "Hallo {{first_name}}, sind Sie noch da?", Variables: []string{"first_name"}},
			{ID: 9, Version: 1, Account: "wa", Name: "Spring", Language: "en", Category: "marketing", Status: "rejected", Reason: "Too <loud>.",
				Uses: []string{"start"}, Body: "Buy!"},
		},
	}
}

// templateForms shows all steps of the form that sends a template, and the one that edits it.
func templateForms(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	partly := map[string]string{"first_name": "*Carla*"}
	whole := map[string]string{"first_name": "Carla", "quote_number": "Q_1"}
	for _, tt := range []struct {
		name  string
		verb  bridge.Verb
		args  *bridge.TemplateArgs
		typed string // behind the command
	}{
		{name: "labelled", verb: bridge.VerbTemplate, args: &bridge.TemplateArgs{Label: "Care"}},
		{name: "named", verb: bridge.VerbTemplate, typed: "hello AGAIN"},
		{name: "fill", verb: bridge.VerbTemplate, args: &bridge.TemplateArgs{ID: 7}},
		{name: "missing", verb: bridge.VerbTemplate, args: &bridge.TemplateArgs{ID: 7, Values: partly}},
		{name: "all there", verb: bridge.VerbTemplate, args: &bridge.TemplateArgs{ID: 7, Values: whole}},
		{name: "nothing to fill", verb: bridge.VerbTemplate, args: &bridge.TemplateArgs{ID: 9}},
		{name: "edit", verb: bridge.VerbTemplateEdit, args: &bridge.TemplateArgs{ID: 9}},
	} {
		in := input(t, tt.verb, full(t))
		in.Args.Template, in.Args.Note = tt.args, tt.typed
		b.WriteString(dumpForm("template, "+tt.name, mustForm(t, in)))
	}
	return b.String()
}

// templateForm makes the form of the step that these arguments ask for.
func templateForm(t *testing.T, args *bridge.TemplateArgs) Form {
	t.Helper()
	in := input(t, bridge.VerbTemplate, full(t))
	in.Args.Template = args
	return mustForm(t, in)
}

// submitWith submits a form as it is shown, but for one field.
func submitWith(t *testing.T, form Form, field, value string) Filled {
	t.Helper()
	values := map[string][]string{}
	for _, f := range form.Fields {
		values[f.Name] = f.Value
	}
	values[field] = []string{value}
	return mustSubmit(t, form, values)
}

// chosenTemplate is what the first step of the form passes on to the second: a template of which the value
// quote_number is missing.
func chosenTemplate(t *testing.T) *bridge.TemplateArgs {
	t.Helper()
	picked := submitWith(t, templateForm(t, nil), "template", "7")
	wantEqual(t, "a step follows the choice", picked.Next, true)
	return picked.Args.Template
}

// filledTemplate is what the second step passes on to the preview: the template with the missing value.
func filledTemplate(t *testing.T, quoteNumber string) *bridge.TemplateArgs {
	t.Helper()
	filled := submitWith(t, templateForm(t, chosenTemplate(t)), "v:quote_number", quoteNumber)
	wantEqual(t, "a preview follows the missing value", filled.Next, true)
	return filled.Args.Template
}

// A preview that is submitted as it is shown is sent, also one after a change. So what is sent is what was seen.
// Requirement R-166: Variables, and forms for what is missing.
func TestPreviewThatIsUnchangedIsSent(t *testing.T) {
	t.Parallel()
	changed := submitWith(t, templateForm(t, filledTemplate(t, "Q-1")), "v:quote_number", "Q-2")
	sent := submitWith(t, templateForm(t, changed.Args.Template), "v:quote_number", "Q-2")
	wantEqual(t, "a step follows what was seen", sent.Next, false)
	wantEqual(t, "what was seen is ready to be sent", sent.Args.Template.IsPreviewed(), true)
	wantEqual(t, "value that is sent", sent.Args.Template.Values["quote_number"], "Q-2")
	wantEqual(t, "version that is sent", sent.Args.Template.Version, 2)
}

// draft is a form of a template that providers would accept.
func draft() map[string][]string {
	return map[string][]string{
		"account":  {"wa"},
		"name":     {"Order update"},
		"language": {"en"},
		"types":    {"reply"},
		"category": {"utility"},
		"labels":   {"Orders, orders now"},
		"body":     {"Hello {{first_name}}, your quote {{quote_number}} is ready."},
		"buttons":  {"Track it | https://shop.example\nCall me"},
		"examples": {"{{quote_number}}: Q-1: 2"},
	}
}

// The form says at its field what providers would refuse.
func TestSubmitTemplateEditRefuses(t *testing.T) {
	t.Parallel()
	for field, value := range map[string]string{
		"account":  "",
		"name":     "",
		"language": "English",
		"types":    "",
		"category": "fun",
		"header":   "{{a}} {{b}}",
		"body":     "{{first_name}}",
		"footer":   "{{x}}",
		"buttons":  "| https://x.example",
		"examples": "Q-1",
	} {
		bad := draft()
		bad[field] = []string{value}
		if _, problems := Submit(bridge.VerbTemplateEdit, bridge.Args{}, bad, now(t), nil); problems[field] == "" {
			t.Errorf("%s %q: problems %v, want one at this field", field, value, problems)
		}
	}

	t.Run("a variable without an example", func(t *testing.T) {
		bad := draft()
		bad["body"], bad["examples"] = []string{"Your order {{order}} is here."}, nil
		if _, problems := Submit(bridge.VerbTemplateEdit, bridge.Args{}, bad, now(t), nil); problems["examples"] == "" {
			t.Errorf("problems %v, want one at examples", problems)
		}
	})
}

// The golden file has all lines that tell people about templates.
func TestTemplateLines(t *testing.T) {
	t.Parallel()
	orderUpdate := func(status, reason string) []bridge.Template {
		one := stock().List[0]
		one.Status, one.Reason = status, reason
		return []bridge.Template{one}
	}
	verdict := func(c *bridge.VerdictLine) bridge.Line {
		args := bridge.Args{Template: &bridge.TemplateArgs{ID: 7}}
		return bridge.Line{Content: c, Verb: bridge.VerbTemplates, Verbs: verbs{bridge.VerbTemplateEdit}, Args: args}
	}
	verdictOn := func(status, reason string) bridge.Line {
		return verdict(&bridge.VerdictLine{Templates: orderUpdate(status, reason)})
	}
	changed := func(by bridge.Verb, list []bridge.Template) bridge.Line {
		return bridge.Line{Content: &bridge.TemplateChangedLine{Templates: list}, Verb: by}
	}

	choose := bridge.Line{Content: &bridge.ChooseTemplateLine{}, Verb: bridge.VerbTemplate, Verbs: verbs{bridge.VerbTemplate}}
	oneFits := choose
	oneFits.Content, oneFits.Args.Template = &bridge.ChooseTemplateLine{Templates: stock().List[:1]}, &bridge.TemplateArgs{ID: 7}
	sent := bridge.Line{Content: &bridge.BegunLine{Template: "Order update"}, Verb: bridge.VerbTemplate, By: ann(), Text: "Hello Carla",
		Verbs: verbs{bridge.VerbUndo}, Args: bridge.Args{Message: 34}}
	parked := bridge.Line{Mentions: agents{ann()}, Text: "Hello Carla", Verbs: verbs{bridge.VerbTemplate, bridge.VerbSend, bridge.VerbDrop},
		Content: &bridge.ParkedLine{Why: bridge.InWords("The template Order update (en) was paused by the provider."),
			Hint: "Send another one, or this one when it is approved again."}}

	var b strings.Builder
	for _, tt := range []struct {
		name string
		line bridge.Line
	}{
		{name: "approved", line: verdictOn("approved", "")},
		{name: "rejected", line: verdictOn("rejected", "It is <!channel> advertising.")},
		{name: "paused", line: verdictOn("paused", "Low quality")},
		{name: "disabled", line: verdictOn("disabled", "")},
		{name: "another category", line: verdict(&bridge.VerdictLine{Templates: stock().List[1:2], Before: "utility"})},
		{name: "choose", line: choose},
		{name: "one fits", line: oneFits},
		{name: "none", line: bridge.Line{Content: &bridge.TemplatesLine{}}},
		{name: "for agents", line: bridge.Line{Content: &bridge.TemplatesLine{Templates: stock().List}}},
		{name: "handed in", line: changed(bridge.VerbTemplateEdit, orderUpdate("pending", ""))},
		{name: "kept", line: changed(bridge.VerbTemplateEdit, orderUpdate("approved", ""))},
		{name: "deleted", line: changed(bridge.VerbTemplateDelete, stock().List[:1])},
		{name: "sent", line: sent},
		{name: "parked", line: parked},
	} {
		card := Line(tt.line, facts(t))
		checkCard(t, tt.name, card)
		b.WriteString(dump(tt.name, card))
	}
	golden.Text(t, "testdata/template_lines.txt", b.String())
}
