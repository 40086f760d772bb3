package meta

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
	c := &Number{waba: wabaID, account: account{env: channels.Env{Keys: testKeys()}}}
	var list []channels.Inbound
	for _, f := range splitNumberHook(body) {
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

// A message without a sender and an echo without a recipient can't be shown: Decode fails, which puts them into quarantine.
// News from WhatsApp about a customer whom it doesn't name becomes a notice for the people of the account.
func TestDecodeOfNobody(t *testing.T) {
	t.Parallel()
	c := &Number{waba: wabaID}
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
