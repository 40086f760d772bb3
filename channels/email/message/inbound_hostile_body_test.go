package message

import (
	"strings"
	"testing"
	"time"
)

// htmlMail returns a mail that has only HTML.
func htmlMail(html string) string {
	return "From: a@b.test\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + html
}

// HTML of any kind gives a text, in bounded time.
func TestHostileHTML(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, html string }{
		{name: "deep", html: strings.Repeat("<div>", 5000) + "words" + strings.Repeat("</div>", 5000)},
		{name: "deep tables", html: strings.Repeat("<table><tr><td>", 400) + "words"},
		{name: "huge", html: strings.Repeat("<p>words words words</p>", 120_000)},
		{name: "in the title", html: "<title>words"},
		{name: "many tags", html: strings.Repeat("<b><i>", 20_000) + "words"},
		{name: "many links", html: strings.Repeat("<a href='https://x.test/'>words</a>", 10_000)},
		{name: "long word", html: "words " + strings.Repeat("_", 300_000)},
		{name: "stars", html: "words " + strings.Repeat("*", 100_000)},
		{name: "brackets", html: "words " + strings.Repeat("[", 100_000) + strings.Repeat("](", 50_000)},
		{name: "ampersands", html: "words " + strings.Repeat("&amp;", 100_000)},
		{name: "styles", html: strings.Repeat(`<span style="display:block;display:block">words</span>`, 10_000)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			started := time.Now()
			wantContains(t, "text", decodeOne(t, htmlMail(tt.html)).Text, "words")
			wantInTime(t, started)
		})
	}
}

// tooManyNodes is the number of HTML nodes that are read. The mails of these tests have as many elements of several
// nodes.
const tooManyNodes = 20_000

// If HTML has too many nodes, its beginning is shown, and the whole is attached.
func TestLongHTML(t *testing.T) {
	t.Parallel()
	const paragraph = "<p>ok</p>" // so short that the text isn't too long, too
	in := decodeOne(t, htmlMail(strings.Repeat(paragraph, tooManyNodes)))
	wantContains(t, "beginning", in.Text, "ok")
	wantNotice(t, in, "its beginning is shown, the whole is attached as message.html")
	wantFiles(t, in, "message.html")
	wantHugeFile(t, in, len(paragraph)*tooManyNodes)
}

// Plain text of any kind is read in bounded time, as a customer's mail and as a report.
func TestHostileText(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text string }{
		{name: "brackets in a URL", text: "https://x.test/" + strings.Repeat(")", 1<<20)},
		{name: "stars in a URL", text: "https://x.test/" + strings.Repeat("*)", 1<<19)},
		{name: "URLs", text: strings.Repeat("https://x.test/(( ", 1<<16)},
		{name: "colons", text: strings.Repeat("On 1:\n", 1<<18)},
		{name: "one line", text: "On Monday " + strings.Repeat("schrieb ", 1<<18) + ":"},
		{name: "footers", text: "words\n" + strings.Repeat("Sent from my iPhone\n", 1<<16)},
		{name: "quotes", text: strings.Repeat(">", 1<<20) + "\n" + strings.Repeat("> words\n", 1<<16)},
		{name: "signatures", text: strings.Repeat("-- \nwords\n", 1<<16)},
		{name: "headers", text: strings.Repeat("From: a\n", 1<<17)},
		{name: "emphasis", text: strings.Repeat("*_~", 1<<18)},
		{name: "backslashes", text: strings.Repeat("\\", 1<<20)},
		{name: "entities", text: strings.Repeat("&amp;&#", 1<<17)},
		{name: "blanks", text: strings.Repeat(" ", 1<<20) + "words" + strings.Repeat("\n", 1<<20)},
		{name: "refused recipients", text: strings.Repeat("<a@x.test>:\n550 5.1.1 x\n\n", 1<<15)},
	}
	references := strings.Repeat("<x@y>", 1000)
	for _, tt := range tests {
		for _, from := range []string{"a@b.test", "mailer-daemon@b.test"} {
			t.Run(tt.name+"/"+from, func(t *testing.T) {
				t.Parallel()
				started := time.Now()
				in := decodeOne(t, "From: "+from+"\r\nSubject: failure notice\r\nReferences: "+references+"\r\n\r\n"+tt.text)
				if in.Text == "" {
					t.Error("the message has no text")
				}
				if got := len(in.Text); got > maxTextBytes {
					t.Errorf("text: got %d bytes, want at most %d", got, maxTextBytes)
				}
				wantInTime(t, started)
			})
		}
	}
}
