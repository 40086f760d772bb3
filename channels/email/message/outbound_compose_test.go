package message

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	netmail "net/mail"
	"slices"
	"strings"
	"testing"

	"parley/channels"
	"parley/channels/golden"
)

// richText uses all of the Markdown that agents may use, and some that must have no effect, such as a javascript link.
const richText = `# Plan

Use <b> and 5 * 3, [docs](https://acme.test/a_b?x=1&y=2) or https://acme.test.
Next line.

1. one
2. two
   - *deep*

> quoted
> text

` + "```\ncode <i>\n```" + `

| A | B |
|---|---|
| 1 | ~~2~~ |

[bad](javascript:alert(1)) &lt;ok&gt; \*plain\*`

// goldenMail is a kind of mail, with the change that turns newAnswer into it.
type goldenMail struct {
	name   string // of its file in testdata/sent
	change func(*channels.Outbound)
}

func goldenMails() []goldenMail {
	return []goldenMail{
		{name: "reply", change: func(o *channels.Outbound) {
			o.Signature.Text = "**Kim Park**, [Acme](https://acme.test)"
		}},
		{name: "rich", change: func(o *channels.Outbound) { o.Text = richText }},
		{name: "files", change: func(o *channels.Outbound) {
			o.Files = []channels.File{
				newFileOfType("notes.txt", "text/plain; charset=utf-8", []byte("Hello")),
				newFile(`..\..\Überblick "final".pdf`, []byte{0, 1, 2}),
				newFileOfType("mail.eml", "message/rfc822", []byte("Subject: x\r\n\r\ny")),
			}
		}},
		{name: "automatic-reply", change: func(o *channels.Outbound) {
			o.Automatic = true
			o.Author = ""
		}},
		{name: "automatic-first", change: func(o *channels.Outbound) {
			o.Automatic = true
			o.InReplyTo = ""
			o.References = nil
		}},
		{name: "first-contact", change: func(o *channels.Outbound) {
			o.InReplyTo = ""
			o.References = nil
			o.Author = "Zoë Ångström"
			o.Subject = "Ваш заказ №7 готов: 日本語 too"
			o.From = "Help@acme.test"
			o.Cc = []channels.Party{
				{Key: "bob@bücher.test", Name: `Bob "B" <x@y>`},
				{Key: "cy@customer.test", Name: "cy@customer.test"},
			}
		}},
		{name: "long-thread", change: func(o *channels.Outbound) {
			o.References = nil
			for n := range 50 {
				o.References = append(o.References, fmt.Sprintf("id-%02d@customer.test", n))
			}
			o.References = append(o.References, "q1@customer.test")
		}},
		{name: "hostile", change: func(o *channels.Outbound) {
			o.Subject = "Hi\r\nBcc: evil@x.test\r\n\r\nbody"
			o.Author = "Kim\r\nX-Evil: 1"
			o.To[0].Name = "Ann\r\nBcc: evil@x.test"
			o.InReplyTo = "q1@customer.test>\r\nX-Evil: 1\r\n<"
			o.References = []string{"a b@x", "<ok@x>", "evil\r\nX-Evil: 1@x", "in<side@x"}
			o.Files = []channels.File{newFileOfType("a\r\nX-Evil: 1.txt", "text/plain\r\nX-Evil: 1", []byte("x"))}
		}},
	}
}

// Each kind of mail is compared byte for byte with its file in testdata/sent.
func TestComposeGolden(t *testing.T) {
	t.Parallel()
	for _, tt := range goldenMails() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := newAnswer()
			tt.change(&o)
			m := mustCompose(t, o)
			raw := write(t, m)
			golden.Text(t, "testdata/sent/"+tt.name+".eml",
				fmt.Sprintf("%s\n-- envelope: %s to %s\n", nameBoundaries(raw), m.From, strings.Join(m.Recipients, ", ")))
			wantOwnFields(t, raw)
			wantLinesOfMails(t, raw)
		})
	}
}

// wantOwnFields checks that a mail has only header fields that Parley writes, each once, so that nothing was injected. Its
// addresses must be readable.
func wantOwnFields(t *testing.T, raw []byte) {
	t.Helper()
	own := []string{
		"Auto-Submitted",
		"Cc",
		"Content-Type",
		"Date",
		"From",
		"In-Reply-To",
		"Message-Id",
		"Mime-Version",
		"References",
		"Subject",
		"To",
		"X-Auto-Response-Suppress",
		MessageHeader,
	}

	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	noError(t, err)
	for name, values := range m.Header {
		if !slices.Contains(own, name) {
			t.Errorf("field %s: got %q, want only fields of %q", name, values, own)
		}
		if len(values) != 1 {
			t.Errorf("field %s: got it %d times, want once", name, len(values))
		}
	}

	for _, name := range []string{"From", "To", "Cc"} {
		if m.Header.Get(name) == "" {
			continue
		}
		if _, err := m.Header.AddressList(name); err != nil {
			t.Errorf("field %s: %q: %v", name, m.Header.Get(name), err)
		}
	}
}

// maxLineBytes is the maximum length of a line of a mail (RFC 5322).
const maxLineBytes = 998

// wantLinesOfMails checks that the lines of a mail have a length and an end that RFC 5322 allows.
func wantLinesOfMails(t *testing.T, raw []byte) {
	t.Helper()
	for line := range bytes.SplitSeq(raw, []byte("\r\n")) {
		if len(line) > maxLineBytes {
			t.Errorf("got a line of %d bytes, want at most %d: %.60q", len(line), maxLineBytes, line)
		}
		if bytes.ContainsAny(line, "\r\n") {
			t.Errorf("got a line with half a line end: %.60q", line)
		}
	}
}

// The name of an attachment has no folders, and none of the characters that other programs can't write.
func TestAttachmentName(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, want string }{
		{name: "a.txt", want: "a.txt"},
		{name: "Ünï.pdf", want: "Ünï.pdf"},
		{name: "/etc/passwd", want: "passwd"},
		{name: `C:\x\b.doc`, want: "b.doc"},
		{name: "", want: "file"},
		{name: "/", want: "file"},
		{name: ".", want: "file"},
		{name: "..", want: ".."},
		{name: "a\r\nb.txt", want: "a b.txt"},
		{name: `q"<>.txt`, want: "q___.txt"},
		{name: "bad\xff.txt", want: "bad_.txt"},
		{name: "a." + strings.Repeat("x", 200), want: "a." + strings.Repeat("x", 98)},
		{name: strings.Repeat("x", 200) + ".pdf", want: strings.Repeat("x", 96) + ".pdf"},
	}
	for _, tt := range tests {
		wantEqual(t, fmt.Sprintf("attachmentName(%q)", tt.name), attachmentName(tt.name), tt.want)
	}
}

// newSignedAnswer returns an answer with a file, and a signature with a picture.
func newSignedAnswer(logo, report []byte) channels.Outbound {
	o := newAnswer()
	o.Signature.Text = "Ann"
	o.Signature.HTML = `<b>Ann</b><img src="cid:signature-1@parley"/>`
	o.Signature.Pictures = []channels.Picture{{
		ContentID: "signature-1@parley",
		File: channels.File{
			Name:        "logo.png",
			ContentType: "image/png",
			SizeBytes:   int64(len(logo)),
			Open:        func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(logo)), nil },
		},
	}}
	o.Files = []channels.File{newFile("report.txt", report)}
	return o
}

// The pictures of a signature are parts of the mail, so that the recipient's program shows them without loading anything.
// The attached files follow them.
func TestComposeSignaturePictures(t *testing.T) {
	t.Parallel()
	logo, report := bytes.Repeat([]byte("logo"), 100), []byte("report")
	mail := string(nameBoundaries(write(t, mustCompose(t, newSignedAnswer(logo, report)))))
	wantInOrder(t, mail, []string{
		"multipart/mixed",
		"multipart/related",
		"multipart/alternative",

		"text/plain",
		"--=20\nAnn",
		"text/html",
		"cid:signature-1@parley",

		"Content-Disposition: inline",
		"Content-Id: <signature-1@parley>",
		base64.StdEncoding.EncodeToString(logo)[:60], // the first line

		"report.txt",
		base64.StdEncoding.EncodeToString(report),
	})
	wantEqual(t, "parts that stand in the text", strings.Count(mail, "Content-Disposition: inline"), 1)
}

// wantInOrder checks that a mail contains these pieces in this order, whatever their case.
func wantInOrder(t *testing.T, mail string, pieces []string) {
	t.Helper()
	rest := strings.ToLower(mail)
	for _, piece := range pieces {
		at := strings.Index(rest, strings.ToLower(piece))
		if at < 0 {
			t.Fatalf("%q doesn't stand behind what comes before it in\n%s", piece, mail)
		}
		rest = rest[at:]
	}
}
