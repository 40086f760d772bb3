package twilio

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/twilio/twiliofake"
)

func sampleTemplate() channels.Template {
	return channels.Template{
		Name:      "order_ready",
		Language:  "en",
		Category:  "utility",
		Body:      "Hello {{customer_name}}, order {{order}} is ready.",
		Variables: []string{"customer_name", "order"},
		Examples:  map[string]string{"customer_name": "Ann", "order": "17"},
	}
}

// takeTemplate returns the template that Twilio lists. It fails the test if there isn't just one.
func (w *world) takeTemplate() channels.TemplateState {
	w.t.Helper()
	list, err := w.channel.(channels.Templater).ListTemplates(w.t.Context())
	noError(w.t, err)
	if len(list) != 1 {
		w.t.Fatalf("Twilio lists %d templates, want 1: %+v", len(list), list)
	}
	return list[0]
}

// waitTemplate waits until the last state of a template that came is want.
func (w *world) waitTemplate(externalID string, want channels.TemplateStatus) {
	w.t.Helper()
	w.wait(fmt.Sprint("the template is told to be ", want), func() bool {
		s := w.decoded(channels.InboundTemplate)
		return len(s) > 0 && s[len(s)-1].Template.Status == want && s[len(s)-1].Template.ExternalID == externalID
	})
}

// submit submits a template, and fails the test if that fails.
func (w *world) submit(tm channels.Template) channels.TemplateState {
	w.t.Helper()
	state, err := w.channel.(channels.Templater).SubmitTemplate(w.t.Context(), tm)
	noError(w.t, err)
	return state
}

// templateMessage makes a message to Ann with the sample template of this id.
func (w *world) templateMessage(externalID string) channels.Outbound {
	use := channels.TemplateUse{Template: sampleTemplate(), Values: map[string]string{"customer_name": "Ann\nLee", "order": "42"}}
	use.ExternalID = externalID
	o := w.outbound(1, "Hello Ann, order 42 is ready.")
	o.Template = &use
	return o
}

// newReviewWorld makes a world in which WhatsApp takes an hour to review a template.
func newReviewWorld(t *testing.T) *world {
	return newWorld(t, viaWhatsApp, func(o *twiliofake.Options, _ channels.Config) { o.ReviewDelay = time.Hour })
}

// A template that was submitted waits for its approval.
// Requirement R-009: WhatsApp by Twilio.
func TestSubmitTemplate(t *testing.T) {
	t.Parallel()
	state := newReviewWorld(t).submit(sampleTemplate())
	if state.ExternalID == "" {
		t.Error("the template has no id at Twilio")
	}
	wantEqual(t, "status", state.Status, channels.TemplatePending)
	wantEqual(t, "name", state.Name, "order_ready")
	wantEqual(t, "category", state.Category, "utility")
}

// Before its approval, a template can't be sent to a customer who hasn't written.
// Requirement R-009: WhatsApp by Twilio.
func TestSendTemplateBeforeItsApproval(t *testing.T) {
	t.Parallel()
	w := newReviewWorld(t)
	state := w.submit(sampleTemplate())
	w.mustSend(w.templateMessage(state.ExternalID))
	wantEqual(t, "class", w.waitStatuses(1)[0].Status.Class, channels.WindowClosed)
}

// A template that Twilio doesn't know, or one with an empty field, is refused before Twilio is asked.
func TestSendTemplateThatIsIncomplete(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaWhatsApp)
	w.wantSendFails("a template that wasn't submitted", w.templateMessage(""), channels.TemplateBad)
	o := w.templateMessage("HX1")
	o.Template.Values["order"] = " \n"
	wantText(t, "refusal", w.wantSendFails("an empty field", o, channels.TemplateBad).Text, "“order” is empty")
	wantEqual(t, "number of requests", len(w.fake.Requests()), 0)
}

// When a template is approved, that is told. Then it reaches a customer who hasn't written. Line breaks in its values
// become blanks.
// Requirement R-009: WhatsApp by Twilio.
func TestSendApprovedTemplate(t *testing.T) {
	t.Parallel()
	w := newReviewWorld(t)
	state := w.submit(sampleTemplate())
	w.startRun()
	w.clock.move(2 * time.Hour)
	w.waitTemplate(state.ExternalID, channels.TemplateApproved)
	w.mustSend(w.templateMessage(state.ExternalID))
	w.wantAnnGot("Hello Ann Lee, order 42 is ready.")
}

// Requirement R-009: WhatsApp by Twilio.
func TestPausedTemplateIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaWhatsApp)
	state := w.submit(sampleTemplate())
	w.startRun()
	w.waitTemplate(state.ExternalID, channels.TemplateApproved)
	w.fake.Review(state.ExternalID, "paused", "")
	w.waitTemplate(state.ExternalID, channels.TemplatePaused)
	wantEqual(t, "status in the list", w.takeTemplate().Status, channels.TemplatePaused)
}

// A template can be deleted. Deleting it again is no error.
// Requirement R-009: WhatsApp by Twilio.
func TestDeleteTemplate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaWhatsApp)
	template := sampleTemplate()
	template.ExternalID = w.submit(template).ExternalID
	c := w.channel.(channels.Templater)
	for _, attempt := range []string{"first", "second"} {
		if err := c.DeleteTemplate(t.Context(), template); err != nil {
			t.Errorf("the %s time: %v", attempt, err)
		}
	}
	list, err := c.ListTemplates(t.Context())
	noError(t, err)
	if len(list) != 0 {
		t.Errorf("Twilio lists %+v, want nothing", list)
	}
}

// rejectedTemplate begins with a variable, which WhatsApp rejects.
func rejectedTemplate() channels.Template {
	template := sampleTemplate()
	template.Body, template.Variables = "{{order}} is ready.", []string{"order"}
	return template
}

// Twilio lists a rejected template with the reason.
func TestRejectedTemplate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaWhatsApp)
	w.submit(rejectedTemplate())
	listed := w.takeTemplate()
	wantEqual(t, "status", listed.Status, channels.TemplateRejected)
	if listed.Reason == "" {
		t.Error("the rejection has no reason")
	}
}

// If a rejected template is submitted in a new form, that replaces the old one and has another id.
func TestEditRejectedTemplate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaWhatsApp)
	template := rejectedTemplate()
	first := w.submit(template)
	template.ExternalID, template.Body = first.ExternalID, "Order {{order}} is ready."
	second := w.submit(template)
	if second.ExternalID == first.ExternalID {
		t.Errorf("the new form has the id of the old one, %s", first.ExternalID)
	}
	listed := w.takeTemplate()
	wantEqual(t, "status", listed.Status, channels.TemplateApproved)
	wantEqual(t, "id", listed.ExternalID, second.ExternalID)
	wantEqual(t, "number of contents at Twilio", len(w.fake.Contents()), 1)
}

// A template that is refused leaves nothing at Twilio.
func TestSubmitTemplateOfABadName(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaWhatsApp)
	template := sampleTemplate()
	template.Name = "Not A Name"
	_, err := w.channel.(channels.Templater).SubmitTemplate(t.Context(), template)
	_ = wantClass(t, "submitting", err, channels.BadContent)
	wantEqual(t, "number of contents at Twilio", len(w.fake.Contents()), 0)
}

// A template becomes the simplest type of content at Twilio that can have all of it. Only WhatsApp's card has a header or
// a footer.
func TestTemplateTypes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*channels.Template)
		want   string
	}{
		{name: "body alone", change: func(*channels.Template) {}, want: "twilio/text"},
		{
			name:   "buttons",
			change: func(t *channels.Template) { t.Buttons = []channels.Button{{Title: "Yes"}} },
			want:   "twilio/quick-reply",
		},
		{
			name:   "footer",
			change: func(t *channels.Template) { t.Footer = "Acme" },
			want:   "whatsapp/card",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			template := sampleTemplate()
			tt.change(&template)
			if got := slices.Collect(maps.Keys(templateTypes(template))); !slices.Equal(got, []string{tt.want}) {
				t.Errorf("got the types %q, want %s alone", got, tt.want)
			}
		})
	}
}

// A status of Twilio's that we don't know means that the template waits.
func TestTemplateStatus(t *testing.T) {
	t.Parallel()
	tests := []struct {
		status string
		want   channels.TemplateStatus
	}{
		{status: "unsubmitted", want: channels.TemplateDraft},
		{status: "received", want: channels.TemplatePending},
		{status: "pending", want: channels.TemplatePending},
		{status: "approved", want: channels.TemplateApproved},
		{status: "rejected", want: channels.TemplateRejected},
		{status: "paused", want: channels.TemplatePaused},
		{status: "disabled", want: channels.TemplateDisabled},
		{status: "new word", want: channels.TemplatePending},
	}
	for _, tt := range tests {
		if got := templateStatus(tt.status); got != tt.want {
			t.Errorf("templateStatus(%q) = %q, want %q", tt.status, got, tt.want)
		}
	}
}

// newContentWorld makes a world with two contents at Twilio: a template, and one for a single message with a button.
func newContentWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, viaWhatsApp)
	w.annWrites("hi")
	w.submit(sampleTemplate())
	w.mustSend(w.richMessage("well?", channels.Rich{Buttons: []channels.Button{{ID: "y", Title: "Yes"}}}))
	return w
}

// readContents lets the channel look at contents once, as Run does from time to time. It fails the test if that fails.
func (w *world) readContents(m *memory) {
	w.t.Helper()
	noError(w.t, w.base.readContents(w.t.Context(), m))
}

// The content of a single message is deleted a day later. Templates stay.
func TestContentOfAMessageIsDeleted(t *testing.T) {
	t.Parallel()
	w := newContentWorld(t)
	m := memory{}
	w.readContents(&m)
	wantEqual(t, "number of contents at once", len(w.fake.Contents()), 2)
	w.clock.move(25 * time.Hour)
	w.readContents(&m)
	wantEqual(t, "number of contents a day later", len(w.fake.Contents()), 1)
	w.takeTemplate() // the one that is left
}

// If Twilio doesn't delete the content of a single message, the states of templates are stored all the same.
func TestContentOfAMessageThatStays(t *testing.T) {
	t.Parallel()
	w := newContentWorld(t)
	w.clock.move(25 * time.Hour)
	const forever = -1
	w.fake.AddFault(twiliofake.Fault{Route: "DELETE /v1/Content", Kind: twiliofake.FaultErrorBefore, Times: forever})
	m := memory{}
	w.readContents(&m)
	wantEqual(t, "number of contents", len(w.fake.Contents()), 2)
	wantEqual(t, "number of stored states", len(m.Templates), 1)
}
