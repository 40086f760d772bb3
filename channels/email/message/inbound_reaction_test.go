package message

import (
	"testing"

	"parley/channels"
)

// reactionMail is a mail that answers another one, with this as its content.
func reactionMail(header, content string) string {
	return crlf("From: ann@customer.test\nTo: help@acme.test\nMessage-ID: <r@customer.test>\n" + header + content)
}

// gmailPart is the content of a mail with a part of Gmail's type.
func gmailPart(disposition, json string) string {
	return "Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\n+1\n" +
		"--b\nContent-Type: text/vnd.google.email-reaction+json\n" + disposition + "\n" + json + "\n--b--\n"
}

// A mail is a reaction if Gmail or Outlook says so, and if it answers a mail.
func TestReactionMail(t *testing.T) {
	t.Parallel()
	const answer = "In-Reply-To: <q@acme.test>\n"
	outlook := func(line string) string {
		return "Content-Type: text/plain\n\n" + line + "\n________\nFrom: Acme\n\nHello\n"
	}
	html := func(picture, words string) string {
		return "Content-Type: text/html\n\n<html><head></head><body>\n<table><tr><td>" + picture + "</td><td><b>Ann</b> " + words +
			"</td></tr></table>"
	}
	tests := []struct {
		name, header, content string
		emoji                 string // "-" if it is a message
	}{
		{"Gmail", answer, gmailPart("", `{"emoji":"\u2764\ufe0f","version":1}`), "❤️"},
		{"Gmail, to no mail", "", gmailPart("", `{"emoji":"\u2764","version":1}`), "-"},
		{"Gmail, another version", answer, gmailPart("", `{"emoji":"\u2764","version":2}`), "-"},
		{"Gmail, words", answer, gmailPart("", `{"emoji":"great","version":1}`), "-"},
		{"Gmail, as a file", answer, gmailPart("Content-Disposition: attachment\n", `{"emoji":"\u2764","version":1}`), "-"},
		{"Outlook", answer, outlook("[like]  Ann Lee reacted to your message:"), "👍"},
		{"Outlook in German", answer, outlook("[laugh]  Ann Lee hat auf Ihre Nachricht reagiert:"), "😆"},
		{"Outlook, taken back", answer, outlook("[0]  Ann Lee reacted to your message:"), ""},
		{"Outlook, HTML alone", answer, html(`<img alt="sad" src="https://cdn.test/sad.png">`, "<span>reacted to your message:</span>"), "😥"},
		{"a picture with words", answer, html(`<img alt="like" src="cid:x">`, "wrote"), "-"},
		{"words in brackets", answer, outlook("[like] this one, please"), "-"},
		{"Outlook, to no mail", "", outlook("[like]  Ann Lee reacted to your message:"), "-"},
		{"from a machine", answer + "Auto-Submitted: auto-replied\n", outlook("[like]  Ann Lee reacted to your message:"), "-"},
	}
	for _, tt := range tests {
		in := decodeOne(t, reactionMail(tt.header, tt.content))
		if tt.emoji == "-" {
			wantEqual(t, tt.name+": kind", in.Kind, channels.InboundMessage)
			continue
		}
		wantEqual(t, tt.name+": kind", in.Kind, channels.InboundReaction)
		wantEqual(t, tt.name+": the mail that it is on", in.Change.Target, "q@acme.test")
		wantEqual(t, tt.name+": emoji", in.Change.Emoji, tt.emoji)
		wantFiles(t, in)
	}
}
