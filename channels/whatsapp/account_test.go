package whatsapp

import (
	"fmt"
	"net/http"
	"reflect"
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

// TestAccountNews: what webhooks tell about templates and the account.
func TestAccountNews(t *testing.T) {
	t.Parallel()
	at := time.Unix(1763631000, 0).UTC()
	template := func(s channels.TemplateState) []channels.Inbound {
		return []channels.Inbound{{Kind: channels.InboundTemplate, At: at, Template: &s}}
	}
	notice := func(s string) []channels.Inbound {
		return []channels.Inbound{{Kind: channels.InboundNotice, At: at, Notices: []string{s}}}
	}
	const names = `"message_template_id":9000000000000001,"message_template_name":"hello","message_template_language":"en_US"`
	hello := channels.TemplateState{ExternalID: "9000000000000001", Name: "hello", Language: "en_US"}
	with := func(change func(*channels.TemplateState)) []channels.Inbound {
		s := hello
		change(&s)
		return template(s)
	}
	for name, c := range map[string]struct {
		field, value string
		want         []channels.Inbound
	}{
		"approved": {"message_template_status_update", `{"event":"APPROVED",` + names + `,"reason":"NONE","message_template_category":"UTILITY"}`,
			with(func(s *channels.TemplateState) { s.Status, s.Category = channels.TemplateApproved, "utility" })},
		"rejected": {"message_template_status_update", `{"event":"REJECTED",` + names + `,"reason":"INVALID_FORMAT","rejection_info":{"reason":"Bad","recommendation":"Write better"}}`,
			with(func(s *channels.TemplateState) { s.Status, s.Reason = channels.TemplateRejected, "Bad. Write better" })},
		"paused": {"message_template_status_update", `{"event":"PAUSED",` + names + `,"reason":"LOW_QUALITY"}`,
			with(func(s *channels.TemplateState) { s.Status, s.Reason = channels.TemplatePaused, "low quality" })},
		"disabled": {"message_template_status_update", `{"event":"DISABLED",` + names + `,"disable_info":{"disable_date":"2026-11-20"}}`,
			with(func(s *channels.TemplateState) {
				s.Status, s.Reason = channels.TemplateDisabled, "disabled on 2026-11-20"
			})},
		"a new event": {"message_template_status_update", `{"event":"POLISHED",` + names + `}`, nil},
		"quality": {"message_template_quality_update", `{"previous_quality_score":"GREEN","new_quality_score":"RED",` + names + `}`,
			with(func(s *channels.TemplateState) { s.Quality = "red" })},
		"category (edge case 19)": {"template_category_update", `{"previous_category":"UTILITY","new_category":"MARKETING",` + names + `}`,
			with(func(s *channels.TemplateState) { s.Category = "marketing" })},
		"number": {"phone_number_quality_update", `{"display_phone_number":"15550100","event":"DOWNGRADE","current_limit":"TIER_1K"}`,
			notice("WhatsApp changed what the number 15550100 may send: downgrade; new customers in 24 hours: 1k.")},
		"alert": {"account_alerts", `{"entity_type":"BUSINESS","alert_severity":"CRITICAL","alert_type":"OBA_REJECTED","alert_description":"Look"}`,
			notice("WhatsApp warns (critical, oba rejected): Look")},
		"ban": {"account_update", `{"event":"DISABLED_UPDATE","ban_info":{"waba_ban_state":"DISABLE"},"violation_info":{"violation_type":"SPAM"}}`,
			notice("WhatsApp changed the business account: disabled update (disable), because of spam.")},
		"error": {"messages", `{"metadata":{"phone_number_id":"1055"},"errors":[{"code":130429,"title":"Rate limit hit","error_data":{"details":"Too fast"}}]}`,
			notice("WhatsApp reports a problem with this number: Too fast (130429)")},
		"stop": {"user_preferences", `{"metadata":{"phone_number_id":"1055"},"contacts":[{"profile":{"name":"Ann"},"wa_id":"491701234567"}],"user_preferences":[{"wa_id":"491701234567","category":"marketing_messages","value":"stop","timestamp":1763631000}]}`,
			[]channels.Inbound{{Kind: channels.InboundConsent, At: at, From: channels.Party{Key: annPhone, Name: "Ann"}, Consent: &channels.Consent{OptedOut: true, Marketing: true, Silent: true}}}},
		"resume": {"user_preferences", `{"user_preferences":[{"wa_id":"491701234567","category":"marketing_messages","value":"resume","timestamp":1763631000}]}`,
			[]channels.Inbound{{Kind: channels.InboundConsent, At: at, From: channels.Party{Key: annPhone}, Consent: &channels.Consent{Marketing: true, Silent: true}}}},
		"chat opened": {"messages", `{"metadata":{"phone_number_id":"1055"},"messages":[{"from":"491701234567","id":"wamid.1","timestamp":"1","type":"request_welcome"}]}`, nil},
		"history":     {"history", `{"history":[{"threads":[]}]}`, nil},
		"a group":     {"messages", `{"metadata":{"phone_number_id":"1055"},"messages":[{"group_id":"g","from":"491701234567","id":"wamid.1","timestamp":"1","type":"text","text":{"body":"x"}}]}`, nil},
		"echo": {"smb_message_echoes", `{"metadata":{"phone_number_id":"1055"},"contacts":[{"profile":{"name":"Ann"},"wa_id":"491701234567"}],"message_echoes":[{"from":"15550100","to":"491701234567","id":"wamid.9","timestamp":"1763631000","type":"text","text":{"body":"from the *phone*"}}]}`,
			[]channels.Inbound{{Kind: channels.InboundForeign, ExternalID: "wamid.9", At: at, From: channels.Party{Key: annPhone, Name: "Ann"}, Text: "from the **phone**"}}},
	} {
		if got := decodeHook(t, hook(c.field, c.value)); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s:\n got %s\nwant %s", name, jsonOf(got), jsonOf(c.want))
		}
	}
}

// TestTemplateReview: a template is submitted, rejected, edited, approved and deleted.
//
func TestTemplateReview(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tpl := welcome()

	// What is submitted is what Meta's reference asks for, and waits for a verdict.
	state, err := w.channel.SubmitTemplate(testContext(t), tpl)
	if err != nil || state.ExternalID == "" {
		t.Fatalf("submitted as %+v, %v; want an id and no error", state, err)
	}
	wantEqual(t, "status", state.Status, channels.TemplatePending)
	wantEqual(t, "category", state.Category, "utility")
	const want = `{"category":"UTILITY","components":[{"example":{"header_text":["Ann"]},"format":"TEXT","text":"Hi {{1}}","type":"HEADER"},` +
		`{"example":{"body_text":[["12","Ann"]]},"text":"Your order {{1}} for {{2}} left, {{1}} it is.","type":"BODY"},{"text":"Acme","type":"FOOTER"},` +
		`{"buttons":[{"text":"OK","type":"QUICK_REPLY"},{"text":"Shop","type":"URL","url":"https://acme.test"}],"type":"BUTTONS"}],"language":"en","name":"welcome","parameter_format":"POSITIONAL"}`
	wantEqual(t, "submitted template", string(w.RequestsTo("whatsapp.template.create")[0].Body), want)

	// The verdict arrives with its reason.
	noError(t, w.Review(state.ExternalID, "REJECTED", "Unclear"))
	in := w.takeOne()
	wantEqual(t, "kind", in.Kind, channels.InboundTemplate)
	wantEqual(t, "status", in.Template.Status, channels.TemplateRejected)
	wantEqual(t, "id", in.Template.ExternalID, state.ExternalID)
	wantEqual(t, "name", in.Template.Name, "welcome")
	if !strings.HasPrefix(in.Template.Reason, "Unclear. ") {
		t.Errorf("got the reason %q, want one that begins with Unclear", in.Template.Reason)
	}

	// An edited template keeps its id, and waits again.
	tpl.ExternalID, tpl.Footer = state.ExternalID, "Acme Inc"
	edited, err := w.channel.SubmitTemplate(testContext(t), tpl)
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "status after the edit", edited.Status, channels.TemplatePending)
	wantEqual(t, "id after the edit", edited.ExternalID, state.ExternalID)
	noError(t, w.Review(state.ExternalID, "APPROVED", ""))
	list, err := w.channel.ListTemplates(testContext(t))
	if err != nil || len(list) != 1 {
		t.Fatalf("listed %+v, %v; want one template", list, err)
	}
	wantEqual(t, "status in the list", list[0].Status, channels.TemplateApproved)

	// It is deleted once.
	noError(t, w.channel.DeleteTemplate(testContext(t), tpl))
	wantEqual(t, "templates that are left", len(w.Templates(wabaID)), 0)
	_ = wantClass(t, "deleting it again", w.channel.DeleteTemplate(testContext(t), tpl), channels.BadContent)
}

// TestManyTemplates: all templates are listed, over several pages, and one alone is deleted.
//
func TestManyTemplates(t *testing.T) {
	t.Parallel()
	const others = 250
	w := newWorld(t)
	tpl := welcome()
	state, err := w.channel.SubmitTemplate(testContext(t), tpl)
	if err != nil {
		t.Fatal(err)
	}
	tpl.ExternalID = state.ExternalID
	for i := range others {
		w.AddTemplate(wabaID, fmt.Sprintf("t%d", i), "en", "MARKETING", "Hello")
	}
	list, err := w.channel.ListTemplates(testContext(t))
	if err != nil || len(list) != 1+others {
		t.Fatalf("listed %d, %v; want %d", len(list), err, 1+others)
	}
	last := list[others]
	wantEqual(t, "name of the last", last.Name, fmt.Sprintf("t%d", others-1))
	wantEqual(t, "category of the last", last.Category, "marketing")
	noError(t, w.channel.DeleteTemplate(testContext(t), tpl))
	wantEqual(t, "templates that are left", len(w.Templates(wabaID)), others)
}

// TestTemplateRefused: what Meta would refuse is said before it leaves, or in Meta's words.
func TestTemplateRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]struct {
		change func(*channels.Template)
		asked  bool // Meta was
	}{
		"no example":         {change: func(t *channels.Template) { delete(t.Examples, "order") }},
		"begins with one":    {change: func(t *channels.Template) { t.Body = "{{name}} left" }},
		"ends with one":      {change: func(t *channels.Template) { t.Body = "Bye {{name}}" }},
		"side by side":       {change: func(t *channels.Template) { t.Body = "Bye {{name}} {{order}}." }},
		"two in the header":  {change: func(t *channels.Template) { t.Header = "{{name}} {{order}}" }},
		"one in the footer":  {change: func(t *channels.Template) { t.Footer = "{{name}}" }},
		"no body":            {change: func(t *channels.Template) { t.Body = " " }},
		"a name with blanks": {change: func(t *channels.Template) { t.Name = "Two Words" }, asked: true},
		"a long body":        {change: func(t *channels.Template) { t.Body = long(maxBody + 1) }, asked: true},
		"a new category":     {change: func(t *channels.Template) { t.Category = "news" }, asked: true},
	} {
		before := len(w.Requests())
		tpl := welcome()
		c.change(&tpl)
		_, err := w.channel.SubmitTemplate(testContext(t), tpl)
		_ = wantClass(t, name, err, channels.BadContent)
		wantEqual(t, name+": Meta was asked", len(w.Requests()) > before, c.asked)
	}
}

// TestTemplateTwice: a template of the same name is refused in words.
func TestTemplateTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.channel.SubmitTemplate(testContext(t), welcome()); err != nil {
		t.Fatal(err)
	}
	_, err := w.channel.SubmitTemplate(testContext(t), welcome())
	if se := wantClass(t, "submitting it again", err, channels.BadContent); !strings.Contains(se.Text, "already a template") {
		t.Errorf("got the error %q, want that there is one already", se.Text)
	}
}

// TestTemplateUnanswered: nobody knows whether a template was submitted whose answer is lost.
func TestTemplateUnanswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.addFault(graphfake.Fault{Route: "whatsapp.template.create", Action: graphfake.ActionDropAfter})
	_, err := w.channel.SubmitTemplate(testContext(t), welcome())
	_ = wantClass(t, "submitting", err, channels.Ambiguous)
}

// TestAttend: the customer sees that somebody reads and writes, until the answer comes.
//
func TestAttend(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ann.Text("one")
	last := w.ann.Text("two")
	w.takeFacts()
	noError(t, w.channel.Attend(testContext(t), channels.Party{Key: annPhone}, last))
	for _, m := range w.ann.Chat() {
		wantEqual(t, "tick of "+m.Text, m.Tick, graphfake.TickRead)
	}
	wantEqual(t, "somebody is typing", w.ann.Typing(), true)
	w.clock.advance(25 * time.Second)
	wantEqual(t, "somebody is typing 25 seconds later", w.ann.Typing(), false)
	if err := w.channel.Attend(testContext(t), channels.Party{Key: annPhone}, "wamid.unknown"); err == nil {
		t.Error("reading an unknown message succeeded, want an error")
	}
	if err := w.channel.Attend(testContext(t), channels.Party{Key: annPhone}, ""); err != nil {
		t.Errorf("reading no message: %v", err)
	}
}

// TestRecipient: what people type becomes a number or a user id.
func TestRecipient(t *testing.T) {
	t.Parallel()
	c := newWorld(t).channel
	for typed, want := range map[string]string{
		"+49 170 1234567":          "+491701234567",
		"0049 (170) 1234567":       "+491701234567",
		" whatsapp:+491701234567 ": "+491701234567",
		"US.13491208655302741918":  "US.13491208655302741918",
		"+1 212 555 2368":          "+12125552368",
	} {
		got, err := c.Recipient(typed)
		if err != nil {
			t.Errorf("%q: %v", typed, err)
		}
		wantEqual(t, typed, got.Key, want)
	}
	for _, typed := range []string{"0170 1234567", "+49", "+1234567890123456", "ann@customer.test", "", "+999 123456"} {
		_, err := c.Recipient(typed)
		_ = wantClass(t, fmt.Sprintf("%q", typed), err, channels.BadRecipient)
	}
	if got, err := c.Recipient("+52 55 1234 5678"); err != nil || !slices.Contains(got.Also, "+5215512345678") {
		t.Errorf("got for a Mexican number %+v, %v; want its other form beside it", got, err)
	}
}

// wrongFindings lists what Check found wrong.
func wrongFindings(list []channels.Finding) string {
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
		"all right":         {want: "", spoil: func(*world) {}},
		"token revoked":     {want: "doesn't accept the access token", spoil: func(w *world) { w.RevokeToken(ourToken) }},
		"number's ID wrong": {want: "WhatsApp number: WhatsApp refuses it", spoil: func(w *world) { w.config[fieldPhoneID] = "999" }},
		"account's wrong": {want: "doesn't belong to this business account", spoil: func(w *world) {
			w.AddNumber(graphfake.NumberConfig{WABA: "777"})
			w.AllowToken(ourToken)
			w.config[fieldWABA] = "777"
		}},
		"account unknown": {want: "WhatsApp business account: WhatsApp refuses it", spoil: func(w *world) { w.config[fieldWABA] = "778" }},
		"not subscribed":  {want: "there is none. Nothing that customers write arrives", spoil: func(w *world) { w.Unsubscribe(wabaID) }},
		"another secret":  {want: "App secret: It isn't the secret of the app", spoil: func(w *world) { w.config[fieldSecret] = "of another app" }},
		"few permissions": {want: "Access token: It lacks the permission whatsapp_business_management", spoil: func(w *world) {
			w.AllowTokenFor(ourToken, graphfake.TokenOptions{IDs: []string{phoneID, wabaID}, Scopes: []string{"whatsapp_business_messaging"}})
		}},
		"token of a day": {want: "Access token: It ends on", spoil: func(w *world) {
			w.AllowTokenFor(ourToken, graphfake.TokenOptions{IDs: []string{phoneID, wabaID}, Expires: w.clock.now().Add(23 * time.Hour)})
		}},
		"no public address": {want: "no public address", spoil: func(w *world) { w.env.HookURL = "" }},
		"Meta is down": {want: "didn't answer", spoil: func(w *world) {
			w.addFault(graphfake.Fault{Action: graphfake.ActionStatus, Status: 503, Times: graphfake.Forever})
		}},
	} {
		w := newWorld(t)
		c.spoil(w)
		got := wrongFindings(w.newChannel().Check(testContext(t)))
		if c.want == "" {
			wantEqual(t, name+": found wrong", got, "")
		} else if !strings.Contains(got, c.want) {
			t.Errorf("%s: found %q wrong, want %q in it", name, got, c.want)
		}
		for _, r := range w.Requests() {
			wantEqual(t, name+": method of the request for "+r.Path, r.Method, http.MethodGet)
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
