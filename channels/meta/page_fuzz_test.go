package meta

import (
	"encoding/json"
	"reflect"
	"testing"

	"parley/channels"
	"parley/channels/golden"
)

// textHook makes the webhook of a customer's text.
func textHook(text string) []byte {
	body, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string always can be written
	}
	return hookBody("messaging", `"message":{"mid":"m_1","text":`+string(body)+`}`)
}

// splitDecodePage splits a webhook into facts and decodes them, as Parley does.
func splitDecodePage(c *Page, body []byte) {
	for _, one := range splitPageHook(body) {
		_, _ = c.Decode(one.Payload)
	}
}

// The cost of reading a webhook is limited by its length.
func TestHostilePageWebhooks(t *testing.T) { // not parallel: it measures what the process spends
	entries := func(list string) []byte { return []byte(`{"object":"page","entry":[` + list + `]}`) }
	const event = `{"sender":{"id":"2"},"timestamp":1,"message":{"mid":"m","text":"x"}},`
	tests := []struct {
		name string
		body []byte
	}{
		{"events", entries(`{"id":"1","messaging":[` + fill(event) + `]}`)},
		{"entries", entries(fill(`{"id":"1","messaging":[{}]},`))},
		{"numbers for entries", entries(fill("1,"))},
		{"nested arrays", entries(fill("["))},
		{"long text", textHook(fill("*_~"))},
		{"escapes", hookBody("messaging", `"message":{"mid":"m_1","text":"`+fill(`\u0000`)+`"}`)},
		{"keys of an event", hookBody("messaging", fill(`"a":1,`))},
		{"attachments", hookBody("messaging", attachments(fill(`{"type":"image","payload":{"url":"https://a.test"}},`)))},
		{"elements of a template", hookBody("messaging", attachments(`{"type":"template","payload":{"elements":[`+fill(`{"title":"t"},`)+`]}}`))},
		{"messages of a receipt", hookBody("messaging", `"delivery":{"mids":[`+fill(`"m_1",`)+`],"watermark":1}`)},
	}
	c := plainChannel(t)
	m := golden.NewMeterFor(golden.Webhook())
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m.Check(t, len(tt.body), func() { splitDecodePage(c, tt.body) })
		})
	}
}

// seedEvents are events of every kind.
func seedEvents() []string {
	return []string{
		`"message":{"mid":"m_1","text":"Hi","quick_reply":{"payload":"p"},"reply_to":{"mid":"m_0"},"referral":{"source":"ADS","ad_id":"1"}}`,
		`"message":{"mid":"m_1","is_echo":true,"metadata":"parley:c1.m2.0011223344556677"}`,
		`"postback":{"mid":"m_1","title":"x","payload":"y"}`,
		`"reaction":{"mid":"m_1","action":"react","emoji":"❤"}`,
		`"message_edit":{"mid":"m_1","text":"x","num_edit":1}`,
		`"read":{"watermark":1}`,
		`"delivery":{"mids":["m_1"],"watermark":1}`,
		attachments(
			`{"type":"image","payload":{"url":"https://scontent.xx.fbcdn.net/a.png","sticker_id":1}}`,
			`{"type":"location","payload":{"coordinates":{"lat":1,"long":2}}}`,
			`{"type":"fallback","title":"t","url":"https://a.test"}`,
			`{"type":"template","payload":{"elements":[{"title":"t","buttons":[{"title":"b","url":"https://a.test"}]}]}}`),
	}
}

// Each webhook becomes facts that can be stored, and decoding a fact has the same result each time.
func FuzzPageSplitDecode(f *testing.F) {
	for _, event := range seedEvents() {
		f.Add(hookBody("messaging", event))
		f.Add(hookBody("standby", event))
	}
	f.Add([]byte(`{"object":"page","entry":[{"id":"1","messaging":[null,5,{}],"standby":null}]}`))
	for _, s := range golden.Seeds() {
		f.Add(textHook(s))
	}

	c, m := plainChannel(f), golden.NewMeterFor(golden.Webhook())
	f.Fuzz(func(t *testing.T, body []byte) {
		m.Check(t, len(body), func() { splitDecodePage(c, body) })
		if long, ok := golden.Repeated(string(body)); ok {
			hook := textHook(long)
			m.Check(t, len(hook), func() { splitDecodePage(c, hook) })
		}
		for _, fact := range splitPageHook(body) {
			checkPageFact(t, fact)
			if fact.Quarantine == "" {
				checkPageDecodes(t, c, fact.Payload)
			}
		}
	})
}

// checkPageFact checks that the database accepts a fact.
func checkPageFact(t *testing.T, f channels.Fact) {
	t.Helper()
	for _, key := range []string{f.ExternalID, f.OrderKey} {
		if key == "" || len(key) > maxKeyBytes {
			t.Fatalf("got a key of %d bytes, want 1 to %d, in the fact %+v", len(key), maxKeyBytes, f)
		}
	}
}

// checkPageDecodes decodes a payload twice, and checks what comes out.
func checkPageDecodes(t *testing.T, c *Page, payload []byte) {
	t.Helper()
	list, err := c.Decode(payload)
	if err != nil {
		t.Fatalf("what was split can't be decoded: %v", err)
	}
	again, _ := c.Decode(payload)
	if !reflect.DeepEqual(list, again) {
		t.Fatalf("decoded as %+v, then as %+v", list, again)
	}
	for _, in := range list {
		checkPageInbound(t, in)
	}
}

// checkPageInbound checks what is true of everything that is decoded: it has a kind and a customer, and a message shows
// something.
func checkPageInbound(t *testing.T, in channels.Inbound) {
	t.Helper()
	if in.Kind == "" || in.From.Key == "" {
		t.Fatalf("got %+v, want a kind and a customer", in)
	}
	if in.Kind == channels.InboundMessage && in.Text == "" && len(in.Attachments) == 0 && len(in.Notices) == 0 {
		t.Fatalf("nothing is shown of %+v", in)
	}
	for _, a := range in.Attachments {
		if a.Ref == "" || len(a.Ref) > maxRefBytes {
			t.Fatalf("got a reference of %d bytes, want 1 to %d, in %+v", len(a.Ref), maxRefBytes, a)
		}
		if a.Name == "" || a.ContentType == "" {
			t.Fatalf("got the attachment %+v, want a name and a content type", a)
		}
	}
}
