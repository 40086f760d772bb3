package whatsapp

import (
	"strings"
	"testing"

	"parley/channels"
)

// Files are named by what they are, and carry the reference by which they are fetched later.
func TestDecodeFile(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name            string
		fields          string
		wantText        string
		wantName        string
		wantContentType string
		wantRef         string
	}{
		{
			name:            "picture with a caption",
			fields:          `"type":"image","image":{"id":"77","mime_type":"image/jpeg","sha256":"abc=","caption":"my *cat*"}`,
			wantText:        "my **cat**",
			wantName:        "image.jpg",
			wantContentType: "image/jpeg",
			wantRef:         `{"id":"77","sha256":"abc="}`,
		},
		{
			name:            "voice message",
			fields:          `"type":"audio","audio":{"id":"77","mime_type":"audio/ogg; codecs=opus","sha256":"abc","voice":true}`,
			wantName:        "voice-message.ogg",
			wantContentType: "audio/ogg",
			wantRef:         `{"id":"77","sha256":"abc"}`,
		},
		{
			name:            "other sound",
			fields:          `"type":"audio","audio":{"id":"77","mime_type":"audio/mpeg"}`,
			wantName:        "audio.mp3",
			wantContentType: "audio/mpeg",
			wantRef:         `{"id":"77"}`,
		},
		{
			name:            "video",
			fields:          `"type":"video","video":{"id":"77","mime_type":"video/mp4"}`,
			wantName:        "video.mp4",
			wantContentType: "video/mp4",
			wantRef:         `{"id":"77"}`,
		},
		{
			name:            "document whose name has a line break",
			fields:          `"type":"document","document":{"id":"77","mime_type":"application/pdf","filename":"a\nb.pdf"}`,
			wantName:        "a b.pdf",
			wantContentType: "application/pdf",
			wantRef:         `{"id":"77"}`,
		},
		{
			name:            "sticker",
			fields:          `"type":"sticker","sticker":{"id":"77","mime_type":"image/webp","animated":true}`,
			wantName:        "sticker.webp",
			wantContentType: "image/webp",
			wantRef:         `{"id":"77"}`,
		},
		{
			name:            "id that is a number",
			fields:          `"type":"image","image":{"id":77,"mime_type":"image/png"}`,
			wantName:        "image.png",
			wantContentType: "image/png",
			wantRef:         `{"id":"77"}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := decodeOnly(t, messageHook(annMessage(tt.fields)))
			if len(in.Attachments) != 1 {
				t.Fatalf("got the attachments %+v, want one", in.Attachments)
			}
			file := in.Attachments[0]
			wantEqual(t, "name", file.Name, tt.wantName)
			wantEqual(t, "content type", file.ContentType, tt.wantContentType)
			wantEqual(t, "reference", file.Ref, tt.wantRef)

			in.Attachments = nil // the rest of the message
			checkAnnMessage(t, in, channels.Inbound{Text: tt.wantText})
		})
	}
}

// A place becomes its name, its address, a link to a map, and its own link.
func TestDecodeLocation(t *testing.T) {
	t.Parallel()
	checkDecodedMessage(t, `"type": "location", "location": {"latitude": 37.5, "longitude": -122.25,
		"name": "Philz *Coffee*", "address": "101 Forest Ave", "url": "https://philzcoffee.com/"}`, channels.Inbound{
		Text: `**Philz \*Coffee\***
101 Forest Ave
📍 [37.5,-122.25](https://www.google.com/maps?q=37.5,-122.25)
https://philzcoffee.com/`,
	})
}

// 0 is a coordinate like any other, not a missing one.
func TestDecodeLocationAtZero(t *testing.T) {
	t.Parallel()
	checkDecodedMessage(t, `"type":"location","location":{"latitude":0,"longitude":0}`, channels.Inbound{
		Text: "📍 [0,0](https://www.google.com/maps?q=0,0)",
	})
}

// A choice shows its title as the text of the message. Its id is kept in Chosen.
func TestDecodeChoice(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		fields string
		want   channels.Inbound
	}{
		{
			name: "button of a message",
			fields: `"type": "interactive", "context": {"from": "15550100", "id": "wamid.0"},
				"interactive": {"type": "button_reply", "button_reply": {"id": "cancel", "title": "Cancel"}}`,
			want: channels.Inbound{Text: "Cancel", Chosen: "cancel", Answers: channels.Answers{External: "wamid.0"}},
		},
		{
			name: "row of a list",
			fields: `"type": "interactive", "interactive": {"type": "list_reply",
				"list_reply": {"id": "x", "title": "Express", "description": "Next day"}}`,
			want: channels.Inbound{Text: "Express\nNext day", Chosen: "x"},
		},
		{
			name:   "button of a template",
			fields: `"type":"button","button":{"payload":"stop","text":"Unsubscribe"}`,
			want:   channels.Inbound{Text: "Unsubscribe", Chosen: "stop"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { checkDecodedMessage(t, tt.fields, tt.want) })
	}
}

// The fields of a form are listed by name, without WhatsApp's own flow_token. Where a customer may choose several answers,
// all are.
func TestDecodeForm(t *testing.T) {
	t.Parallel()
	checkDecodedMessage(t, `"type": "interactive", "interactive": {"type": "nfm_reply", "nfm_reply": {"name": "flow", "body": "Sent",
		"response_json": "{\"flow_token\":\"t\",\"size\":\"M\",\"count\":2,\"when\":[\"Monday\",\"at 9\",12345678901234567890]}"}}`,
		channels.Inbound{
			Text: "- **count**: 2\n- **size**: M\n- **when**: Monday, at 9, 12345678901234567890",
		})
}

// The answers to a group of fields, such as an address, are listed with their names. Fields that weren't filled in are left
// out.
func TestDecodeFormWithGroup(t *testing.T) {
	t.Parallel()
	checkDecodedMessage(t, `"type": "interactive", "interactive": {"type": "nfm_reply", "nfm_reply": {"name": "address_message",
		"response_json": "{\"values\":{\"name\":\"Kim\",\"floor\":null,\"in_pin_code\":\"400063\"}}"}}`, channels.Inbound{
		Text: "- **values**: in_pin_code: 400063, name: Kim",
	})
}

// A form without fields is shown as WhatsApp shows it.
func TestDecodeFormWithoutFields(t *testing.T) {
	t.Parallel()
	checkDecodedMessage(t, `"type":"interactive","interactive":{"type":"nfm_reply","nfm_reply":{"body":"Sent","response_json":"{}"}}`,
		channels.Inbound{Text: "Sent"})
}

// An order lists its products, the total, and what the customer wrote with it.
func TestDecodeOrder(t *testing.T) {
	t.Parallel()
	checkDecodedMessage(t, `"type": "order", "order": {"catalog_id": "1", "text": "soon please", "product_items": [
		{"product_retailer_id": "shirt", "quantity": 2, "item_price": 30.5, "currency": "USD"},
		{"product_retailer_id": "hat", "quantity": 1, "item_price": 25, "currency": "USD"}]}`, channels.Inbound{
		Text: `**Order**
- 2 × shirt: 30.5 USD each
- 1 × hat: 25 USD each

Total: 86 USD

soon please`,
	})
}

// Totals are exact, where floating point would say 13.049999 and 0.30000004. Each currency has its own.
func TestDecodeOrderTotals(t *testing.T) {
	t.Parallel()
	checkDecodedMessage(t, `"type": "order", "order": {"product_items": [
		{"product_retailer_id": "tea", "quantity": 3, "item_price": 4.35, "currency": "EUR"},
		{"product_retailer_id": "cup", "quantity": 1, "item_price": 0.1, "currency": "USD"},
		{"product_retailer_id": "lid", "quantity": 1, "item_price": 0.2, "currency": "USD"}]}`, channels.Inbound{
		Text: `**Order**
- 3 × tea: 4.35 EUR each
- 1 × cup: 0.1 USD each
- 1 × lid: 0.2 USD each

Total: 13.05 EUR

Total: 0.3 USD`,
	})
}

// crlf writes a text with the line ends of vCard.
func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

// twoContacts is a message with the cards of Lucía, which has what a card may have, and of Bob, whose own vCard is damaged.
const twoContacts = `"type": "contacts", "contacts": [
	{
		"name": {"formatted_name": "Lucía/Gómez", "first_name": "Lucía", "last_name": "Gó;mez"},
		"org": {"company": "Acme, Inc"},
		"phones": [{"phone": "+1 (983) 555-2319", "wa_id": "19835552319", "type": "MOBILE"}],
		"emails": [{"email": "l@acme.test", "type": "W;X"}]
	},
	{"vcard": "BEGIN:VCARD", "name": {"first_name": "Bob"}}]`

// Contacts are shown with their names, organisations, numbers and addresses.
// Requirement R-062: Contact cards.
func TestDecodeContactsAsText(t *testing.T) {
	t.Parallel()
	in := decodeOnly(t, messageHook(annMessage(twoContacts)))
	wantEqual(t, "text", in.Text, `👤 **Lucía/Gómez**
Acme, Inc
+1 (983) 555-2319
l@acme.test

👤 **Bob**`)
}

// Each contact also comes as a vCard. Characters that have a meaning in vCards or in file names are escaped or left out.
// Requirement R-062: Contact cards.
func TestDecodeContactsAsCards(t *testing.T) {
	t.Parallel()
	in := decodeOnly(t, messageHook(annMessage(twoContacts)))
	if len(in.Attachments) != 2 {
		t.Fatalf("got the attachments %+v, want two cards", in.Attachments)
	}
	lucia, bob := in.Attachments[0], in.Attachments[1]

	wantEqual(t, "name of Lucía's card", lucia.Name, "Lucía-Gómez.vcf")
	wantEqual(t, "content type of Lucía's card", lucia.ContentType, "text/vcard")
	wantEqual(t, "Lucía's card", string(lucia.Content), crlf(`BEGIN:VCARD
VERSION:3.0
N:Gó\;mez;Lucía;;;
FN:Lucía/Gómez
ORG:Acme\, Inc;
TEL;TYPE=MOBILE:+1 (983) 555-2319
EMAIL:l@acme.test
END:VCARD
`))

	wantEqual(t, "name of Bob's card", bob.Name, "Bob.vcf")
	wantStart := crlf("BEGIN:VCARD\nVERSION:3.0\nN:;Bob;;;\nFN:Bob\n")
	if !strings.HasPrefix(string(bob.Content), wantStart) {
		t.Errorf("Bob's card: got %q, want one that begins with %q", bob.Content, wantStart)
	}
}

// A card that a customer sends when asked for a number has its name in its vCard alone.
// Requirement R-062: Contact cards.
func TestDecodeContactNamedInVCard(t *testing.T) {
	t.Parallel()
	in := decodeOnly(t, messageHook(annMessage(`"type": "contacts", "contacts": [{"phones": [{"phone": "15550101"}],
		"vcard": "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Lee;Bo;;;\r\nFN:Lee\\, Bo\r\nTEL:15550101\r\nEND:VCARD"}]`)))
	wantEqual(t, "text", in.Text, "👤 **Lee, Bo**\n15550101")
}

// A long list is cut, and the text or a notice says how many entries are left out.
func TestDecodeLongLists(t *testing.T) {
	t.Parallel()
	const product = `{"product_retailer_id":"lamp","quantity":1,"item_price":2,"currency":"EUR"}`
	tests := []struct {
		name       string
		fields     string
		wantText   string // part of the text
		wantNotice string // part of the notices
	}{
		{
			name:     "products of an order",
			fields:   `"type":"order","order":{"product_items":[` + repeat(product, 150) + `]}`,
			wantText: "- … and 50 more\n\nTotal: 300 EUR",
		},
		{
			name: "phone numbers and addresses of a contact",
			fields: `"type":"contacts",` +
				`"contacts":[{"phones":[` + repeat(`{"phone":"1"}`, 150) + `],"emails":[` + repeat(`{"email":"a@b"}`, 102) + `]}]`,
			wantText: "- … and 50 more in the file\na@b",
		},
		{
			name:       "contacts",
			fields:     `"type":"contacts","contacts":[` + repeat(`{"name":{"formatted_name":"Ann"}}`, 60) + `]`,
			wantText:   "Ann",
			wantNotice: "10 more contacts",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := decodeOnly(t, messageHook(annMessage(tt.fields)))
			if !strings.Contains(in.Text, tt.wantText) {
				t.Errorf("got the text %q, want %q in it", in.Text, tt.wantText)
			}
			if !strings.Contains(strings.Join(in.Notices, " "), tt.wantNotice) {
				t.Errorf("got the notices %q, want %q in them", in.Notices, tt.wantNotice)
			}
		})
	}
}

// repeat writes an item of JSON n times, with commas between.
func repeat(item string, n int) string { return strings.TrimSuffix(strings.Repeat(item+",", n), ",") }
