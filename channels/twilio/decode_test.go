package twilio

import (
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/budget"
	"parley/channels/twilio/twiliofake"
)

// decodeOne decodes the payload of a callback, which must be about one thing.
func decodeOne(t *testing.T, c channels.Channel, form url.Values) channels.Inbound {
	t.Helper()
	return decodeHook(t, c, "", form)
}

// decodeHook is decodeOne for a callback to an address with a query.
func decodeHook(t *testing.T, c channels.Channel, query string, form url.Values) channels.Inbound {
	t.Helper()
	list, err := c.Decode(hookPayload(time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC), query, []byte(form.Encode())))
	if err != nil {
		t.Fatalf("decoding %v: %v", form, err)
	}
	if len(list) != 1 {
		t.Fatalf("decoding %v: got %d inbounds, want 1: %+v", form, len(list), list)
	}
	return list[0]
}

// waForm is a customer's message by WhatsApp. change sets fields, those with "" are taken out.
func waForm(change map[string]string) url.Values {
	f := url.Values{"MessageSid": {"SM1"}, "From": {waPrefix + annPhone}, "To": {waPrefix + waNumber}, "WaId": {annPhone[1:]}, "ProfileName": {"Ann"},
		"NumMedia": {"0"}, "SmsStatus": {"received"}}
	for k, v := range change {
		if v == "" {
			f.Del(k)
		} else {
			f.Set(k, v)
		}
	}
	return f
}

// Edge case 10 is here too: a person known by WhatsApp's own id alone, the phone later.
func TestDecodeWhatsApp(t *testing.T) {
	t.Parallel()
	c := newWorld(t, viaWhatsApp).channel
	ann := channels.Party{Key: annPhone, Name: "Ann"}
	const user = "US.13491208655302741918"
	for name, want := range map[string]struct {
		form map[string]string
		in   channels.Inbound
	}{
		"text": {map[string]string{"Body": "*Hi* 2*3"}, channels.Inbound{From: ann, Text: `**Hi** 2\*3`}},
		"reply": {map[string]string{"Body": "yes", "OriginalRepliedMessageSid": "SM7"}, channels.Inbound{
			From:    ann,
			Text:    "yes",
			Answers: channels.Answers{External: "SM7"},
		}},
		"both ids": {map[string]string{"Body": "x", "ExternalUserId": waPrefix + user}, channels.Inbound{
			From: channels.Party{Key: user, Name: "Ann", Also: []string{annPhone}, Lasting: true},
			Text: "x",
		}},
		"id only": {map[string]string{"Body": "x", "From": waPrefix + user, "WaId": ""}, channels.Inbound{
			From: channels.Party{Key: user, Name: "Ann", Lasting: true},
			Text: "x",
		}},
		"id, and phone": {map[string]string{"Body": "x", "From": waPrefix + user}, channels.Inbound{
			From: channels.Party{Key: user, Name: "Ann", Also: []string{annPhone}, Lasting: true},
			Text: "x",
		}},
		"parent id": {map[string]string{"Body": "x", "ExternalUserIdentifier": user, "ParentExternalUserId": "US.ENT.1"},
			channels.Inbound{From: channels.Party{Key: user, Name: "Ann", Also: []string{annPhone, "US.ENT.1"}, Lasting: true}, Text: "x"}},
		"another number": {map[string]string{"Body": "x", "WaId": "5215550123"}, channels.Inbound{From: channels.Party{Key: annPhone, Name: "Ann", Also: []string{"+5215550123"}}, Text: "x"}},
		"a number of two forms": {map[string]string{"Body": "x", "From": waPrefix + "+525512345678", "WaId": "5215512345678"},
			channels.Inbound{From: channels.Party{Key: "+525512345678", Name: "Ann", Also: []string{"+5215512345678"}}, Text: "x"}},
		"a number of two forms, of which one is shown": {map[string]string{"Body": "x", "From": waPrefix + "+525512345678", "WaId": "", "ExternalUserId": user},
			channels.Inbound{From: channels.Party{Key: user, Name: "Ann", Also: []string{"+525512345678", "+5215512345678"}, Lasting: true}, Text: "x"}},
		"button": {map[string]string{"Body": "Yes", "ButtonText": "Yes", "ButtonPayload": "y", "MessageType": "button"},
			channels.Inbound{From: ann, Text: "Yes", Chosen: "y", Notices: []string{"Chosen from what we offered."}}},
		"list": {map[string]string{"ListTitle": "Row", "ListId": "r", "MessageType": "interactive"},
			channels.Inbound{From: ann, Text: "Row", Chosen: "r", Notices: []string{"Chosen from what we offered."}}},
		"place": {map[string]string{"Latitude": "52.5", "Longitude": "13.4", "Label": "Shop", "Address": "Street *1*"},
			channels.Inbound{From: ann, Text: "Shop\nStreet \\*1\\*\n📍 https://www.openstreetmap.org/?mlat=52.5&mlon=13.4#map=17/52.5/13.4"}},
		"nowhere":  {map[string]string{"Latitude": "NaN", "Longitude": "1"}, channels.Inbound{From: ann, Text: "📍 NaN, 1"}},
		"no place": {map[string]string{"Latitude": "x", "Longitude": "1"}, channels.Inbound{From: ann, Text: "📍 x, 1"}},
		"picture": {map[string]string{"NumMedia": "1", "MediaUrl0": "https://api.twilio.com/x", "MediaContentType0": "image/jpeg"},
			channels.Inbound{From: ann, Attachments: []channels.Attachment{{Name: "image-1.jpg", ContentType: "image/jpeg", Ref: "https://api.twilio.com/x"}}}},
		"referral": {map[string]string{"Body": "x", "ReferralHeadline": "Sale", "ReferralSourceUrl": "https://fb.me/1"},
			channels.Inbound{From: ann, Text: "x", Notices: []string{"Came by an advertisement: Sale https://fb.me/1"}}},
		"forwarded": {map[string]string{"Body": "x", "Forwarded": "true"}, channels.Inbound{From: ann, Text: "x", Notices: []string{"Forwarded."}}},
		"new kind": {map[string]string{"MessageType": "hologram"}, channels.Inbound{From: ann,
			Notices: []string{"A message of the kind “hologram”, which can't be shown here. Ask for it in words."}}},
		"stop is a word": {map[string]string{"Body": "stop"}, channels.Inbound{From: ann, Text: "stop"}},
		"stop by service": {map[string]string{"Body": "arrêt", "OptOutType": "STOP"}, channels.Inbound{From: ann, Text: "arrêt",
			Consent: &channels.Consent{OptedOut: true, Silent: true}}},
	} {
		got := decodeOne(t, c, waForm(want.form))
		in := want.in
		in.Kind, in.ExternalID, in.Envelope.Via, in.At = channels.InboundMessage, "SM1", waNumber, time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
		if !reflect.DeepEqual(got, in) {
			t.Errorf("%s:\n got %+v\nwant %+v", name, got, in)
		}
	}
}

// These words mean that a customer wants no more messages, or wants them again; within a sentence they mean nothing.
func TestConsentBySMS(t *testing.T) {
	t.Parallel()
	c, stop := newWorld(t, viaSMS).channel, &channels.Consent{OptedOut: true, Silent: true}
	for _, group := range []struct {
		bodies []string
		want   *channels.Consent
	}{
		{bodies: []string{"Stop", " STOP \n", "unsubscribe", "Cancel", "QUIT", "end", "StopAll"}, want: stop},
		{bodies: []string{"start", "UNSTOP"}, want: &channels.Consent{Silent: true}},
		{bodies: []string{"Yes"}, want: &channels.Consent{}},
		{bodies: []string{"please stop", "stop it", "HELP", "info", ""}, want: nil},
	} {
		for _, body := range group.bodies {
			form := inboundForm()
			form.Set("Body", body)
			got := decodeOne(t, c, form)
			if !reflect.DeepEqual(got.Consent, group.want) {
				t.Errorf("consent of %q: got %+v, want %+v", body, got.Consent, group.want)
			}
			wantEqual(t, "text", strings.TrimSpace(got.Text), strings.TrimSpace(body))
		}
	}
}

// A picture with such a word is no wish: the word stands on it, or means what it shows. What Twilio itself took for a wish is one.
func TestConsentBesideAFile(t *testing.T) {
	t.Parallel()
	c := newWorld(t, viaSMS).channel
	form := inboundForm()
	form.Set("Body", "STOP")
	form.Set("NumMedia", "1")
	form.Set("MediaUrl0", "https://api.twilio.com/1")
	form.Set("MediaContentType0", "image/png")
	if got := decodeOne(t, c, form); got.Consent != nil || len(got.Attachments) != 1 {
		t.Errorf("got the wish %+v and %d files, want the file alone", got.Consent, len(got.Attachments))
	}
	form.Set("OptOutType", "STOP")
	if got := decodeOne(t, c, form); got.Consent == nil || !got.Consent.OptedOut {
		t.Errorf("got the wish %+v, want the one of which Twilio tells", got.Consent)
	}
}

// An SMS has no marks, and its sender may be a short code.
func TestDecodeSMS(t *testing.T) {
	t.Parallel()
	form := inboundForm()
	form.Set("Body", "*no marks* here")
	form.Set("From", "72345")
	got := decodeOne(t, newWorld(t, viaSMS).channel, form)
	wantEqual(t, "text", got.Text, `\*no marks\* here`)
	wantEqual(t, "sender", got.From.Key, "72345")
}

// A customer whose phone answers by RCS is the one to whom we write by SMS: the same key, and an address to which can be answered.
func TestDecodeRCS(t *testing.T) {
	t.Parallel()
	c := newWorld(t, viaSMS).channel
	form := inboundForm()
	form.Set("From", "rcs:"+annPhone)
	form.Set("To", "rcs:acme_agent")
	form.Set("MessagingServiceSid", "MG1")
	got := decodeOne(t, c, form)
	wantEqual(t, "customer", got.From.Key, annPhone)
	to, err := (&ownNumber{}).addressOf(got.From)
	if err != nil {
		t.Error(err)
	}
	wantEqual(t, "address of the answer", to, annPhone)
	// No number: the answer goes on to leave from the one to which the customer wrote before.
	wantEqual(t, "number of an RCS agent", got.Envelope.Via, "")
	form.Set("To", "72345")
	wantEqual(t, "number of a short code", decodeOne(t, c, form).Envelope.Via, "72345")
}

// Statuses mean what Twilio's error dictionary says.
func TestDecodeStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaWhatsApp)
	query := tokenParam + "=" + w.base.callbacks.sign([]byte("key one"), token{message: 5})
	for _, c := range []struct {
		status, code string
		state        channels.DeliveryState
		class        channels.Class
	}{
		{status: "queued", state: channels.StateAccepted},
		{status: "sending", state: channels.StateAccepted},
		{status: "accepted", state: channels.StateAccepted},
		{status: "sent", state: channels.StateSent},
		{status: "delivered", state: channels.StateDelivered},
		{status: "read", state: channels.StateRead},
		{status: "teleported", state: channels.StateAccepted}, // a new word
		{status: "failed", code: "63016", state: channels.StateFailed, class: channels.WindowClosed},
		{status: "undelivered", code: "30003", state: channels.StateFailed, class: channels.Retry},
		{status: "undelivered", code: "30008", state: channels.StateFailed, class: channels.Retry},
		{status: "undelivered", code: "30004", state: channels.StateFailed, class: channels.BadRecipient},
		{status: "undelivered", code: "30007", state: channels.StateFailed, class: channels.BadContent},
		{status: "failed", code: "63018", state: channels.StateFailed, class: channels.Throttled},
		{status: "failed", code: "63041", state: channels.StateFailed, class: channels.TemplateBad},
		{status: "failed", code: "63015", state: channels.StateFailed, class: channels.BadRecipient},
		{status: "failed", code: "99999", state: channels.StateFailed}, // a new code
		{status: "canceled", state: channels.StateFailed},
	} {
		t.Run(c.status+" "+c.code, func(t *testing.T) {
			in := decodeHook(t, w.channel, query, url.Values{"MessageSid": {"SM1"}, "MessageStatus": {c.status},
				"To": {waPrefix + annPhone}, "From": {waPrefix + waNumber}, "ErrorCode": {c.code}})
			if in.Kind != channels.InboundStatus {
				t.Fatalf("got an inbound of the kind %s, want a status", in.Kind)
			}
			s := in.Status
			wantEqual(t, "state", s.State, c.state)
			wantEqual(t, "class", s.Class, c.class)
			wantEqual(t, "message", s.MessageID, 5)
			wantEqual(t, "it is about an early part", s.Early, false)
			wantEqual(t, "it has a reason", s.Reason != "", c.state == channels.StateFailed)
			if !slices.Equal(s.External, []string{"SM1"}) {
				t.Errorf("external ids: got %q, want SM1 alone", s.External)
			}
		})
	}
}

// Of a part before the last one only the failure is told, which is the whole message's.
func TestDecodeStatusOfAPart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaWhatsApp)
	query := tokenParam + "=" + w.base.callbacks.sign([]byte("key one"), token{message: 5, more: true})
	form := url.Values{"MessageSid": {"SM1"}, "MessageStatus": {"failed"}, "To": {waPrefix + annPhone}}
	wantEqual(t, "a failed part's status is about an early part", decodeHook(t, w.channel, query, form).Status.Early, true)
	form.Set("MessageStatus", "delivered")
	if list, err := w.channel.Decode(hookPayload(time.Now(), query, []byte(form.Encode()))); err != nil || len(list) != 0 {
		t.Errorf("a delivered part: got %+v, %v, want nothing", list, err)
	}
}

// FuzzDecode: whatever was stored, decoding ends, the same way each time.
func FuzzDecode(f *testing.F) {
	f.Add([]byte("hook\t2026-11-20T09:00:00Z\to=1.0e.00\n" + inboundForm().Encode()))
	f.Add([]byte("hook\t2026-11-20T09:00:00Z\t\n" + waForm(map[string]string{"NumMedia": "9999999", "MediaUrl1": "x", "Latitude": "1e400", "Longitude": "1"}).Encode()))
	f.Add([]byte(`list` + "\n" + `{"message":{"sid":"SM1","direction":"inbound","body":"x","num_media":"x"},"media":[{"url":"/a"}]}`))
	f.Add([]byte("template\n{}"))
	var all []*Channel
	for _, by := range []medium{viaWhatsApp, viaSMS} {
		c, err := newChannel(channels.Account{Config: channels.Config{fieldAccount: testAccount, fieldToken: testToken, fieldFrom: smsNumber}},
			channels.Env{Keys: [][]byte{[]byte("k")}, Now: time.Now}, Options{}, by == viaWhatsApp)
		if err != nil {
			f.Fatal(err)
		}
		all = append(all, c)
	}
	payloadOf := func(text string) []byte {
		form := inboundForm()
		form.Set("Body", text)
		return []byte("hook\t2026-11-20T09:00:00Z\to=1.0e.00\n" + form.Encode())
	}
	for _, s := range budget.Seeds() {
		f.Add(payloadOf(s))
		f.Add([]byte(s))
	}
	m := budget.NewMeter()
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, c := range all {
			m.Check(t, len(raw), func() { _, _ = c.Decode(raw) })
			if long, ok := budget.Repeated(string(raw)); ok {
				payload := payloadOf(long)
				m.Check(t, len(payload), func() { _, _ = c.Decode(payload) })
			}
			first, err1 := c.Decode(raw)
			second, err2 := c.Decode(raw)
			if (err1 == nil) != (err2 == nil) || !reflect.DeepEqual(first, second) {
				t.Errorf("%+v, %v; then %+v, %v", first, err1, second, err2)
			}
			for _, in := range first {
				if in.Kind == "" || in.Kind == channels.InboundStatus && in.Status == nil {
					t.Errorf("an inbound without kind or status: %+v", in)
				}
				if len(in.Attachments) > maxMedia {
					t.Errorf("an inbound with %d files, want %d at most", len(in.Attachments), maxMedia)
				}
			}
		}
	})
}

// What the phone of the emulator sends is what the channel reads: files, places, answers.
func TestFromThePhone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaWhatsApp)
	w.ann.UserID = "US.12ab"
	w.annSends(twiliofake.Message{Text: "look", Media: pngMedia("png!")})
	if _, err := w.ann.Share(1.5, 2.5, "Home", ""); err != nil {
		t.Fatal(err)
	}
	in := w.takeMessages(2)
	wantEqual(t, "text of the first", in[0].Text, "look")
	wantEqual(t, "files of the first", len(in[0].Attachments), 1)
	wantText(t, "text of the place", in[1].Text, "mlat=1.5&mlon=2.5")
	sender := channels.Party{Key: "US.12ab", Name: "Ann Lee", Also: []string{annPhone}, Lasting: true}
	if got := in[0].From; !reflect.DeepEqual(got, sender) {
		t.Errorf("sender: got %+v, want %+v", got, sender)
	}
	for _, f := range w.accepted() {
		wantEqual(t, "order key", f.OrderKey, annPhone)
	}
	w.wantNoAnswers()
}
