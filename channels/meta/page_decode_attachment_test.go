package meta

import (
	"strings"
	"testing"

	"parley/channels"
)

const cdn = "https://scontent.xx.fbcdn.net/v/t1/" // Facebook's file server

// attachments makes a message with these attachments, and no text.
func attachments(list ...string) string {
	return `"message":{"mid":"m_1","attachments":[` + strings.Join(list, ",") + `]}`
}

// A file is named after its kind, and has the address from which it is fetched later. A sticker is shown inside the message.
func TestPageDecodeFile(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		attachment string
		want       channels.Attachment
	}{
		{
			name:       "picture, whose type is told by its address",
			attachment: `{"type":"image","payload":{"url":"` + cdn + `9_n.png?oh=1&oe=2"}}`,
			want:       channels.Attachment{Name: "image.png", ContentType: "image/png", Ref: cdn + "9_n.png?oh=1&oe=2"},
		},
		{
			name:       "video, whose address tells no type",
			attachment: `{"type":"video","payload":{"url":"` + cdn + `v"}}`,
			want:       channels.Attachment{Name: "video.mp4", ContentType: "video/mp4", Ref: cdn + "v"},
		},
		{
			name:       "sound",
			attachment: `{"type":"audio","payload":{"url":"` + cdn + `a.aac"}}`,
			want:       channels.Attachment{Name: "audio.aac", ContentType: "audio/mp4", Ref: cdn + "a.aac"},
		},
		{
			name:       "file, whose name is in its address",
			attachment: `{"type":"file","payload":{"url":"https://cdn.fbsbx.com/v/invoice%202.pdf?x=y"}}`,
			want: channels.Attachment{
				Name:        "invoice 2.pdf",
				ContentType: "application/pdf",
				Ref:         "https://cdn.fbsbx.com/v/invoice%202.pdf?x=y",
			},
		},
		{
			name:       "sticker",
			attachment: `{"type":"sticker","payload":{"url":"` + cdn + `s.webp","sticker_id":123}}`,
			want:       channels.Attachment{Name: "sticker.webp", ContentType: "image/webp", Ref: cdn + "s.webp", Inline: true},
		},
		{
			name:       "sticker as a picture, which it was before August 2026",
			attachment: `{"type":"image","payload":{"url":"` + cdn + `s.png","sticker_id":"123"}}`,
			want:       channels.Attachment{Name: "sticker.png", ContentType: "image/png", Ref: cdn + "s.png", Inline: true},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkMessage(t, attachments(tt.attachment), channels.Inbound{Attachments: []channels.Attachment{tt.want}})
		})
	}
}

// An attachment that isn't a file, such as a link or a place, becomes a text.
func TestDecodeAttachmentAsText(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		event string
		want  string
	}{
		{
			name:  "Messenger's thumb, which is a sticker",
			event: attachments(`{"type":"sticker","payload":{"url":"` + cdn + `t.png","sticker_id":369239263222822}}`),
			want:  "👍",
		},
		{
			name:  "link without a payload",
			event: attachments(`{"type":"fallback","title":"A post","payload":null}`),
			want:  "A post",
		},
		{
			name: "link that stands in the text, too",
			event: `"message": {"mid": "m_1", "text": "see https://acme.test/a",
				"attachments": [{"type": "fallback", "payload": {"url": "https://acme.test/a", "title": "Acme"}}]}`,
			want: "see https://acme.test/a",
		},
		{
			name: "link that stands in the text, too, and leads through Facebook",
			event: `"message": {"mid": "m_1", "text": "see http://acme.test", "attachments": [{"type": "fallback", "title": "acme.test",
				"url": "https://l.facebook.com/l.php?u=https%3A%2F%2Facme.test%2F&h=AT3&s=1", "payload": null}]}`,
			want: "see http://acme.test",
		},
		{
			name:  "link that leads through Facebook",
			event: attachments(`{"type":"fallback","title":"Acme","url":"https://l.facebook.com/l.php?u=https%3A%2F%2Facme.test%2Fa&h=AT3"}`),
			want:  "Acme\nhttps://acme.test/a",
		},
		{
			name:  "link that isn't one of the web",
			event: attachments(`{"type":"fallback","title":"x","payload":{"url":"javascript:alert(1)"}}`),
			want:  "x",
		},
		{
			name:  "link that only looks as if it led through Facebook",
			event: attachments(`{"type":"fallback","url":"https://evil.test/l.php?u=https%3A%2F%2Facme.test"}`),
			want:  "https://evil.test/l.php?u=https%3A%2F%2Facme.test",
		},
		{
			name:  "link to another page of Facebook's",
			event: attachments(`{"type":"fallback","url":"https://l.facebook.com/help?u=https%3A%2F%2Facme.test"}`),
			want:  "https://l.facebook.com/help?u=https%3A%2F%2Facme.test",
		},
		{
			name:  "link of another kind than the web's",
			event: attachments(`{"type":"fallback","title":"A file","url":"ftp://acme.test/a"}`),
			want:  "A file",
		},
		{
			name:  "reel",
			event: attachments(`{"type":"ig_reel","payload":{"url":"https://instagram.test/r/1","title":"A reel","reel_video_id":5}}`),
			want:  "A reel\nhttps://instagram.test/r/1",
		},
		{
			name:  "reel with an address below facebook.com",
			event: attachments(`{"type":"ig_reel","payload":{"url":"/reel/12/","reel_video_id":12}}`),
			want:  "https://www.facebook.com/reel/12/",
		},
		{
			name:  "post",
			event: attachments(`{"type":"post","payload":{"url":"https://facebook.test/p/1"}}`),
			want:  "https://facebook.test/p/1",
		},
		{
			name:  "place",
			event: attachments(`{"type":"location","payload":{"title":"The office","coordinates":{"lat":48.1,"long":11.5}}}`),
			want:  "📍 The office\nhttps://www.openstreetmap.org/?mlat=48.1&mlon=11.5#map=17/48.1/11.5",
		},
		{
			name:  "place with coordinates as strings, and a title as a number",
			event: attachments(`{"type":"location","title":7,"payload":{"title":"The office","coordinates":{"lat":"48.1","long":"11.5"}}}`),
			want:  "📍 The office\nhttps://www.openstreetmap.org/?mlat=48.1&mlon=11.5#map=17/48.1/11.5",
		},
		{
			name:  "template",
			event: attachments(`{"type":"template","payload":{"product":{"elements":[{"title":"Red shoes","subtitle":"$9"}]}}}`),
			want:  "Red shoes\n$9",
		},
		{
			name: "template with a text, a card and buttons",
			event: attachments(`{"type":"template","payload":{"text":"Which?","buttons":[{"title":"Red","url":"https://acme.test/r"},{"url":"x"}],
				"elements":[{"title":"Shoes","buttons":[{"title":"Buy","url":"javascript:x"}]}]}}`),
			want: "Which?\nShoes\n▸ Red https://acme.test/r\n▸ Buy",
		},
		{
			name:  "place without coordinates, with a link",
			event: attachments(`{"type":"location","title":"The office","url":"https://maps.test/1"}`),
			want:  "The office\nhttps://maps.test/1",
		},
		{
			name: "two links",
			event: attachments(`{"type":"post","payload":{"url":"https://facebook.test/p/1"}}`,
				`{"type":"post","payload":{"url":"https://facebook.test/p/2"}}`),
			want: "https://facebook.test/p/1\n\nhttps://facebook.test/p/2",
		},
		{
			name: "larger thumbs",
			event: attachments(`{"type":"sticker","payload":{"sticker_id":369239343222814}}`,
				`{"type":"image","payload":{"sticker_id":"369239383222810"}}`),
			want: "👍\n\n👍",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkMessage(t, tt.event, channels.Inbound{Text: tt.want})
		})
	}
}
