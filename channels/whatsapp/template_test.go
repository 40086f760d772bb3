package whatsapp

import (
	"fmt"
	"strings"
	"testing"

	"parley/channels"
	"parley/channels/graphfake"
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

// A verdict on another program's template, in another business account of the app, names no template of ours.
func TestVerdictOfAnotherBusiness(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.submitWelcome()
	w.AddNumber(graphfake.NumberConfig{WABA: "777"})
	noError(t, w.Subscribe(testContext(t), "777", w.hook, verifyToken))
	foreign := w.AddTemplate("777", "welcome", "en", "UTILITY", "Hello")
	noError(t, w.Review(foreign, "PAUSED", "LOW_QUALITY"))
	in := w.takeOne()
	wantEqual(t, "id", in.Template.ExternalID, foreign)
	wantEqual(t, "name", in.Template.Name, "")
	wantEqual(t, "language", in.Template.Language, "")
}

// A template that is submitted again keeps its id, and waits for another verdict.
// Requirement R-168: Templates are handed in, and their verdict is told.
func TestEditTemplate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	template := w.submitWelcome()
	noError(t, w.Review(template.ExternalID, "REJECTED", "Unclear"))

	template.Footer = "Acme Inc"
	edited, err := w.channel.SubmitTemplate(testContext(t), template)
	noError(t, err)
	wantEqual(t, "status after the edit", edited.Status, channels.TemplatePending)
	wantEqual(t, "id after the edit", edited.ExternalID, template.ExternalID)

	noError(t, w.Review(template.ExternalID, "APPROVED", ""))
	list, err := w.channel.ListTemplates(testContext(t))
	noError(t, err)
	if len(list) != 1 {
		t.Fatalf("listed %+v, want one template", list)
	}
	wantEqual(t, "status in the list", list[0].Status, channels.TemplateApproved)
}

// Meta may change the category of a template, and doesn't let us change that of an approved one. So an edit leaves the
// category of an approved template as it is at Meta. An edit of a rejected template sets our category again.
func TestEditLeavesTheCategoryOfAnApprovedTemplate(t *testing.T) {
	t.Parallel()
	for verdict, want := range map[string]string{"APPROVED": "marketing", "REJECTED": "utility"} {
		t.Run(verdict, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			template := w.submitWelcome()
			noError(t, w.Recategorise(template.ExternalID, "MARKETING"))
			noError(t, w.Review(template.ExternalID, verdict, ""))

			template.Footer = "Acme Inc"
			edited, err := w.channel.SubmitTemplate(testContext(t), template)
			noError(t, err)
			wantEqual(t, "category after the edit", edited.Category, want)
			list, err := w.channel.ListTemplates(testContext(t))
			if err != nil || len(list) != 1 {
				t.Fatalf("listed %+v, %v, want one template", list, err)
			}
			wantEqual(t, "category at Meta", list[0].Category, want)
		})
	}
}

// Deleting a template again fails.
// Requirement R-168: Templates are handed in, and their verdict is told.
func TestDeleteTemplate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	template := w.submitWelcome()
	noError(t, w.channel.DeleteTemplate(testContext(t), template))
	wantEqual(t, "number of templates that are left", len(w.Templates(wabaID)), 0)
	_ = wantClass(t, "deleting it again", w.channel.DeleteTemplate(testContext(t), template), channels.BadContent)
}

// Templates are listed over several pages of Meta's answers, and one of many is deleted alone.
// Requirement R-168: Templates are handed in, and their verdict is told.
func TestManyTemplates(t *testing.T) {
	t.Parallel()
	const others = 250
	w := newWorld(t)
	template := w.submitWelcome()
	for i := range others {
		w.AddTemplate(wabaID, fmt.Sprintf("t%d", i), "en", "MARKETING", "Hello")
	}

	list, err := w.channel.ListTemplates(testContext(t))
	noError(t, err)
	if len(list) != 1+others {
		t.Fatalf("listed %d templates, want %d", len(list), 1+others)
	}
	last := list[others]
	wantEqual(t, "name of the last", last.Name, fmt.Sprintf("t%d", others-1))
	wantEqual(t, "category of the last", last.Category, "marketing")

	noError(t, w.channel.DeleteTemplate(testContext(t), template))
	wantEqual(t, "number of templates that are left", len(w.Templates(wabaID)), others)
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

// A second template of the same name is refused in words that say so.
func TestSubmitTemplateTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.submitWelcome()
	_, err := w.channel.SubmitTemplate(testContext(t), welcome())
	if se := wantClass(t, "submitting it again", err, channels.BadContent); !strings.Contains(se.Text, "already a template") {
		t.Errorf("got the error %q, want one that says that there is one already", se.Text)
	}
}

// If the answer is lost, the error is Ambiguous: the template may have been submitted.
func TestSubmitTemplateUnanswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.addFault(graphfake.Fault{Route: "whatsapp.template.create", Action: graphfake.ActionDropAfter})
	_, err := w.channel.SubmitTemplate(testContext(t), welcome())
	_ = wantClass(t, "submitting", err, channels.Ambiguous)
}

// If Meta changes a template's category, the webhook tells the new category and no status. A message by that template then
// costs what the new category costs.
func TestTemplateCategoryChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.addBackTemplate()
	noError(t, w.Recategorise(id, "MARKETING"))
	state := w.takeOne().Template
	if state == nil {
		t.Fatal("no state of a template arrived")
	}
	wantEqual(t, "template", state.ExternalID, id)
	wantEqual(t, "category", state.Category, "marketing")
	wantEqual(t, "status", state.Status, "")

	o := outbound(3, "We are back, Ann.")
	o.Template = backTemplate()
	w.send(o)
	list := w.takeInbound()
	if len(list) == 0 {
		t.Fatal("no status arrived")
	}
	wantEqual(t, "cost in the first status", list[0].Status.Cost, "marketing")
}

// WhatsApp isn't asked for a template in a language that it doesn't have.
func TestTemplateInUnknownLanguage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	template := welcome()
	template.Language = "is"
	_, err := w.channel.SubmitTemplate(testContext(t), template)
	_ = wantClass(t, "submitting it", err, channels.BadContent)
	wantEqual(t, "calls of WhatsApp", len(w.RequestsTo("whatsapp.template.create")), 0)
}
