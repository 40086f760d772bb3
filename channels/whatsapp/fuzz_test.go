package whatsapp

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"parley/channels"
	"parley/channels/budget"
)

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
		list = append(list, messageHook(from(rest)))
	}
	for _, s := range budget.Seeds() {
		list = append(list, messageHook(saying(s)))
	}
	return append(list,
		hook("messages", `{"metadata":{"phone_number_id":"1055"},"statuses":[{"id":"wamid.1","status":"failed","timestamp":"1","recipient_id":"49170","biz_opaque_callback_data":"m1.0.z-00","errors":[{"code":131026}]}]}`),
		hook("user_preferences", `{"user_preferences":[{"wa_id":"491701234567","value":"stop","timestamp":1}]}`),
		hook("smb_message_echoes", `{"message_echoes":[{"to":"491701234567","id":"wamid.2","type":"text","text":{"body":"x"}}]}`),
		hook("message_template_status_update", `{"event":"APPROVED","message_template_id":1}`))
}

// saying makes a message of Ann's in which she says so.
func saying(text string) string {
	body, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string always can be written
	}
	return from(`"type":"text","text":{"body":` + string(body) + `}`)
}

// splitDecode does with a webhook what is done before it is shown.
func splitDecode(c *Channel, body []byte) {
	for _, one := range split(body) {
		_, _ = c.Decode(one.Payload)
	}
}

// TestHostileWebhooks: no webhook costs more than its length deserves.
func TestHostileWebhooks(t *testing.T) { // not parallel: it measures what the process spends
	rep := func(s string) string { return strings.TrimSuffix(strings.Repeat(s, 100_000/len(s)), ",") }
	c, m := &Channel{env: channels.Env{Keys: testKeys()}}, budget.NewMeterFor(budget.Webhook())
	contact := `{"profile":{"name":"` + rep("x") + `"},"wa_id":"491701234567"}`
	hooks := map[string][]byte{
		"messages": messageHook(rep(saying("x") + ",")), "empty messages": messageHook(rep("{},")), "numbers": messageHook(rep("1,")), "deep": messageHook(rep("[")), "deep objects": messageHook(rep(`{"a":`)), "one text": messageHook(saying(rep("*_~"))),
		"contacts": hook("messages", `{"contacts":[`+rep(`{"wa_id":"1"},`)+`],"messages":[`+saying("x")+`]}`), "long contact": hook("messages", `{"contacts":[`+contact+`],"messages":[`+strings.TrimSuffix(strings.Repeat(saying("x")+",", 1000), ",")+`]}`),
		"statuses": hook("messages", `{"statuses":[`+rep(`{"id":"1","status":"sent","recipient_id":"4"},`)+`]}`), "unknown": hook("x", `{"a":[`+rep("1,")+`]}`), "keys": messageHook(from(rep(`"a":1,`))), "cards": messageHook(from(`"type":"contacts","contacts":[` + rep(`{"phones":[{"phone":"1"}]},`) + `]`)),
		"card phones": messageHook(from(`"type":"contacts","contacts":[{"phones":[` + rep(`{"phone":"1"},`) + `]}]`)), "order": messageHook(from(`"type":"order","order":{"product_items":[` + rep(`{"quantity":1},`) + `]}`)), "form": messageHook(from(`"type":"interactive","interactive":{"type":"nfm_reply","nfm_reply":{"response_json":"{` + rep(`\"a\":1,`) + `}"}}`)),
		"errors": messageHook(from(`"errors":[` + rep(`{"code":1},`) + `]`)), "escapes": messageHook(from(`"type":"text","text":{"body":"` + rep(`\u0000`) + `"}`)),
	}
	for _, name := range slices.Sorted(maps.Keys(hooks)) {
		t.Run(name, func(t *testing.T) { m.Check(t, len(hooks[name]), func() { splitDecode(c, hooks[name]) }) })
	}
}

// FuzzSplitDecode: whatever Meta or somebody else sends, splitting and decoding end, the
// same way each time; what comes out can be stored, and nothing in it acts as another file
// or line.
func FuzzSplitDecode(f *testing.F) {
	for _, s := range seeds() {
		f.Add(s)
	}
	c := &Channel{env: channels.Env{Keys: testKeys()}}
	m := budget.NewMeterFor(budget.Webhook())
	f.Fuzz(func(t *testing.T, body []byte) {
		m.Check(t, len(body), func() { splitDecode(c, body) })
		if long, ok := budget.Repeated(string(body)); ok {
			said := messageHook(saying(long))
			m.Check(t, len(said), func() { splitDecode(c, said) })
		}
		facts := split(body)
		if len(facts) == 0 || !reflect.DeepEqual(facts, split(body)) {
			t.Fatal("no facts, or others the second time")
		}
		for _, one := range facts {
			if one.ExternalID == "" || len(one.ExternalID) > 500 || one.OrderKey == "" || strings.ContainsRune(one.ExternalID+one.OrderKey, 0) ||
				!utf8.ValidString(one.ExternalID) {
				t.Errorf("fact %q, %q", one.ExternalID, one.OrderKey)
			}
			list, err := c.Decode(one.Payload)
			if again, err2 := c.Decode(one.Payload); (err == nil) != (err2 == nil) || !reflect.DeepEqual(list, again) {
				t.Error("decoded otherwise the second time")
			}
			for _, in := range list {
				checkInbound(t, in)
			}
		}
	})
}

// FuzzDecode: what is stored may be damaged.
func FuzzDecode(f *testing.F) {
	for _, s := range seeds() {
		for _, one := range split(s) {
			f.Add(one.Payload)
		}
	}
	c := &Channel{env: channels.Env{Keys: testKeys()}}
	m := budget.NewMeterFor(budget.Webhook())
	f.Fuzz(func(t *testing.T, raw []byte) {
		m.Check(t, len(raw), func() { _, _ = c.Decode(raw) })
		list, err := c.Decode(raw)
		if err != nil && list != nil {
			t.Error("an error and something")
		}
		for _, in := range list {
			checkInbound(t, in)
		}
	})
}

func checkInbound(t *testing.T, in channels.Inbound) {
	t.Helper()
	if in.Kind == "" || in.Kind == channels.InboundStatus && in.Status == nil || in.Kind == channels.InboundTemplate && in.Template == nil {
		t.Errorf("%+v", in)
	}
	if in.Kind == channels.InboundMessage && (in.From.Key == "" || in.ExternalID == "" || in.Text == "" && len(in.Attachments) == 0 && len(in.Notices) == 0) {
		t.Errorf("an empty message: %+v", in)
	}
	texts := append([]string{in.Text, in.From.Name, in.Change.Emoji}, in.Notices...)
	for _, a := range in.Attachments {
		texts = append(texts, a.Name)
		if strings.ContainsAny(a.Name, "\r\n") || len(a.Ref) > 2000 || a.Ref == "" && len(a.Content) == 0 {
			t.Errorf("file %+v", a)
		}
		if cards := strings.Count(strings.ToUpper(string(a.Content)), "\nEND:VCARD"); a.Content != nil && cards != 1 {
			t.Errorf("a card with %d ends: %q", cards, a.Content)
		}
	}
	for _, s := range texts {
		if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
			t.Errorf("text %q can't be stored", s)
		}
	}
}
