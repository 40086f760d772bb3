package slack

import (
	"strings"
	"testing"

	"parley/bot/slack/slackfake"
	"parley/bot/view"
	"parley/bridge"
)

// templateStock are templates as the desk gives them.
func templateStock() bridge.Templates {
	return bridge.Templates{Accounts: []string{"wa"}, Admin: true, Known: map[string]string{"first_name": "Kim <&>"}, List: []bridge.Template{
		{ID: 7, Version: 2, Account: "wa", Name: "Order update", Language: "en", Category: "utility", Uses: []string{"reply", "window"}, Labels: []string{"Orders"},
			Body: "Hello {{first_name}}, your quote {{quote_number}} is ready.", Variables: []string{"first_name", "quote_number"},
			Examples: map[string]string{"first_name": "Ann", "quote_number": "Q-1042"}, Status: "approved"},
		{ID: 8, Version: 1, Account: "wa", Name: "Hello again", Language: "de", Category: "utility", Uses: []string{"window"}, Labels: []string{"Care"},
			Body: "Hallo {{first_name}}, sind Sie noch da?", Variables: []string{"first_name"}, Status: "rejected", Reason: "Too <loud>."},
	}}
}

func TestRenderTemplateForms(t *testing.T) {
	t.Parallel()
	me := &self{home: "https://acme.slack.com/"}
	for name, c := range map[string]struct {
		verb bridge.Verb
		args *bridge.TemplateArgs
	}{
		"template_pick": {bridge.VerbTemplate, nil}, "template_fill": {bridge.VerbTemplate, &bridge.TemplateArgs{ID: 7}},
		"template_new": {bridge.VerbTemplateEdit, nil}, "template_edit": {bridge.VerbTemplateEdit, &bridge.TemplateArgs{ID: 8}},
	} {
		form, err := view.NewForm(view.FormInput{Verb: c.verb, Facts: sampleFacts(), Args: bridge.Args{Conversation: 12, Template: c.args}, Templates: templateStock(), Now: when()})
		must(t, err)
		golden(t, "form_"+name, me.modal(form, private{Place: bridge.Place{Channel: "C1"}, Zone: "UTC", At: when().Unix()}))
	}
}

// From a button to what is sent: pick, fill in, look, send. Nothing is stored before the
// words were seen.
func TestTemplateForm(t *testing.T) {
	t.Parallel()
	st := newStage(t, true)
	st.withFacts()
	st.desk.mu.Lock()
	st.desk.stock = templateStock()
	st.desk.mu.Unlock()
	_, err := st.fake.As(st.ann).Command(st.ctx(), st.ch, "/parley", "#12 template")
	must(t, err)
	v := st.view(st.ann, isForm)
	submit := func(values map[string][]string) *slackfake.Outcome {
		t.Helper()
		out, err := st.fake.As(st.ann).Submit(st.ctx(), v.ID, values)
		must(t, err)
		if out.Error != "" || len(out.Errors) > 0 {
			t.Fatalf("outcome %+v", out)
		}
		return out
	}
	submit(map[string][]string{"f:template/v": {"7"}})
	v = st.view(st.ann, func(v *slackfake.View) bool { return strings.Contains(string(v.Blocks), "{{quote_number}}") })
	submit(map[string][]string{"f:v:quote_number/v": {"Q-1"}, "f:v:first_name/v": {"Kim"}})
	if n := st.desk.count("i:"); n != 0 {
		t.Fatalf("stored before it was seen: %v", st.desk.ids())
	}
	v = st.view(st.ann, func(v *slackfake.View) bool { return strings.Contains(string(v.Blocks), "your quote Q-1 is ready") })
	submit(map[string][]string{"f:v:quote_number/v": {"Q-1"}, "f:v:first_name/v": {"Kim"}})
	a := st.decode(st.desk.withPrefix(t, "i:"))
	if a.Verb != bridge.VerbTemplate || a.Args.Conversation != 12 || !a.Args.Template.Ready() || a.Args.Template.Values["quote_number"] != "Q-1" || a.Args.Template.Version != 2 {
		t.Errorf("got %+v with %+v", a, a.Args.Template)
	}
}

// An admin makes a template.
func TestTemplateEditForm(t *testing.T) {
	t.Parallel()
	st := newStage(t, true)
	st.withFacts()
	st.desk.mu.Lock()
	st.desk.stock = templateStock()
	st.desk.mu.Unlock()
	out, err := st.fake.As(st.ann).Command(st.ctx(), st.ch, "/parley", "templates")
	must(t, err)
	if a := st.decode(st.desk.withPrefix(t, "i:")); a.Verb != bridge.VerbTemplates || out.Error != "" {
		t.Errorf("got %+v, %+v", a, out)
	}
}
