package whatsapp

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"parley/channels"
)

// The tests of decoding need no emulator: they write a webhook as Meta sends it, split it into facts, and decode these.

// hook makes a webhook with one change.
func hook(field, value string) []byte {
	return []byte(`{"object": "whatsapp_business_account", "entry": [{"id": "2066", "time": 1763631000,
		"changes": [{"field": "` + field + `", "value": ` + value + `}]}]}`)
}

// messageHook makes a webhook with Ann's messages.
func messageHook(messages ...string) []byte {
	return hook("messages", `{
		"messaging_product": "whatsapp",
		"metadata": {"display_phone_number": "15550100", "phone_number_id": "1055"},
		"contacts": [{"profile": {"name": "Ann Lee"}, "wa_id": "491701234567"}],
		"messages": [`+strings.Join(messages, ",")+`]}`)
}

// annMessage makes a message of Ann's with the id wamid.1, a time, and the given further fields.
func annMessage(fields string) string {
	return `{"from":"491701234567","id":"wamid.1","timestamp":"1763631000",` + fields + `}`
}

// decodeHook splits a webhook and decodes its facts, none of which may be in quarantine.
func decodeHook(t *testing.T, body []byte) []channels.Inbound {
	t.Helper()
	c := &Channel{waba: wabaID, env: channels.Env{Keys: testKeys()}}
	var list []channels.Inbound
	for _, f := range split(body) {
		if f.Quarantine != "" {
			t.Fatalf("split(%.200s): a fact is in quarantine: %s", body, f.Quarantine)
		}
		in, err := c.Decode(f.Payload)
		if err != nil {
			t.Fatalf("Decode(%.200s): %v", f.Payload, err)
		}
		list = append(list, in...)
	}
	return list
}

// decodeOnly is decodeHook for a webhook that means one thing.
func decodeOnly(t *testing.T, body []byte) channels.Inbound {
	t.Helper()
	list := decodeHook(t, body)
	if len(list) != 1 {
		t.Fatalf("%.200s: decoded as %+v, want one thing", body, list)
	}
	return list[0]
}

// checkDecodedMessage decodes a message of Ann's with these fields, and compares all of it with want. The sender, the id and
// the time of want are those of annMessage, and are filled in here.
func checkDecodedMessage(t *testing.T, fields string, want channels.Inbound) {
	t.Helper()
	checkAnnMessage(t, decodeOnly(t, messageHook(annMessage(fields))), want)
}

// checkAnnMessage compares a message of annMessage with want, as checkDecodedMessage does.
func checkAnnMessage(t *testing.T, got, want channels.Inbound) {
	t.Helper()
	want.Kind = channels.InboundMessage
	want.ExternalID = "wamid.1"
	want.From = channels.Party{Key: annPhone, Name: "Ann Lee"}
	want.At = time.Unix(1763631000, 0).UTC()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("decoded as\n     %+v\nwant %+v", got, want)
	}
}

// WhatsApp's formatting becomes Markdown, and what would be Markdown but isn't formatting in WhatsApp is escaped.
func TestDecodeText(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		fields string
		want   string
	}{
		{
			name:   "bold and italic",
			fields: `"type":"text","text":{"body":"Hello *there*\n_you_"}`,
			want:   "Hello **there**\n*you*",
		},
		{
			name:   "heading, tag and link of Markdown",
			fields: `"type":"text","text":{"body":"# no <b>heading</b> [x](y)"}`,
			want:   `\# no \<b>heading\</b> \[x\](y)`,
		},
		{
			name:   "NUL, which can't be stored",
			fields: `"type":"text","text":{"body":"a\u0000b"}`,
			want:   "ab",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			checkDecodedMessage(t, tt.fields, channels.Inbound{Text: tt.want})
		})
	}
}

// A notice beside the text says where a message comes from, or what it is about.
func TestDecodeOrigin(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		fields string
		want   channels.Inbound
	}{
		{
			name:   "forwarded",
			fields: `"type":"text","text":{"body":"x"},"context":{"forwarded":true}`,
			want:   channels.Inbound{Text: "x", Notices: []string{"Forwarded."}},
		},
		{
			name:   "forwarded many times",
			fields: `"type":"text","text":{"body":"x"},"context":{"frequently_forwarded":true}`,
			want:   channels.Inbound{Text: "x", Notices: []string{"Forwarded many times."}},
		},
		{
			name: "about a product",
			fields: `"type": "text", "text": {"body": "x"},
				"context": {"id": "wamid.0", "referred_product": {"catalog_id": "1", "product_retailer_id": "shirt"}}`,
			want: channels.Inbound{
				Text:    "x",
				Answers: channels.Answers{External: "wamid.0"},
				Notices: []string{"Asked about product shirt of catalogue 1."},
			},
		},
		{
			name: "from an ad",
			fields: `"type": "text", "text": {"body": "x"},
				"referral": {"source_url": "https://fb.me/x", "source_type": "ad", "headline": "Chat", "body": "Succulents"}`,
			want: channels.Inbound{Text: "x", Notices: []string{"Came from this ad: Chat · Succulents · https://fb.me/x"}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { checkDecodedMessage(t, tt.fields, tt.want) })
	}
}

// A message that can't be shown becomes a notice that says of which kind it is, and why if WhatsApp says so.
func TestDecodeUnshown(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		fields string
		want   []string
	}{
		{
			name: "unsupported by the API, with the kind and the reason",
			fields: `"type": "unsupported", "unsupported": {"type": "poll"},
				"errors": [{"code": 131051, "title": "Message type unknown",
					"error_data": {"details": "Message type is currently not supported."}}]`,
			want: []string{unshownNotice("poll"), "WhatsApp says: Message type is currently not supported."},
		},
		{
			name:   "unsupported by the API, with a title alone",
			fields: `"type":"unsupported","errors":[{"code":131051,"title":"Message type unknown"}]`,
			want:   []string{unshownNotice(""), "WhatsApp says: Message type unknown"},
		},
		{
			name:   "an interactive message that isn't an answer",
			fields: `"type":"interactive","interactive":{"type":"product","product":{"id":"1"}}`,
			want:   []string{"A message that Parley can't show (product). It can be seen on the customer's phone."},
		},
		{
			name:   "calls allowed",
			fields: `"type":"interactive","interactive":{"type":"call_permission_reply","call_permission_reply":{"response":"accept"}}`,
			want:   []string{"The customer allows calls on WhatsApp."},
		},
		{
			name:   "calls refused",
			fields: `"type":"interactive","interactive":{"type":"call_permission_reply","call_permission_reply":{"response":"reject"}}`,
			want:   []string{"The customer doesn't allow calls on WhatsApp."},
		},
		{
			name:   "a kind that we don't know",
			fields: `"type":"hologram","hologram":{"id":1}`,
			want:   []string{unshownNotice("hologram")},
		},
		{
			name:   "no kind",
			fields: `"text":{"body":"x"}`,
			want:   []string{unshownNotice("")},
		},
		{
			name:   "a kind that we don't know, in words",
			fields: `"type":"poll"`,
			want:   []string{"A message that WhatsApp doesn't pass on (poll). It can only be seen on the customer's phone."},
		},
		{
			name:   "a message of WhatsApp itself",
			fields: `"type":"system","system":{"type":"new_words","body":"The chat\nhas changed"}`,
			want:   []string{unshownNotice("system"), "WhatsApp says: The chat has changed"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			checkDecodedMessage(t, tt.fields, channels.Inbound{Notices: tt.want})
		})
	}
}

// A known kind without its object, or with a wrong one, is shown as something that WhatsApp doesn't pass on. No text is
// attributed to the customer.
func TestDecodeTypeWithoutPayload(t *testing.T) {
	t.Parallel()
	kinds := []string{
		"text", "image", "video", "audio", "document", "sticker", "location", "contacts",
		"interactive", "button", "order", "reaction", "edit", "revoke", "system", "poll",
	}
	objects := []string{"", "null", `"?"`, "[]", "{}", `{"id":{}}`}
	for _, kind := range kinds {
		for _, object := range objects {
			t.Run(kind+" "+object, func(t *testing.T) {
				fields := `"type":"` + kind + `"`
				if object != "" {
					fields += `,"` + kind + `":` + object
				}
				in := decodeOnly(t, messageHook(annMessage(fields)))
				isOrderOfNothing := kind == "order" && strings.HasPrefix(object, "{")
				if isOrderOfNothing {
					return // it is shown as an order without products
				}
				wantEqual(t, "kind", in.Kind, channels.InboundMessage)
				wantEqual(t, "text", in.Text, "")
				if notices := strings.Join(in.Notices, "\n"); !strings.Contains(notices, "doesn't pass on") {
					t.Errorf("got the notices %q, want one that says that WhatsApp doesn't pass the message on", notices)
				}
			})
		}
	}
}

// A message without a sender and an echo without a recipient can't be shown: Decode fails, which puts them into quarantine.
// News from WhatsApp about a customer whom it doesn't name becomes a notice for the people of the account.
func TestDecodeOfNobody(t *testing.T) {
	t.Parallel()
	c := &Channel{waba: wabaID}
	for kind, item := range map[factKind]string{
		factMessage: `{"id":"wamid.1","type":"text","text":{"body":"x"}}`,
		factEcho:    `{"id":"wamid.1","type":"text","text":{"body":"x"},"from":"15550100"}`,
	} {
		if in, err := c.Decode(fact{Kind: kind, Data: []byte(item)}.encode()); err == nil {
			t.Errorf("%s: decoded as %+v, want an error", item, in)
		}
	}

	in := decodeOnly(t, systemHook(`{"id":"wamid.1","timestamp":"1763631000","type":"system","system":{"type":"new_words"}}`))
	want := channels.Inbound{Kind: channels.InboundNotice, At: time.Unix(1763631000, 0).UTC(),
		Notices: []string{"WhatsApp tells something about a customer that it doesn't name."}}
	if !reflect.DeepEqual(in, want) {
		t.Errorf("decoded as %+v, want %+v", in, want)
	}
}

// A text that can't be a time is read as an unknown one, which is the zero time.
func TestTimeOf(t *testing.T) {
	t.Parallel()
	for written, want := range map[loose]time.Time{
		"1763631000":    time.Unix(1763631000, 0).UTC(),
		"0":             {},
		"-1":            {},
		"9999999999999": {},
		"now":           {},
	} {
		wantEqual(t, "time of "+string(written), timeOf(written), want)
	}
}

// A field of another type than Meta documents doesn't hide the rest of the message. A number may be written as a string.
func TestDecodeOddTypes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		fields    string
		wantShown string // part of the text or the notices
	}{
		{
			name: "quantity and price as strings",
			fields: `"type": "order", "order": {"product_items": [
				{"product_retailer_id": "A1", "quantity": "2", "item_price": "9.50", "currency": "EUR"}]}`,
			wantShown: "2 × A1: 9.5 EUR each\n\nTotal: 19 EUR",
		},
		{
			name: "quantity as an object",
			fields: `"type": "order", "order": {"text": "soon", "product_items": [
				{"product_retailer_id": "A1", "quantity": {}, "item_price": 9, "currency": "EUR"}]}`,
			wantShown: "- ? × A1: 9 EUR each\n\nsoon", // without a total
		},
		{
			name: "one price missing, so that there is no total",
			fields: `"type": "order", "order": {"text": "soon", "product_items": [
				{"product_retailer_id": "A1", "quantity": 1, "item_price": 9, "currency": "EUR"},
				{"product_retailer_id": "A2", "quantity": 1, "currency": "EUR"}]}`,
			wantShown: "- 1 × A2: ? EUR each\n\nsoon",
		},
		{
			name:      "a form that isn't JSON",
			fields:    `"type":"interactive","interactive":{"type":"nfm_reply","nfm_reply":{"body":"Sent","response_json":"M, blue"}}`,
			wantShown: "M, blue",
		},
		{
			name:      "coordinates as strings, a name as a number",
			fields:    `"type":"location","location":{"latitude":"48.1","longitude":"11.5","name":7}`,
			wantShown: "[48.1,11.5]",
		},
		{
			name:      "a coordinate that isn't a number",
			fields:    `"type":"location","location":{"latitude":"north","longitude":11.5}`,
			wantShown: unshownNotice("location"),
		},
		{
			name:      "an error's code as a string",
			fields:    `"type":"text","text":{"body":"Hi"},"errors":[{"code":"131051","title":"Odd"}]`,
			wantShown: "Hi",
		},
		{
			name:      "forwarded as a string",
			fields:    `"type":"text","text":{"body":"Hi"},"context":{"forwarded":"true","id":"wamid.0"}`,
			wantShown: "Hi",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := decodeOnly(t, messageHook(annMessage(tt.fields)))
			if shown := in.Text + strings.Join(in.Notices, ""); !strings.Contains(shown, tt.wantShown) {
				t.Errorf("%s: shown as %q, want %q in it", tt.fields, shown, tt.wantShown)
			}
		})
	}
}

// A sound whose flag "voice" isn't a boolean is still a file.
func TestDecodeOddVoiceFlag(t *testing.T) {
	t.Parallel()
	in := decodeOnly(t, messageHook(annMessage(`"type":"audio","audio":{"id":"M1","mime_type":"audio/ogg","voice":"yes"}`)))
	wantEqual(t, "number of files", len(in.Attachments), 1)
}
