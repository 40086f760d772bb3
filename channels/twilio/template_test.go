package twilio

import (
	"fmt"
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
