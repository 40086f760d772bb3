package twilio

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/twilio/twiliofake"
)

func sampleTemplate() channels.Template {
	return channels.Template{Name: "order_ready", Language: "en", Category: "utility", Body: "Hello {{customer_name}}, order {{order}} is ready.",
		Variables: []string{"customer_name", "order"}, Examples: map[string]string{"customer_name": "Ann", "order": "17"}}
}

// takeTemplate gives the one template that Twilio lists.
func (w *world) takeTemplate() channels.TemplateState {
	w.t.Helper()
	list, err := w.channel.(channels.Templater).ListTemplates(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	if len(list) != 1 {
		w.t.Fatalf("Twilio lists %d templates, want 1: %+v", len(list), list)
	}
	return list[0]
}

// waitTemplate waits until the last state that was told of a template is want.
func (w *world) waitTemplate(externalID string, want channels.TemplateStatus) {
	w.t.Helper()
	w.wait(fmt.Sprint("the template is told to be ", want), func() bool {
		s := w.decoded(channels.InboundTemplate)
		return len(s) > 0 && s[len(s)-1].Template.Status == want && s[len(s)-1].Template.ExternalID == externalID
	})
}

// submit submits a template, which must work.
func (w *world) submit(tm channels.Template) channels.TemplateState {
	w.t.Helper()
	state, err := w.channel.(channels.Templater).SubmitTemplate(w.t.Context(), tm)
	if err != nil {
		w.t.Fatal(err)
	}
	return state
}

// A template's life: submitted, waiting, approved, sent outside the window, paused, deleted.
//
func TestTemplateLife(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaWhatsApp, func(o *twiliofake.Options, _ channels.Config) { o.ReviewDelay = time.Hour })
	c := w.channel.(channels.Templater)
	state := w.submit(sampleTemplate())
	wantEqual(t, "it has an id at Twilio", state.ExternalID != "", true)
	wantEqual(t, "status when submitted", state.Status, channels.TemplatePending)
	wantEqual(t, "name", state.Name, "order_ready")
	wantEqual(t, "category", state.Category, "utility")

	// Before the approval it can't open the window.
	o := w.outbound(1, "Hello Ann, order 42 is ready.")
	use := channels.TemplateUse{Template: sampleTemplate(), Values: map[string]string{"customer_name": "Ann\nLee", "order": "42"}}
	use.ExternalID = state.ExternalID
	o.Template = &use
	w.mustSend(o)
	wantEqual(t, "class of one that isn't approved", w.waitStatuses(1)[0].Status.Class, channels.WindowClosed)

	// The approval is told, and it opens the window.
	w.startRun()
	w.clock.move(2 * time.Hour)
	w.waitTemplate(state.ExternalID, channels.TemplateApproved)
	w.mustSend(o)
	w.waitSettled()
	if got := w.ann.Texts(); !slices.Equal(got, []string{"Hello Ann Lee, order 42 is ready."}) {
		t.Errorf("Ann got %q", got)
	}

	// WhatsApp pauses it.
	w.fake.Review(state.ExternalID, "paused", "")
	w.waitTemplate(state.ExternalID, channels.TemplatePaused)
	wantEqual(t, "listed status", w.takeTemplate().Status, channels.TemplatePaused)

	// It is deleted. The second time it is gone, which is no error.
	for range 2 {
		if err := c.DeleteTemplate(t.Context(), use.Template); err != nil {
			t.Error(err)
		}
	}
	if list, err := c.ListTemplates(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("after the deletion Twilio lists %+v, %v, want nothing", list, err)
	}
}

// A rejected template comes back with its reason, and its new form replaces it.
func TestTemplateRejected(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaWhatsApp)
	tm := sampleTemplate()
	tm.Body, tm.Variables = "{{order}} is ready.", []string{"order"} // begins with a variable, which WhatsApp rejects
	first := w.submit(tm)
	listed := w.takeTemplate()
	wantEqual(t, "status of the first form", listed.Status, channels.TemplateRejected)
	wantEqual(t, "the rejection has a reason", listed.Reason != "", true)

	tm.ExternalID, tm.Body = first.ExternalID, "Order {{order}} is ready."
	second := w.submit(tm)
	wantEqual(t, "the new form has the old one's id", second.ExternalID == first.ExternalID, false)
	listed = w.takeTemplate()
	wantEqual(t, "status of the new form", listed.Status, channels.TemplateApproved)
	wantEqual(t, "listed id", listed.ExternalID, second.ExternalID)

	tm.ExternalID, tm.Name = "", "Not A Name"
	_, err := w.channel.(channels.Templater).SubmitTemplate(t.Context(), tm)
	_ = wantClass(t, "a name with blanks", err, channels.BadContent)
	wantEqual(t, "contents at Twilio", len(w.fake.Contents()), 1)
}

// Header, footer and buttons take WhatsApp's card.
func TestTemplateTypes(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*channels.Template){
		"twilio/text":        func(*channels.Template) {},
		"twilio/quick-reply": func(t *channels.Template) { t.Buttons = []channels.Button{{Title: "Yes"}} },
		"whatsapp/card":      func(t *channels.Template) { t.Footer = "Acme" },
	} {
		tm := sampleTemplate()
		change(&tm)
		if got := slices.Collect(maps.Keys(templateTypes(tm))); !slices.Equal(got, []string{want}) {
			t.Errorf("types of the content: got %q, want %s alone", got, want)
		}
	}
}

func TestTemplateStatus(t *testing.T) {
	t.Parallel()
	for status, want := range map[string]channels.TemplateStatus{
		"unsubmitted": channels.TemplateDraft,
		"received":    channels.TemplatePending,
		"pending":     channels.TemplatePending,
		"approved":    channels.TemplateApproved,
		"rejected":    channels.TemplateRejected,
		"paused":      channels.TemplatePaused,
		"disabled":    channels.TemplateDisabled,
		"new word":    channels.TemplatePending,
	} {
		wantEqual(t, status, templateStatus(status), want)
	}
}

// sendButton sends a message with a button, for which Twilio needs a content.
func (w *world) sendButton() {
	w.t.Helper()
	o := w.outbound(1, "well?")
	o.Rich = &channels.Rich{Buttons: []channels.Button{{ID: "y", Title: "Yes"}}}
	w.mustSend(o)
}

// What single messages needed is deleted a day later; templates stay.
func TestOnceContentsGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaWhatsApp)
	w.annWrites("hi")
	w.submit(sampleTemplate())
	w.sendButton()
	const template, message = 1, 1
	m := memory{}
	for _, want := range []int{template + message, template} {
		if err := w.base.storeTemplateStates(t.Context(), &m); err != nil {
			t.Fatal(err)
		}
		wantEqual(t, "contents at Twilio", len(w.fake.Contents()), want)
		w.clock.move(25 * time.Hour)
	}
	w.takeTemplate()
}

// A content of a single message that Twilio doesn't delete keeps no approval of a template from being stored.
func TestOnceContentThatStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaWhatsApp)
	w.annWrites("hi")
	w.submit(sampleTemplate())
	w.sendButton()
	w.clock.move(25 * time.Hour)
	w.fake.AddFault(twiliofake.Fault{Route: "DELETE /v1/Content", Kind: twiliofake.FaultErrorBefore, Times: -1})
	m := memory{}
	if err := w.base.storeTemplateStates(t.Context(), &m); err != nil {
		t.Error(err)
	}
	wantEqual(t, "contents at Twilio", len(w.fake.Contents()), 2)
	wantEqual(t, "stored states of templates", len(m.Templates), 1)
}

// What doctor finds wrong, each with what to do.
func TestCheck(t *testing.T) {
	t.Parallel()
	wrongToken := func(_ *twiliofake.Options, c channels.Config) { c[fieldToken] = "wrong" }
	another := func(_ *twiliofake.Options, c channels.Config) { c[fieldFrom] = "+15557777" }
	withoutMMS := func(o *twiliofake.Options, c channels.Config) { c[fieldMMS], o.Numbers[1].MMS = "true", false }
	for name, c := range map[string]struct {
		by     medium
		change func(*twiliofake.Options, channels.Config)
		then   func(*world)
		want   string
	}{
		"all is well":                    {},
		"all is well, WhatsApp":          {by: viaWhatsApp},
		"a webhook that isn't repeated":  {then: func(w *world) { w.fake.SetWebhook(smsNumber, w.base.callbacks.address) }, want: "Webhook"},
		"a webhook to another address":   {then: func(w *world) { w.fake.SetWebhook(smsNumber, "https://other.test") }, want: "Webhook"},
		"a wrong token":                  {change: wrongToken, want: "Twilio account"},
		"another's number":               {change: another, want: "Number"},
		"a number that can't send files": {change: withoutMMS, want: "Number"},
		"no address for callbacks":       {then: func(w *world) { w.base.callbacks.address = "" }, want: "Callback address, Webhook"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, c.by, c.change)
			if c.then != nil {
				c.then(w)
			}
			var wrong []string
			for _, f := range w.channel.(channels.Checker).Check(t.Context()) {
				if !f.OK {
					wantEqual(t, f.What+": it has a hint", f.Hint != "", true)
					wrong = append(wrong, f.What)
				}
			}
			wantEqual(t, "what is wrong", strings.Join(wrong, ", "), c.want)
		})
	}
}

// Faults of the settings are told together.
func TestSettings(t *testing.T) {
	t.Parallel()
	_, err := newSettings(channels.Config{fieldAccount: "SK1", fieldFrom: "ann", fieldService: "x"}, false)
	if err == nil {
		t.Fatal("settings full of faults were taken")
	}
	for _, field := range []string{"account_sid", "auth_token", "from", "messaging_service_sid"} {
		wantText(t, "error", err.Error(), field)
	}
	s, err := newSettings(channels.Config{fieldAccount: "AC0", fieldToken: "t", fieldFrom: "whatsapp:+1 555 0100"}, true)
	if err != nil {
		t.Error(err)
	}
	wantEqual(t, "number", s.from, "+15550100")
}
