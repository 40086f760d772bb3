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
		list = append(list, messageHook(annMessage(rest)))
	}
	for _, s := range budget.Seeds() {
		list = append(list, messageHook(textMessage(s)))
	}
	return append(list,
		hook("messages", `{"metadata":{"phone_number_id":"1055"},"statuses":[{"id":"wamid.1","status":"failed","timestamp":"1","recipient_id":"49170","biz_opaque_callback_data":"m1.0.z-00","errors":[{"code":131026}]}]}`),
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

// splitDecode reads a webhook as it is read before anything of it is shown.
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
		"messages":       messageHook(rep(textMessage("x") + ",")),
		"empty messages": messageHook(rep("{},")),
		"numbers":        messageHook(rep("1,")),
		"deep":           messageHook(rep("[")),
		"deep objects":   messageHook(rep(`{"a":`)),
		"one text":       messageHook(textMessage(rep("*_~"))),
		"contacts":       hook("messages", `{"contacts":[`+rep(`{"wa_id":"1"},`)+`],"messages":[`+textMessage("x")+`]}`),
		"long contact":   hook("messages", `{"contacts":[`+contact+`],"messages":[`+repeat(textMessage("x"), 1000)+`]}`),
		"statuses":       hook("messages", `{"statuses":[`+rep(`{"id":"1","status":"sent","recipient_id":"4"},`)+`]}`),
		"unknown":        hook("x", `{"a":[`+rep("1,")+`]}`),
		"keys":           messageHook(annMessage(rep(`"a":1,`))),
		"cards":          messageHook(annMessage(`"type":"contacts","contacts":[` + rep(`{"phones":[{"phone":"1"}]},`) + `]`)),
		"card phones":    messageHook(annMessage(`"type":"contacts","contacts":[{"phones":[` + rep(`{"phone":"1"},`) + `]}]`)),
		"order":          messageHook(annMessage(`"type":"order","order":{"product_items":[` + rep(`{"quantity":1},`) + `]}`)),
		"form":           messageHook(annMessage(`"type":"interactive","interactive":{"type":"nfm_reply","nfm_reply":{"response_json":"{` + rep(`\"a\":1,`) + `}"}}`)),
		"errors":         messageHook(annMessage(`"errors":[` + rep(`{"code":1},`) + `]`)),
		"escapes":        messageHook(annMessage(`"type":"text","text":{"body":"` + rep(`\u0000`) + `"}`)),
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
			hook := messageHook(textMessage(long))
			m.Check(t, len(hook), func() { splitDecode(c, hook) })
		}
		facts := split(body)
		if len(facts) == 0 {
			t.Fatal("split into no fact")
		}
		if again := split(body); !reflect.DeepEqual(facts, again) {
			t.Fatalf("split into %+v, then into %+v", facts, again)
		}
		for _, one := range facts {
			if n := len(one.ExternalID); n == 0 || n > maxKeyBytes {
				t.Errorf("got an id of %d bytes, want 1 to %d", n, maxKeyBytes)
			}
			if one.OrderKey == "" {
				t.Errorf("the fact %q has no order key", one.ExternalID)
			}
			if !isStorable(one.ExternalID) || strings.ContainsRune(one.OrderKey, 0) {
				t.Errorf("the keys %q, %q can't be stored", one.ExternalID, one.OrderKey)
			}
			list, err := c.Decode(one.Payload)
			again, err2 := c.Decode(one.Payload)
			if (err == nil) != (err2 == nil) || !reflect.DeepEqual(list, again) {
				t.Errorf("decoded as %+v, %v, then as %+v, %v", list, err, again, err2)
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

// checkInbound checks what holds for whatever is decoded.
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
		texts = append(texts, a.Name)
		if strings.ContainsAny(a.Name, "\r\n") {
			t.Errorf("the name %q of a file has several lines", a.Name)
		}
		if len(a.Ref) > maxRefBytes || a.Ref == "" && len(a.Content) == 0 {
			t.Errorf("got a reference of %d bytes, want at most %d, or a content: %+v", len(a.Ref), maxRefBytes, a)
		}
		if cards := strings.Count(strings.ToUpper(string(a.Content)), "\nEND:VCARD"); a.Content != nil && cards != 1 {
			t.Errorf("got a card with %d ends, want one: %q", cards, a.Content)
		}
	}
	for _, s := range texts {
		if !isStorable(s) {
			t.Errorf("the text %q can't be stored", s)
		}
	}
}

// maxRefBytes is how long the reference of an Attachment may be.
const maxRefBytes = 2000
