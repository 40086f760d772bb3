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

// tenKilobytes makes a mail of about 10 kB as Gmail writes it.
func tenKilobytes() []byte {
	var text, html strings.Builder
	for range 18 {
		text.WriteString("Hello, our order did not arrive, and the tracking page at https://track.test/p?id=1 says nothing.\r\n\r\n")
		html.WriteString(`<div>Hello, our <b>order</b> did not arrive, and the <a href="https://track.test/p?id=1">tracking page</a> says nothing.</div><div><br></div>` + "\r\n")
	}
	html.WriteString(`<div class="gmail_quote"><div dir="ltr" class="gmail_attr">On Mon, 2 Nov 2026 at 10:00, Acme &lt;<a href="mailto:help@acme.test">help@acme.test</a>&gt; wrote:<br></div><blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex">`)
	text.WriteString("On Mon, 2 Nov 2026 at 10:00, Acme <help@acme.test> wrote:\r\n>\r\n")
	for range 20 {
		text.WriteString("> Thank you for your order, it left our house today and will be with you soon.\r\n")
		html.WriteString(`<p style="color:#222">Thank you for your order, it left our <span style="font-family:Arial,sans-serif">house</span> today and will be with you soon.</p>` + "\r\n")
	}
	html.WriteString("</blockquote></div>")
	return []byte("Received: from mx by imap; Mon, 2 Nov 2026 11:00:00 +0000\r\nFrom: Ann <ann@customer.test>\r\nTo: help@acme.test\r\n" +
		"Subject: Re: order\r\nDate: Mon, 2 Nov 2026 11:00:00 +0000\r\nMessage-ID: <b1@customer.test>\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/alternative; boundary=\"000b\"\r\n\r\n--000b\r\nContent-Type: text/plain; charset=\"UTF-8\"\r\n\r\n" + text.String() +
		"\r\n--000b\r\nContent-Type: text/html; charset=\"UTF-8\"\r\n\r\n" + html.String() + "\r\n--000b--\r\n")
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
		if err != nil {
			b.Fatal(err)
		}
		mails = append(mails, raw)
	}
	d := newTestDecoder()
	for b.Loop() {
		for _, raw := range mails {
			d.decodeMail(Envelope{}, raw)
		}
	}
}

// BenchmarkDecodeLarge measures what mails of 25 MB cost: a file, and text alone.
func BenchmarkDecodeLarge(b *testing.B) {
	const size = 25 << 20
	head := "From: a@b.test\r\nMessage-ID: <x@y>\r\n"
	for name, raw := range map[string]string{
		"file": head + "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nsee file\r\n--x\r\nContent-Type: application/zip; name=a.zip\r\n" +
			"Content-Transfer-Encoding: base64\r\n\r\n" + strings.Repeat(strings.Repeat("QUJD", 19)+"\r\n", size/78) + "--x--\r\n",
		"text file": head + "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nsee file\r\n--x\r\nContent-Type: text/csv; name=a.csv\r\n" +
			"\r\n" + strings.Repeat("some;words;of;a;table\r\n", size/23) + "--x--\r\n",
		"text": head + "\r\n" + strings.Repeat("All work and no play makes a long mail.\r\n", size/41),
	} {
		payload := []byte(raw)
		b.Run(strings.ReplaceAll(name, " ", "-"), func(b *testing.B) {
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
