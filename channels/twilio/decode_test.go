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

// decodeOne decodes the payload of a callback.
func decodeOne(t *testing.T, c channels.Channel, form url.Values) channels.Inbound {
	t.Helper()
	list, err := c.Decode(hookPayload(time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC), "", []byte(form.Encode())))
	if err != nil || len(list) != 1 {
		t.Fatalf("%v: %+v, %v", form, list, err)
	}
	return list[0]
}

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
	c := newWorld(t, true).channel
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

func TestDecodeSMS(t *testing.T) {
	t.Parallel()
	c := newWorld(t, false).channel
	stop := &channels.Consent{OptedOut: true, Silent: true}
	for body, want := range map[string]*channels.Consent{"Stop": stop, " STOP \n": stop, "unsubscribe": stop, "Cancel": stop, "QUIT": stop, "end": stop, "StopAll": stop,
		"start": {Silent: true}, "UNSTOP": {Silent: true}, "Yes": {}, "please stop": nil, "stop it": nil, "HELP": nil, "info": nil, "": nil} {
		form := inboundForm()
		form.Set("Body", body)
		if got := decodeOne(t, c, form); !reflect.DeepEqual(got.Consent, want) || !strings.EqualFold(strings.TrimSpace(got.Text), strings.TrimSpace(body)) {
			t.Errorf("%q: %+v, %q", body, got.Consent, got.Text)
		}
	}
	form := inboundForm()
	form.Set("Body", "*no marks* here")
	if got := decodeOne(t, c, form); got.Text != `\*no marks\* here` {
		t.Errorf("%q", got.Text)
	}
	form.Set("From", "72345") // a short code
	if got := decodeOne(t, c, form); got.From.Key != "72345" {
		t.Errorf("%+v", got.From)
	}
}

// A customer whose phone answers by RCS is the one to whom we write by SMS: the same key, and an address to which can be answered.
func TestDecodeRCS(t *testing.T) {
	t.Parallel()
	c := newWorld(t, false).channel
	form := inboundForm()
	form.Set("From", "rcs:"+annPhone)
	form.Set("To", "rcs:acme_agent")
	form.Set("MessagingServiceSid", "MG1")
	got := decodeOne(t, c, form)
	if got.From.Key != annPhone {
		t.Errorf("from %+v", got.From)
	}
	if to, err := (&ownNumber{}).addressOf(got.From); err != nil || to != annPhone {
		t.Errorf("answered to %q, %v", to, err)
	}
	if via := got.Envelope.Via; via != "" { // no number: the answer goes on to leave from the one to which the customer wrote before
		t.Errorf("written to the number %q", via)
	}
	form.Set("To", "72345")
	if via := decodeOne(t, c, form).Envelope.Via; via != "72345" {
		t.Errorf("written to the short code %q", via)
	}
}

// Statuses mean what Twilio's error dictionary says.
func TestDecodeStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true)
	query := tokenParam + "=" + w.base.callbacks.sign([]byte("key one"), token{message: 5})
	for _, c := range []struct {
		status, code string
		state        channels.DeliveryState
		class        channels.Class
	}{
		{"queued", "", channels.StateAccepted, ""}, {"sending", "", channels.StateAccepted, ""}, {"accepted", "", channels.StateAccepted, ""},
		{"sent", "", channels.StateSent, ""}, {"delivered", "", channels.StateDelivered, ""}, {"read", "", channels.StateRead, ""},
		{"teleported", "", channels.StateAccepted, ""}, {"failed", "63016", channels.StateFailed, channels.WindowClosed},
		{"undelivered", "30003", channels.StateFailed, channels.Retry}, {"undelivered", "30008", channels.StateFailed, channels.Retry},
		{"undelivered", "30004", channels.StateFailed, channels.BadRecipient}, {"undelivered", "30007", channels.StateFailed, channels.BadContent},
		{"failed", "63018", channels.StateFailed, channels.Throttled}, {"failed", "63041", channels.StateFailed, channels.TemplateBad},
		{"failed", "63015", channels.StateFailed, channels.AccountBlocked}, {"failed", "99999", channels.StateFailed, ""}, {"canceled", "", channels.StateFailed, ""},
	} {
		form := url.Values{"MessageSid": {"SM1"}, "MessageStatus": {c.status}, "To": {waPrefix + annPhone}, "From": {waPrefix + waNumber}, "ErrorCode": {c.code}}
		list, err := w.channel.Decode(hookPayload(time.Now(), query, []byte(form.Encode())))
		if err != nil || len(list) != 1 || list[0].Kind != channels.InboundStatus {
			t.Fatalf("%s: %+v, %v", c.status, list, err)
		}
		s := list[0].Status
		if s.State != c.state || s.Class != c.class || s.MessageID != 5 || s.Early || !slices.Equal(s.External, []string{"SM1"}) || (s.Reason == "") == (s.State == channels.StateFailed) {
			t.Errorf("%s %s: %+v", c.status, c.code, s)
		}
	}
	part := tokenParam + "=" + w.base.callbacks.sign([]byte("key one"), token{message: 5, more: true})
	for status, n := range map[string]int{"delivered": 0, "failed": 1} { // a part's fate alone
		form := url.Values{"MessageSid": {"SM1"}, "MessageStatus": {status}, "To": {waPrefix + annPhone}}
		if list, err := w.channel.Decode(hookPayload(time.Now(), part, []byte(form.Encode()))); err != nil || len(list) != n || n > 0 && !list[0].Status.Early {
			t.Errorf("a part that is %s: %+v, %v", status, list, err)
		}
	}
}

// FuzzDecode: whatever was stored, decoding ends, the same way each time.
func FuzzDecode(f *testing.F) {
	f.Add([]byte("hook\t2026-11-20T09:00:00Z\to=1.0e.00\n" + inboundForm().Encode()))
	f.Add([]byte("hook\t2026-11-20T09:00:00Z\t\n" + waForm(map[string]string{"NumMedia": "9999999", "MediaUrl1": "x", "Latitude": "1e400", "Longitude": "1"}).Encode()))
	f.Add([]byte(`list` + "\n" + `{"message":{"sid":"SM1","direction":"inbound","body":"x","num_media":"x"},"media":[{"url":"/a"}]}`))
	f.Add([]byte("template\n{}"))
	var all []*Channel
	for _, whatsapp := range []bool{true, false} {
		c, err := newChannel(channels.Account{Config: channels.Config{fieldAccount: testAccount, fieldToken: testToken, fieldFrom: smsNumber}},
			channels.Env{Keys: [][]byte{[]byte("k")}, Now: time.Now}, Options{}, whatsapp)
		if err != nil {
			f.Fatal(err)
		}
		all = append(all, c)
	}
	saying := func(text string) []byte {
		form := inboundForm()
		form.Set("Body", text)
		return []byte("hook\t2026-11-20T09:00:00Z\to=1.0e.00\n" + form.Encode())
	}
	for _, s := range budget.Seeds() {
		f.Add(saying(s))
		f.Add([]byte(s))
	}
	m := budget.NewMeter()
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, c := range all {
			m.Check(t, len(raw), func() { _, _ = c.Decode(raw) })
			if long, ok := budget.Repeated(string(raw)); ok {
				payload := saying(long)
				m.Check(t, len(payload), func() { _, _ = c.Decode(payload) })
			}
			first, err1 := c.Decode(raw)
			second, err2 := c.Decode(raw)
			if (err1 == nil) != (err2 == nil) || !reflect.DeepEqual(first, second) {
				t.Errorf("%+v, %v; then %+v, %v", first, err1, second, err2)
			}
			for _, in := range first {
				if in.Kind == "" || in.Kind == channels.InboundStatus && in.Status == nil || len(in.Attachments) > maxMedia {
					t.Errorf("%+v", in)
				}
			}
		}
	})
}

// What the phone of the emulator sends is what the channel reads: files, places, answers.
func TestFromThePhone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true)
	w.ann.UserID = "US.12ab"
	if _, err := w.ann.Send(twiliofake.Message{Text: "look", Media: []twiliofake.Media{{ContentType: "image/png", Content: []byte("png!")}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.ann.Share(1.5, 2.5, "Home", ""); err != nil {
		t.Fatal(err)
	}
	in := w.decoded(channels.InboundMessage)
	if len(in) != 2 || in[0].Text != "look" || len(in[0].Attachments) != 1 || in[0].From.Name != "Ann Lee" || in[0].From.Key != "US.12ab" ||
		!slices.Equal(in[0].From.Also, []string{annPhone}) ||
		!strings.Contains(in[1].Text, "mlat=1.5&mlon=2.5") {
		t.Fatalf("%+v", in)
	}
	for _, f := range w.accepted() {
		if f.OrderKey != annPhone {
			t.Errorf("order key %q", f.OrderKey)
		}
	}
	w.quiet()
}
