package messenger

import (
	"reflect"
	"testing"

	"parley/channels"
)

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
	c := plainChannel(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		facts := split(body)
		for _, fact := range facts {
			if fact.ExternalID == "" || len(fact.ExternalID) > 500 || fact.OrderKey == "" || len(fact.OrderKey) > 500 {
				t.Fatalf("fact %+v", fact)
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

func checkInbound(t *testing.T, in channels.Inbound) {
	t.Helper()
	if in.Kind == "" || in.From.Key == "" {
		t.Fatalf("became %+v", in)
	}
	if in.Kind == channels.InboundMessage && in.Text == "" && len(in.Attachments) == 0 && len(in.Notices) == 0 {
		t.Fatalf("nothing is shown of %+v", in)
	}
	for _, a := range in.Attachments {
		if a.Ref == "" || len(a.Ref) > maxRefBytes || a.Name == "" || a.ContentType == "" {
			t.Fatalf("attachment %+v", a)
		}
	}
}
