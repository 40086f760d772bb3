package inbound

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/channels/email/bodytext"
	"parley/channels/email/mailid"
)

// BenchmarkDecode10kB measures what one ordinary mail of 10 kB costs: text and HTML
// beside each other, with quoted history.
func BenchmarkDecode10kB(b *testing.B) {
	raw := tenKilobytes()
	d := newTestDecoder()
	e, body := SplitPayload(raw)
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		d.decodeMail(e, body)
	}
}

// BenchmarkDecodePlain10kB is the same for a mail of plain text.
func BenchmarkDecodePlain10kB(b *testing.B) {
	raw := []byte("From: a@b.test\r\nMessage-ID: <x@y>\r\nSubject: hi\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" +
		strings.Repeat("Some words of a customer, who has * a question * about https://acme.test/x_y?a=1.\r\n", 120))
	d := newTestDecoder()
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		d.decodeMail(Envelope{}, raw)
	}
}

// BenchmarkPolicy measures what sharing it saves.
func BenchmarkPolicy(b *testing.B) {
	for b.Loop() {
		bodytext.NewPolicy()
	}
}

// BenchmarkFactID measures the id of the same mail.
func BenchmarkFactID(b *testing.B) {
	raw := tenKilobytes()
	for b.Loop() {
		mailid.Fact(raw)
	}
}

// Pieces of a mail as Gmail writes it.
const (
	gmailLine     = "Hello, our order did not arrive, and the tracking page at https://track.test/p?id=1 says nothing.\n\n"
	gmailHTMLLine = `<div>Hello, our <b>order</b> did not arrive, and the <a href="https://track.test/p?id=1">tracking page</a>` +
		" says nothing.</div><div><br></div>\n"
	gmailQuoted     = "> Thank you for your order, it left our house today and will be with you soon.\n"
	gmailHTMLQuoted = `<p style="color:#222">Thank you for your order, it left our ` +
		`<span style="font-family:Arial,sans-serif">house</span> today and will be with you soon.</p>` + "\n"
	gmailAttribution     = "On Mon, 2 Nov 2026 at 10:00, Acme <help@acme.test> wrote:\n>\n"
	gmailHTMLAttribution = `<div class="gmail_quote"><div dir="ltr" class="gmail_attr">On Mon, 2 Nov 2026 at 10:00, Acme ` +
		`&lt;<a href="mailto:help@acme.test">help@acme.test</a>&gt; wrote:<br></div><blockquote class="gmail_quote" ` +
		`style="margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex">`
)

// tenKilobytes makes a mail of about 10 kB as Gmail writes it.
func tenKilobytes() []byte {
	const lines, quotedLines = 18, 20
	text := strings.Repeat(gmailLine, lines) + gmailAttribution + strings.Repeat(gmailQuoted, quotedLines)
	html := strings.Repeat(gmailHTMLLine, lines) + gmailHTMLAttribution + strings.Repeat(gmailHTMLQuoted, quotedLines) + "</blockquote></div>"
	return []byte(crlf(strings.NewReplacer("<text>", text, "<html>", html).Replace(`Received: from mx by imap; Mon, 2 Nov 2026 11:00:00 +0000
From: Ann <ann@customer.test>
To: help@acme.test
Subject: Re: order
Date: Mon, 2 Nov 2026 11:00:00 +0000
Message-ID: <b1@customer.test>
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="000b"

--000b
Content-Type: text/plain; charset="UTF-8"

<text>
--000b
Content-Type: text/html; charset="UTF-8"

<html>
--000b--
`)))
}

// BenchmarkCorpus decodes every sample mail once.
func BenchmarkCorpus(b *testing.B) {
	folder := os.Getenv("PARLEY_TESTDATA")
	files, err := filepath.Glob(filepath.Join(folder, "mail", "*", "*.eml"))
	if folder == "" || err != nil || len(files) == 0 {
		b.Skip("PARLEY_TESTDATA is not set: the sample mails are not here")
	}
	var mails [][]byte
	for _, path := range files {
		raw, err := os.ReadFile(path)
		noError(b, err)
		mails = append(mails, raw)
	}
	d := newTestDecoder()
	for b.Loop() {
		for _, raw := range mails {
			d.decodeMail(Envelope{}, raw)
		}
	}
}

// largeMail returns a mail of a text and a file.
func largeMail(contentType, content string) string {
	return crlf("From: a@b.test\nMessage-ID: <x@y>\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\nsee file\n--x\n"+contentType+"\n\n") +
		content + "--x--\r\n"
}

// BenchmarkDecodeLarge measures what mails of 25 MB cost: a file, and text alone.
func BenchmarkDecodeLarge(b *testing.B) {
	const size = 25 << 20
	fill := func(line string) string { return strings.Repeat(line, size/len(line)) }
	mails := []struct{ name, raw string }{
		{
			name: "file",
			raw: largeMail("Content-Type: application/zip; name=a.zip\nContent-Transfer-Encoding: base64",
				fill(strings.Repeat("QUJD", 19)+"\r\n")),
		},
		{name: "text-file", raw: largeMail("Content-Type: text/csv; name=a.csv", fill("some;words;of;a;table\r\n"))},
		{name: "text", raw: "From: a@b.test\r\nMessage-ID: <x@y>\r\n\r\n" + fill("All work and no play makes a long mail.\r\n")},
	}
	for _, m := range mails {
		payload := []byte(m.raw)
		b.Run(m.name, func(b *testing.B) {
			d := newTestDecoder()
			b.SetBytes(int64(len(payload)))
			b.ReportAllocs()
			for b.Loop() {
				mailid.Fact(payload)
				_, _ = d.Decode(payload)
			}
		})
	}
}
