package meta

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

// repeat writes an item of JSON n times, with commas between.
func repeat(item string, n int) string { return strings.TrimSuffix(strings.Repeat(item+",", n), ",") }
