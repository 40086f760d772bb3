package meta

import (
	"strings"
	"testing"

	"parley/channels"
)

// welcome is a template with all that a template may have.
func welcome() channels.Template {
	return channels.Template{
		Name:      "welcome",
		Language:  "en",
		Category:  "utility",
		Header:    "Hi {{name}}",
		Body:      "Your order {{order}} for {{name}} left, {{order}} it is.",
		Footer:    "Acme",
		Buttons:   []channels.Button{{ID: "ok", Title: "OK"}, {Title: "Shop", URL: "https://acme.test"}},
		Variables: []string{"name", "order"},
		Examples:  map[string]string{"name": "Ann", "order": "12"},
	}
}

// submitWelcome submits the template, which must succeed, and returns it with its id at Meta.
func (w *world) submitWelcome() channels.Template {
	w.t.Helper()
	template := welcome()
	state, err := w.channel.SubmitTemplate(testContext(w.t), template)
	if err != nil {
		w.t.Fatalf("SubmitTemplate: %v", err)
	}
	if state.ExternalID == "" {
		w.t.Fatalf("submitted as %+v, want an id", state)
	}
	wantEqual(w.t, "status of the submitted template", state.Status, channels.TemplatePending)
	wantEqual(w.t, "category of the submitted template", state.Category, "utility")
	template.ExternalID = state.ExternalID
	return template
}

// A template is submitted as Meta's reference asks for it: its variables are numbered, and have examples.
// Requirement R-168: Templates are handed in, and their verdict is told.
func TestSubmitTemplate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.submitWelcome()
	const want = `{"category":"UTILITY","components":[` +
		`{"example":{"header_text":["Ann"]},"format":"TEXT","text":"Hi {{1}}","type":"HEADER"},` +
		`{"example":{"body_text":[["12","Ann"]]},"text":"Your order {{1}} for {{2}} left, {{1}} it is.","type":"BODY"},` +
		`{"text":"Acme","type":"FOOTER"},` +
		`{"buttons":[{"text":"OK","type":"QUICK_REPLY"},{"text":"Shop","type":"URL","url":"https://acme.test"}],"type":"BUTTONS"}` +
		`],"language":"en","name":"welcome","parameter_format":"POSITIONAL"}`
	wantEqual(t, "submitted template", string(w.RequestsTo("whatsapp.template.create")[0].Body), want)
}

// Meta's verdict arrives with its reason.
// Requirement R-168: Templates are handed in, and their verdict is told.
func TestRejectedTemplate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	template := w.submitWelcome()
	noError(t, w.Review(template.ExternalID, "REJECTED", "Unclear"))
	in := w.takeOne()
	wantEqual(t, "kind", in.Kind, channels.InboundTemplate)
	wantEqual(t, "status", in.Template.Status, channels.TemplateRejected)
	wantEqual(t, "id", in.Template.ExternalID, template.ExternalID)
	wantEqual(t, "name", in.Template.Name, "welcome")
	if !strings.HasPrefix(in.Template.Reason, "Unclear. ") {
		t.Errorf("got the reason %q, want one that begins with Meta's", in.Template.Reason)
	}
}

// Parley itself refuses a template whose texts or variables break Meta's rules. A wrong name, length or category is refused
// by Meta.
func TestSubmitBadTemplate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name          string
		change        func(*channels.Template)
		wantMetaAsked bool
	}{
		{name: "variable without an example", change: func(t *channels.Template) { delete(t.Examples, "order") }},
		{name: "body that begins with a variable", change: func(t *channels.Template) { t.Body = "{{name}} left" }},
		{name: "body that ends with a variable", change: func(t *channels.Template) { t.Body = "Bye {{name}}" }},
		{name: "variables side by side", change: func(t *channels.Template) { t.Body = "Bye {{name}} {{order}}." }},
		{name: "two variables in the header", change: func(t *channels.Template) { t.Header = "{{name}} {{order}}" }},
		{name: "variable in the footer", change: func(t *channels.Template) { t.Footer = "{{name}}" }},
		{name: "blank body", change: func(t *channels.Template) { t.Body = " " }},
		{
			name:          "name with blanks",
			change:        func(t *channels.Template) { t.Name = "Two Words" },
			wantMetaAsked: true,
		},
		{
			name:          "long body",
			change:        func(t *channels.Template) { t.Body = long(maxBody + 1) },
			wantMetaAsked: true,
		},
		{
			name:          "unknown category",
			change:        func(t *channels.Template) { t.Category = "news" },
			wantMetaAsked: true,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			before := len(w.Requests())
			template := welcome()
			tt.change(&template)
			_, err := w.channel.SubmitTemplate(testContext(t), template)
			_ = wantClass(t, "submitting", err, channels.BadContent)
			wantEqual(t, "Meta was asked", len(w.Requests()) > before, tt.wantMetaAsked)
		})
	}
}
