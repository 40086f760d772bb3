package meta

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"parley/channels"
	"parley/channels/golden"
)

// The tests of this file are about webhooks that Meta doesn't send: hostile, damaged or random ones. Package golden limits
// what reading them may cost. The other checks are true for every webhook.

// seeds are webhooks of every kind.
func seeds() [][]byte {
	list := [][]byte{nil, []byte("{}"), []byte(`{"object":"whatsapp_business_account","entry":[{"changes":[{"value":null}]}]}`)}
	for _, rest := range []string{
		`"type":"text","text":{"body":"*Hi* \u0000 ` + "```x```" + `"},"context":{"id":"wamid.0","forwarded":true},"referral":{"headline":"x"}`,
		`"type":"image","image":{"id":"7","mime_type":"image/jpeg","caption":"x","filename":"../../etc"}`,
		`"type":"location","location":{"latitude":1e308,"longitude":-0.0,"name":"]("}`,
		`"type":"contacts","contacts":[{"name":{"formatted_name":"A\r\nEND:VCARD"},"phones":[{"phone":"1","type":"X"}]}]`,
		`"type":"interactive","interactive":{"type":"nfm_reply","nfm_reply":{"response_json":"{\"a\":[1]}"}}`,
		`"type":"interactive","interactive":{"list_reply":{"id":"1","title":"x"}}`,
		`"type":"order","order":{"product_items":[{"quantity":1e9,"item_price":-1,"currency":"\u202e"}]}`,
		`"type":"reaction","reaction":{"message_id":"wamid.0","emoji":"x"}`,
		`"type":"edit","edit":{"original_message_id":"1","message":{"type":"text","text":{"body":"x"}}}`,
		`"type":"system","system":{"type":"user_changed_number","wa_id":"12195555358","user_id":"US.1","previous_user_id":"US.0"}`,
	} {
		list = append(list, messageHook(annMessage(rest)))
	}
	for _, s := range golden.Seeds() {
		list = append(list, messageHook(textMessage(s)))
	}
	return append(list,
		hook("messages", `{"metadata": {"phone_number_id": "1055"}, "statuses": [{"id": "wamid.1", "status": "failed", "timestamp": "1",
			"recipient_id": "49170", "biz_opaque_callback_data": "m1.0.z-00", "errors": [{"code": 131026}]}]}`),
		hook("user_preferences", `{"user_preferences":[{"wa_id":"491701234567","value":"stop","timestamp":1}]}`),
		hook("smb_message_echoes", `{"message_echoes":[{"to":"491701234567","id":"wamid.2","type":"text","text":{"body":"x"}}]}`),
		hook("message_template_status_update", `{"event":"APPROVED","message_template_id":1}`))
}

// textMessage makes a text of Ann's.
func textMessage(text string) string {
	body, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string always can be written
	}
	return annMessage(`"type":"text","text":{"body":` + string(body) + `}`)
}

// splitDecode splits a webhook into facts, and decodes them.
func splitDecode(c *Number, body []byte) {
	for _, one := range splitNumberHook(body) {
		_, _ = c.Decode(one.Payload)
	}
}

// fill repeats an item, with its comma if it has one, until it has 100 kB.
func fill(item string) string {
	const size = 100_000
	return strings.TrimSuffix(strings.Repeat(item, size/len(item)), ",")
}

// No webhook costs more than its length allows.
func TestHostileWebhooks(t *testing.T) { // not parallel: it measures what the process spends
	longContact := `{"profile":{"name":"` + fill("x") + `"},"wa_id":"491701234567"}`
	tests := []struct {
		name string
		body []byte
	}{
		{"messages", messageHook(fill(textMessage("x") + ","))},
		{"empty messages", messageHook(fill("{},"))},
		{"numbers for messages", messageHook(fill("1,"))},
		{"nested arrays", messageHook(fill("["))},
		{"nested objects", messageHook(fill(`{"a":`))},
		{"long text", messageHook(textMessage(fill("*_~")))},
		{"contacts", hook("messages", `{"contacts":[`+fill(`{"wa_id":"1"},`)+`],"messages":[`+textMessage("x")+`]}`)},
		{"long contact", hook("messages", `{"contacts":[`+longContact+`],"messages":[`+repeat(textMessage("x"), 1000)+`]}`)},
		{"statuses", hook("messages", `{"statuses":[`+fill(`{"id":"1","status":"sent","recipient_id":"4"},`)+`]}`)},
		{"unknown field", hook("x", `{"a":[`+fill("1,")+`]}`)},
		{"keys of a message", messageHook(annMessage(fill(`"a":1,`)))},
		{"cards", messageHook(annMessage(`"type":"contacts","contacts":[` + fill(`{"phones":[{"phone":"1"}]},`) + `]`))},
		{"numbers of a card", messageHook(annMessage(`"type":"contacts","contacts":[{"phones":[` + fill(`{"phone":"1"},`) + `]}]`))},
		{"products of an order", messageHook(annMessage(`"type":"order","order":{"product_items":[` + fill(`{"quantity":1},`) + `]}`))},
		{"fields of a form", messageHook(annMessage(`"type":"interactive","interactive":{"type":"nfm_reply",
			"nfm_reply":{"response_json":"{` + fill(`\"a\":1,`) + `}"}}`))},
		{"errors", messageHook(annMessage(`"errors":[` + fill(`{"code":1},`) + `]`))},
		{"escapes", messageHook(annMessage(`"type":"text","text":{"body":"` + fill(`\u0000`) + `"}`))},
	}
	c := &Number{waba: wabaID, account: account{env: channels.Env{Keys: testKeys()}}}
	m := golden.NewMeterFor(golden.Webhook())
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m.Check(t, len(tt.body), func() { splitDecode(c, tt.body) })
		})
	}
}

// Splitting and decoding any bytes ends, with the same result each time. The result can be stored, and no part of it acts
// as another file or line.
func FuzzSplitDecode(f *testing.F) {
	for _, s := range seeds() {
		f.Add(s)
	}
	c := &Number{waba: wabaID, account: account{env: channels.Env{Keys: testKeys()}}}
	m := golden.NewMeterFor(golden.Webhook())
	f.Fuzz(func(t *testing.T, body []byte) {
		m.Check(t, len(body), func() { splitDecode(c, body) })
		if long, ok := golden.Repeated(string(body)); ok {
			hook := messageHook(textMessage(long))
			m.Check(t, len(hook), func() { splitDecode(c, hook) })
		}
		facts := splitNumberHook(body)
		if len(facts) == 0 {
			t.Fatal("split into no fact")
		}
		if again := splitNumberHook(body); !reflect.DeepEqual(facts, again) {
			t.Fatalf("split into %+v, then into %+v", facts, again)
		}
		for _, one := range facts {
			checkFact(t, one)
			checkDecodes(t, c, one.Payload)
		}
	})
}

// checkFact checks that the database takes a fact.
func checkFact(t *testing.T, f channels.Fact) {
	t.Helper()
	if n := len(f.ExternalID); n == 0 || n > maxKeyBytes {
		t.Errorf("got an id of %d bytes, want 1 to %d", n, maxKeyBytes)
	}
	if f.OrderKey == "" {
		t.Errorf("the fact %q has no order key", f.ExternalID)
	}
	if !isStorable(f.ExternalID) || strings.ContainsRune(f.OrderKey, 0) {
		t.Errorf("the id %q or the order key %q can't be stored", f.ExternalID, f.OrderKey)
	}
}

// checkDecodes decodes a payload twice, and checks what comes out.
func checkDecodes(t *testing.T, c *Number, payload []byte) {
	t.Helper()
	list, err := c.Decode(payload)
	again, errAgain := c.Decode(payload)
	if (err == nil) != (errAgain == nil) || !reflect.DeepEqual(list, again) {
		t.Errorf("decoded as %+v, %v, then as %+v, %v", list, err, again, errAgain)
	}
	for _, in := range list {
		checkInbound(t, in)
	}
}

// A stored payload may be damaged. Decode ends all the same, and returns nothing beside an error.
func FuzzDecode(f *testing.F) {
	for _, s := range seeds() {
		for _, one := range splitNumberHook(s) {
			f.Add(one.Payload)
		}
	}
	c := &Number{waba: wabaID, account: account{env: channels.Env{Keys: testKeys()}}}
	m := golden.NewMeterFor(golden.Webhook())
	f.Fuzz(func(t *testing.T, raw []byte) {
		m.Check(t, len(raw), func() { _, _ = c.Decode(raw) })
		list, err := c.Decode(raw)
		if err != nil && list != nil {
			t.Errorf("decoded as %+v beside the error %v, want nothing", list, err)
		}
		for _, in := range list {
			checkInbound(t, in)
		}
	})
}

// maxKeyBytes is how long the database lets the id of a fact be.
const maxKeyBytes = 500

// isStorable reports whether the database takes a text.
func isStorable(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

// checkInbound checks that something decoded has what its kind needs, and can be stored.
func checkInbound(t *testing.T, in channels.Inbound) {
	t.Helper()
	switch in.Kind {
	case "":
		t.Errorf("%+v has no kind", in)
	case channels.InboundStatus:
		if in.Status == nil {
			t.Errorf("%+v has no status", in)
		}
	case channels.InboundTemplate:
		if in.Template == nil {
			t.Errorf("%+v has no state of a template", in)
		}
	case channels.InboundMessage:
		if in.From.Key == "" || in.ExternalID == "" {
			t.Errorf("the message %+v has no customer or no id", in)
		}
		if in.Text == "" && len(in.Attachments) == 0 && len(in.Notices) == 0 {
			t.Errorf("nothing is shown of the message %+v", in)
		}
	}

	texts := append([]string{in.Text, in.From.Name, in.Change.Emoji}, in.Notices...)
	for _, a := range in.Attachments {
		checkAttachment(t, a)
		texts = append(texts, a.Name)
	}
	for _, s := range texts {
		if !isStorable(s) {
			t.Errorf("the text %q can't be stored", s)
		}
	}
}

// checkAttachment checks that a file has a name of one line, and either a reference or a content, which is one card.
func checkAttachment(t *testing.T, a channels.Attachment) {
	t.Helper()
	if strings.ContainsAny(a.Name, "\r\n") {
		t.Errorf("the name %q of a file has several lines", a.Name)
	}
	if len(a.Ref) > maxRefBytes {
		t.Errorf("got a reference of %d bytes, want at most %d", len(a.Ref), maxRefBytes)
	}
	if a.Ref == "" && len(a.Content) == 0 {
		t.Errorf("the file %+v has no reference and no content", a)
	}
	if cards := strings.Count(strings.ToUpper(string(a.Content)), "\nEND:VCARD"); a.Content != nil && cards != 1 {
		t.Errorf("got a card with %d ends, want one: %q", cards, a.Content)
	}
}
