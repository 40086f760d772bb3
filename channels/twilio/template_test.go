package twilio

import (
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

// A template's life: submitted, waiting, approved, sent outside the window, paused, deleted.
//
func TestTemplateLife(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true, func(o *twiliofake.Options, _ channels.Config) { o.ReviewDelay = time.Hour })
	c := w.channel.(channels.Templater)
	state, err := c.SubmitTemplate(t.Context(), sampleTemplate())
	if err != nil || state.ExternalID == "" || state.Status != channels.TemplatePending || state.Name != "order_ready" || state.Category != "utility" {
		t.Fatalf("%+v, %v", state, err)
	}
	o := w.outbound(1, "Hello Ann, order 42 is ready.")
	use := channels.TemplateUse{Template: sampleTemplate(), Values: map[string]string{"customer_name": "Ann\nLee", "order": "42"}}
	use.ExternalID = state.ExternalID
	o.Template = &use
	w.sent(o)
	w.wait("an unapproved one fails", func() bool {
		s := w.decoded(channels.InboundStatus)
		return len(s) == 1 && s[0].Status.Class == channels.WindowClosed
	})
	w.run()
	w.clock.move(2 * time.Hour)
	w.wait("the verdict is told", func() bool {
		s := w.decoded(channels.InboundTemplate)
		return len(s) > 0 && s[len(s)-1].Template.Status == channels.TemplateApproved && s[len(s)-1].Template.ExternalID == state.ExternalID
	})
	w.sent(o)
	w.settled()
	if got := w.ann.Texts(); !slices.Equal(got, []string{"Hello Ann Lee, order 42 is ready."}) {
		t.Errorf("%q", got)
	}
	w.fake.Review(state.ExternalID, "paused", "")
	w.wait("the pause is told", func() bool {
		s := w.decoded(channels.InboundTemplate)
		return s[len(s)-1].Template.Status == channels.TemplatePaused
	})
	if list, err := c.ListTemplates(t.Context()); err != nil || len(list) != 1 || list[0].Status != channels.TemplatePaused {
		t.Errorf("%+v, %v", list, err)
	}
	tm := sampleTemplate()
	tm.ExternalID = state.ExternalID
	for range 2 { // one that is gone is no error
		if err := c.DeleteTemplate(t.Context(), tm); err != nil {
			t.Error(err)
		}
	}
	if list, err := c.ListTemplates(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("%+v, %v", list, err)
	}
}

// A rejected template comes back with its reason, and its new form replaces it.
func TestTemplateRejected(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true)
	c := w.channel.(channels.Templater)
	tm := sampleTemplate()
	tm.Body = "{{order}} is ready."
	tm.Variables = []string{"order"}
	state, err := c.SubmitTemplate(t.Context(), tm)
	if err != nil {
		t.Fatal(err)
	}
	list, err := c.ListTemplates(t.Context())
	if err != nil || len(list) != 1 || list[0].Status != channels.TemplateRejected || list[0].Reason == "" {
		t.Fatalf("%+v, %v", list, err)
	}
	tm.ExternalID, tm.Body = state.ExternalID, "Order {{order}} is ready."
	again, err := c.SubmitTemplate(t.Context(), tm)
	if err != nil || again.ExternalID == state.ExternalID {
		t.Fatalf("%+v, %v", again, err)
	}
	list, err = c.ListTemplates(t.Context())
	if err != nil || len(list) != 1 || list[0].Status != channels.TemplateApproved || list[0].ExternalID != again.ExternalID {
		t.Errorf("%+v, %v", list, err)
	}
	tm.ExternalID, tm.Name = "", "Not A Name"
	if _, err := c.SubmitTemplate(t.Context(), tm); classOf(t, err).Class != channels.BadContent {
		t.Error(err)
	}
	if n := len(w.fake.Contents()); n != 1 {
		t.Errorf("%d contents are left", n)
	}
}

// Header, footer and buttons take WhatsApp's card.
func TestTemplateTypes(t *testing.T) {
	t.Parallel()
	kind := func(change func(*channels.Template)) string {
		tm := sampleTemplate()
		change(&tm)
		for k := range templateTypes(tm) {
			return k
		}
		return ""
	}
	for want, change := range map[string]func(*channels.Template){
		"twilio/text":        func(*channels.Template) {},
		"twilio/quick-reply": func(t *channels.Template) { t.Buttons = []channels.Button{{Title: "Yes"}} },
		"whatsapp/card":      func(t *channels.Template) { t.Footer = "Acme" },
	} {
		if got := kind(change); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	for status, want := range map[string]channels.TemplateStatus{"unsubmitted": channels.TemplateDraft, "received": channels.TemplatePending, "pending": channels.TemplatePending,
		"approved": channels.TemplateApproved, "rejected": channels.TemplateRejected, "paused": channels.TemplatePaused, "disabled": channels.TemplateDisabled, "new word": channels.TemplatePending} {
		if got := templateStatus(status); got != want {
			t.Errorf("%s: %s", status, got)
		}
	}
}

// What single messages needed is deleted a day later; templates stay.
func TestOnceContentsGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true)
	w.write("hi")
	if _, err := w.channel.(channels.Templater).SubmitTemplate(t.Context(), sampleTemplate()); err != nil {
		t.Fatal(err)
	}
	o := w.outbound(1, "well?")
	o.Rich = &channels.Rich{Buttons: []channels.Button{{ID: "y", Title: "Yes"}}}
	w.sent(o)
	m := memory{}
	for _, want := range []int{2, 1} {
		if err := w.base.storeTemplateStates(t.Context(), &m); err != nil {
			t.Fatal(err)
		}
		if got := w.fake.Contents(); len(got) != want {
			t.Errorf("%+v, want %d", got, want)
		}
		w.clock.move(25 * time.Hour)
	}
	if list, err := w.channel.(channels.Templater).ListTemplates(t.Context()); err != nil || len(list) != 1 {
		t.Errorf("%+v, %v", list, err)
	}
}

// A content of a single message that Twilio doesn't delete keeps no approval of a template from being stored.
func TestOnceContentThatStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true)
	w.write("hi")
	if _, err := w.channel.(channels.Templater).SubmitTemplate(t.Context(), sampleTemplate()); err != nil {
		t.Fatal(err)
	}
	o := w.outbound(1, "well?")
	o.Rich = &channels.Rich{Buttons: []channels.Button{{ID: "y", Title: "Yes"}}}
	w.sent(o)
	w.clock.move(25 * time.Hour)
	w.fake.AddFault(twiliofake.Fault{Route: "DELETE /v1/Content", Kind: twiliofake.FaultErrorBefore, Times: -1})
	m := memory{}
	if err := w.base.storeTemplateStates(t.Context(), &m); err != nil {
		t.Error(err)
	}
	if len(w.fake.Contents()) != 2 || len(m.Templates) != 1 {
		t.Errorf("%d contents are left, and the states %v are stored", len(w.fake.Contents()), m.Templates)
	}
}

// doctor's findings, each with what to do.
func TestCheck(t *testing.T) {
	t.Parallel()
	find := func(w *world) string {
		var out []string
		for _, f := range w.channel.(channels.Checker).Check(t.Context()) {
			if !f.OK {
				if f.Hint == "" {
					t.Errorf("%+v has no hint", f)
				}
				out = append(out, f.What)
			}
		}
		return strings.Join(out, ", ")
	}
	ok := newWorld(t, false)
	if got := find(ok); got != "" {
		t.Errorf("all is well: %s", got)
	}
	ok.fake.SetWebhook(smsNumber, ok.base.callbacks.address)
	if got := find(ok); got != "Webhook" {
		t.Errorf("no repetitions: %s", got)
	}
	ok.fake.SetWebhook(smsNumber, "https://other.test")
	if got := find(ok); got != "Webhook" {
		t.Errorf("another address: %s", got)
	}
	if got := find(newWorld(t, true)); got != "" {
		t.Errorf("whatsapp: %s", got)
	}
	if got := find(newWorld(t, false, func(_ *twiliofake.Options, c channels.Config) { c[fieldToken] = "wrong" })); got != "Twilio account" {
		t.Errorf("wrong token: %s", got)
	}
	if got := find(newWorld(t, false, func(_ *twiliofake.Options, c channels.Config) { c[fieldFrom] = "+15557777" })); got != "Number" {
		t.Errorf("another number: %s", got)
	}
	mms := newWorld(t, false, func(o *twiliofake.Options, c channels.Config) { c[fieldMMS], o.Numbers[1].MMS = "true", false })
	if got := find(mms); got != "Number" {
		t.Errorf("no MMS: %s", got)
	}
	ok.base.callbacks.address = ""
	if got := find(ok); got != "Callback address, Webhook" {
		t.Errorf("no address: %s", got)
	}
}

// Faults of the settings are told together.
func TestSettings(t *testing.T) {
	t.Parallel()
	_, err := newSettings(channels.Config{fieldAccount: "SK1", fieldFrom: "ann", fieldService: "x"}, false)
	for _, want := range []string{"account_sid", "auth_token", "from", "messaging_service_sid"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %s", err, want)
		}
	}
	s, err := newSettings(channels.Config{fieldAccount: "AC0", fieldToken: "t", fieldFrom: "whatsapp:+1 555 0100"}, true)
	if err != nil || s.from != "+15550100" {
		t.Errorf("%+v, %v", s, err)
	}
}
