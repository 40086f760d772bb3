package whatsapp

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/graphfake"
)

// welcome is a template with everything that we submit.
func welcome() channels.Template {
	return channels.Template{Name: "welcome", Language: "en", Category: "utility", Header: "Hi {{name}}", Body: "Your order {{order}} for {{name}} left, {{order}} it is.",
		Footer: "Acme", Buttons: []channels.Button{{ID: "ok", Title: "OK"}, {Title: "Shop", URL: "https://acme.test"}},
		Variables: []string{"name", "order"}, Examples: map[string]string{"name": "Ann", "order": "12"}}
}

// TestTemplates: submitting, the verdict, editing, listing over pages, deleting.
//
func TestTemplates(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tpl := welcome()
	state, err := w.channel.SubmitTemplate(within(t), tpl)
	if err != nil || state.Status != channels.TemplatePending || state.ExternalID == "" || state.Category != "utility" {
		t.Fatalf("%+v, %v", state, err)
	}
	const want = `{"category":"UTILITY","components":[{"example":{"header_text":["Ann"]},"format":"TEXT","text":"Hi {{1}}","type":"HEADER"},` +
		`{"example":{"body_text":[["12","Ann"]]},"text":"Your order {{1}} for {{2}} left, {{1}} it is.","type":"BODY"},{"text":"Acme","type":"FOOTER"},` +
		`{"buttons":[{"text":"OK","type":"QUICK_REPLY"},{"text":"Shop","type":"URL","url":"https://acme.test"}],"type":"BUTTONS"}],"language":"en","name":"welcome","parameter_format":"POSITIONAL"}`
	if got := string(w.RequestsTo("whatsapp.template.create")[0].Body); got != want {
		t.Errorf("submitted %s", got)
	}
	if err := w.Review(state.ExternalID, "REJECTED", "Unclear"); err != nil {
		t.Fatal(err)
	}
	if in := w.one(); in.Kind != channels.InboundTemplate || in.Template.Status != channels.TemplateRejected || !strings.HasPrefix(in.Template.Reason, "Unclear. ") ||
		in.Template.ExternalID != state.ExternalID || in.Template.Name != "welcome" {
		t.Errorf("told %+v", in.Template)
	}
	tpl.ExternalID, tpl.Footer = state.ExternalID, "Acme Inc"
	if state, err = w.channel.SubmitTemplate(within(t), tpl); err != nil || state.Status != channels.TemplatePending || state.ExternalID != tpl.ExternalID {
		t.Errorf("edited: %+v, %v", state, err)
	}
	if err := w.Review(state.ExternalID, "APPROVED", ""); err != nil {
		t.Fatal(err)
	}
	for i := range 250 {
		w.AddTemplate(wabaID, fmt.Sprintf("t%d", i), "en", "MARKETING", "Hello")
	}
	list, err := w.channel.ListTemplates(within(t))
	if err != nil || len(list) != 251 || list[0].Status != channels.TemplateApproved || list[250].Name != "t249" || list[250].Category != "marketing" {
		t.Errorf("listed %d, %v", len(list), err)
	}
	if err := w.channel.DeleteTemplate(within(t), tpl); err != nil || len(w.Templates(wabaID)) != 250 {
		t.Errorf("deleted: %v, %d left", err, len(w.Templates(wabaID)))
	}
	if err := w.channel.DeleteTemplate(within(t), tpl); channels.ClassOf(err) != channels.BadContent {
		t.Errorf("deleted again: %v", err)
	}
}

// TestTemplateRefused: what Meta would refuse is said before it leaves, or in Meta's words.
func TestTemplateRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]struct {
		change func(*channels.Template)
		asked  bool // Meta was
	}{
		"no example":         {func(t *channels.Template) { delete(t.Examples, "order") }, false},
		"begins with one":    {func(t *channels.Template) { t.Body = "{{name}} left" }, false},
		"ends with one":      {func(t *channels.Template) { t.Body = "Bye {{name}}" }, false},
		"side by side":       {func(t *channels.Template) { t.Body = "Bye {{name}} {{order}}." }, false},
		"two in the header":  {func(t *channels.Template) { t.Header = "{{name}} {{order}}" }, false},
		"one in the footer":  {func(t *channels.Template) { t.Footer = "{{name}}" }, false},
		"no body":            {func(t *channels.Template) { t.Body = " " }, false},
		"a name with blanks": {func(t *channels.Template) { t.Name = "Two Words" }, true},
		"a long body":        {func(t *channels.Template) { t.Body = long(1025) }, true},
		"a new category":     {func(t *channels.Template) { t.Category = "news" }, true},
	} {
		before := len(w.Requests())
		tpl := welcome()
		c.change(&tpl)
		_, err := w.channel.SubmitTemplate(within(t), tpl)
		if channels.ClassOf(err) != channels.BadContent || (len(w.Requests()) > before) != c.asked {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.channel.SubmitTemplate(within(t), welcome()); err != nil {
		t.Fatal(err)
	}
	_, err := w.channel.SubmitTemplate(within(t), welcome())
	if se := asSendError(t, err); se.Class != channels.BadContent || !strings.Contains(se.Text, "already a template") {
		t.Errorf("twice: %v", err)
	}
	w.fault(graphfake.Fault{Route: "whatsapp.template.create", Action: graphfake.ActionDropAfter})
	other := welcome()
	other.Name = "other"
	if _, err := w.channel.SubmitTemplate(within(t), other); channels.ClassOf(err) != channels.Ambiguous {
		t.Errorf("lost: %v", err)
	}
}

// TestAttend: the customer sees that somebody reads and writes, until the answer comes.
//
func TestAttend(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ann.Text("one")
	last := w.ann.Text("two")
	w.settle()
	if err := w.channel.Attend(within(t), channels.Party{Key: annPhone}, last); err != nil {
		t.Fatal(err)
	}
	for _, m := range w.ann.Chat() {
		if m.Tick != graphfake.TickRead {
			t.Errorf("%s has %s", m.Text, m.Tick)
		}
	}
	if !w.ann.Typing() {
		t.Error("nobody types")
	}
	w.clock.advance(25 * time.Second)
	if w.ann.Typing() {
		t.Error("somebody types for ever")
	}
	if err := w.channel.Attend(within(t), channels.Party{Key: annPhone}, "wamid.unknown"); err == nil {
		t.Error("an unknown message was read")
	}
	if err := w.channel.Attend(within(t), channels.Party{Key: annPhone}, ""); err != nil {
		t.Error(err)
	}
}

// TestRecipient: what people type becomes a number, or is refused in words.
func TestRecipient(t *testing.T) {
	t.Parallel()
	c := newWorld(t).channel
	for typed, want := range map[string]string{
		"+49 170 1234567": "+491701234567", "0049 (170) 1234567": "+491701234567", " whatsapp:+491701234567 ": "+491701234567", "US.13491208655302741918": "US.13491208655302741918",
		"+1 212 555 2368": "+12125552368", "0170 1234567": "", "+49": "", "+1234567890123456": "", "ann@customer.test": "", "": "", "+999 123456": "",
	} {
		got, err := c.Recipient(typed)
		if got.Key != want || (err == nil) != (want != "") {
			t.Errorf("%q: %+v, %v", typed, got, err)
		}
		if err != nil && asSendError(t, err).Class != channels.BadRecipient {
			t.Errorf("%q: %v", typed, err)
		}
	}
	if got, err := c.Recipient("+52 55 1234 5678"); err != nil || !slices.Contains(got.Also, "+5215512345678") {
		t.Errorf("Mexico: %+v, %v", got, err)
	}
}

// findings lists what Check found wrong.
func faultsOf(list []channels.Finding) string {
	var wrong []string
	for _, f := range list {
		if !f.OK {
			wrong = append(wrong, f.What+": "+f.Text)
		}
		if f.OK == (f.Hint != "") || f.Text == "" || f.What == "" {
			wrong = append(wrong, fmt.Sprintf("a finding without words or with a needless hint: %+v", f))
		}
	}
	return strings.Join(wrong, "\n")
}

// TestCheck: doctor says what is wrong and changes nothing.
func TestCheck(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(w *world)
		want  string // part of what is found wrong; "" = nothing is
	}{
		"all right":         {func(*world) {}, ""},
		"token revoked":     {func(w *world) { w.RevokeToken(ourToken) }, "doesn't accept the access token"},
		"number's ID wrong": {func(w *world) { w.config[fieldPhoneID] = "999" }, "WhatsApp number: WhatsApp refuses it"},
		"account's wrong": {func(w *world) {
			w.AddNumber(graphfake.NumberConfig{WABA: "777"})
			w.AllowToken(ourToken)
			w.config[fieldWABA] = "777"
		}, "doesn't belong to this business account"},
		"account unknown": {func(w *world) { w.config[fieldWABA] = "778" }, "WhatsApp business account: WhatsApp refuses it"},
		"not subscribed":  {func(w *world) { w.Unsubscribe(wabaID) }, "there is none. Nothing that customers write arrives"},
		"another secret":  {func(w *world) { w.config[fieldSecret] = "of another app" }, "App secret: It isn't the secret of the app"},
		"few permissions": {func(w *world) {
			w.AllowTokenFor(ourToken, graphfake.TokenOptions{IDs: []string{phoneID, wabaID}, Scopes: []string{"whatsapp_business_messaging"}})
		}, "Access token: It lacks the permission whatsapp_business_management"},
		"token of a day": {func(w *world) {
			w.AllowTokenFor(ourToken, graphfake.TokenOptions{IDs: []string{phoneID, wabaID}, Expires: w.clock.now().Add(23 * time.Hour)})
		}, "Access token: It ends on"},
		"no public address": {func(w *world) { w.env.HookURL = "" }, "no public address"},
		"Meta is down": {func(w *world) {
			w.fault(graphfake.Fault{Action: graphfake.ActionStatus, Status: 503, Times: graphfake.Forever})
		}, "didn't answer"},
	} {
		w := newWorld(t)
		c.spoil(w)
		got := faultsOf(w.open().Check(within(t)))
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q", name, got)
		}
		for _, r := range w.Requests() {
			if r.Method != http.MethodGet {
				t.Errorf("%s: %s %s", name, r.Method, r.Path)
			}
		}
	}
}

// TestSettings: all faults of the settings are told together.
func TestSettings(t *testing.T) {
	t.Parallel()
	_, err := Spec().New(channels.Account{Config: channels.Config{fieldPhoneID: "+49170", fieldVersion: "26"}}, channels.Env{})
	for _, want := range []string{"phone_number_id", "waba_id: missing", "token: missing", "app_secret: missing", "verify_token: missing", "version", "no key"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q isn't told: %v", want, err)
		}
	}
}
