package messenger

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"parley/channels"
	"parley/channels/budget"
)

// textHook makes the webhook of a customer's text.
func textHook(text string) []byte {
	body, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string always can be written
	}
	return hookBody("messaging", `"message":{"mid":"m_1","text":`+string(body)+`}`)
}

// splitDecode reads a webhook as it is read before anything of it is shown.
func splitDecode(c *Channel, body []byte) {
	for _, one := range split(body) {
		_, _ = c.Decode(one.Payload)
	}
}

// TestHostileWebhooks: no webhook costs more than its length deserves.
func TestHostileWebhooks(t *testing.T) { // not parallel: it measures what the process spends
	rep := func(s string) string { return strings.TrimSuffix(strings.Repeat(s, 100_000/len(s)), ",") }
	c, m := plainChannel(t), budget.NewMeterFor(budget.Webhook())
	entries := func(list string) []byte { return []byte(`{"object":"page","entry":[` + list + `]}`) }
	hooks := map[string][]byte{
		"events":      entries(`{"id":"1","messaging":[` + rep(`{"sender":{"id":"2"},"timestamp":1,"message":{"mid":"m","text":"x"}},`) + `]}`),
		"entries":     entries(rep(`{"id":"1","messaging":[{}]},`)),
		"numbers":     entries(rep("1,")),
		"deep":        entries(rep("[")),
		"one text":    textHook(rep("*_~")),
		"escapes":     hookBody("messaging", `"message":{"mid":"m_1","text":"`+rep(`\u0000`)+`"}`),
		"keys":        hookBody("messaging", rep(`"a":1,`)),
		"attachments": hookBody("messaging", attachments(rep(`{"type":"image","payload":{"url":"https://a.test"}},`))),
		"elements":    hookBody("messaging", attachments(`{"type":"template","payload":{"elements":[`+rep(`{"title":"t"},`)+`]}}`)),
		"mids":        hookBody("messaging", `"delivery":{"mids":[`+rep(`"m_1",`)+`],"watermark":1}`),
	}
	for _, name := range slices.Sorted(maps.Keys(hooks)) {
		t.Run(name, func(t *testing.T) { m.Check(t, len(hooks[name]), func() { splitDecode(c, hooks[name]) }) })
	}
}

// FuzzSplitDecode: whatever Meta sends is stored once each under a name that fits, and
// decodes without a panic, the same way each time.
func FuzzSplitDecode(f *testing.F) {
	for _, event := range []string{
		`"message":{"mid":"m_1","text":"Hi","quick_reply":{"payload":"p"},"reply_to":{"mid":"m_0"},"referral":{"source":"ADS","ad_id":"1"}}`,
		`"message":{"mid":"m_1","is_echo":true,"metadata":"parley:c1.m2.0011223344556677"}`,
		`"postback":{"mid":"m_1","title":"x","payload":"y"}`, `"reaction":{"mid":"m_1","action":"react","emoji":"❤"}`,
		`"message_edit":{"mid":"m_1","text":"x","num_edit":1}`, `"read":{"watermark":1}`, `"delivery":{"mids":["m_1"],"watermark":1}`,
		attachments(`{"type":"image","payload":{"url":"https://scontent.xx.fbcdn.net/a.png","sticker_id":1}}`, `{"type":"location","payload":{"coordinates":{"lat":1,"long":2}}}`,
			`{"type":"fallback","title":"t","url":"https://a.test"}`, `{"type":"template","payload":{"elements":[{"title":"t","buttons":[{"title":"b","url":"https://a.test"}]}]}}`),
	} {
		f.Add(hookBody("messaging", event))
		f.Add(hookBody("standby", event))
	}
	f.Add([]byte(`{"object":"page","entry":[{"id":"1","messaging":[null,5,{}],"standby":null}]}`))
	for _, s := range budget.Seeds() {
		f.Add(textHook(s))
	}
	c, m := plainChannel(f), budget.NewMeterFor(budget.Webhook())
	f.Fuzz(func(t *testing.T, body []byte) {
		m.Check(t, len(body), func() { splitDecode(c, body) })
		if long, ok := budget.Repeated(string(body)); ok {
			hook := textHook(long)
			m.Check(t, len(hook), func() { splitDecode(c, hook) })
		}
		for _, fact := range split(body) {
			for _, key := range []string{fact.ExternalID, fact.OrderKey} {
				if key == "" || len(key) > maxKeyBytes {
					t.Fatalf("got a key of %d bytes, want 1 to %d, in the fact %+v", len(key), maxKeyBytes, fact)
				}
			}
			if fact.Quarantine != "" {
				continue
			}
			first, err := c.Decode(fact.Payload)
			if err != nil {
				t.Fatalf("what was split can't be decoded: %v", err)
			}
			again, _ := c.Decode(fact.Payload)
			if !reflect.DeepEqual(first, again) {
				t.Fatalf("decoded as %+v, then as %+v", first, again)
			}
			for _, in := range first {
				checkInbound(t, in)
			}
		}
	})
}

// maxKeyBytes is how long the database lets the id and the order key of a fact be.
const maxKeyBytes = 500

// checkInbound checks what holds for whatever is decoded: somebody did something, and something is shown of a message.
func checkInbound(t *testing.T, in channels.Inbound) {
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
