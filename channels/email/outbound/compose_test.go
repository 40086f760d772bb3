package outbound

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	netmail "net/mail"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/email/bodytext"
	"parley/channels/email/inbound"
	"parley/channels/email/mailid"
	"parley/channels/email/settings"
	"parley/channels/golden"
)

// composer writes mails at a fixed time.
func composer(t testing.TB) *Composer {
	t.Helper()
	set, err := settings.Read(channels.Config{
		"address": "Support@acme.test", "aliases": "help@acme.test", "sender_name": "Acme Support",
		"imap.host": "imap.acme.test", "imap.password": "x", "smtp.host": "smtp.acme.test",
	})
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC) }
	return NewComposer(set, keys()[0], now, sync.OnceValue(bodytext.NewRenderer))
}

var boundary = regexp.MustCompile(`boundary="?([0-9a-f]{30,})"?`)

// nameBoundaries gives the random boundaries of a mail fixed names, and makes line ends ordinary ones.
func nameBoundaries(raw []byte) []byte {
	for i, m := range boundary.FindAllSubmatch(raw, -1) {
		raw = bytes.ReplaceAll(raw, m[1], fmt.Appendf(nil, "BOUNDARY-%d", i+1))
	}
	return bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n"))
}

// What leaves for each kind of mail, byte for byte.
func TestComposeGolden(t *testing.T) {
	t.Parallel()
	long := make([]string, 50)
	for i := range long {
		long[i] = fmt.Sprintf("id-%02d@customer.test", i)
	}
	tests := map[string]func(*channels.Outbound){
		"reply": func(o *channels.Outbound) { o.Signature.Text = "**Kim Park**, [Acme](https://acme.test)" },
		"rich": func(o *channels.Outbound) {
			o.Text = "# Plan\n\nUse <b> and 5 * 3, [docs](https://acme.test/a_b?x=1&y=2) or https://acme.test.\nNext line.\n\n" +
				"1. one\n2. two\n   - *deep*\n\n> quoted\n> text\n\n```\ncode <i>\n```\n\n| A | B |\n|---|---|\n| 1 | ~~2~~ |\n\n[bad](javascript:alert(1)) &lt;ok&gt; \\*plain\\*"
		},
		"files": func(o *channels.Outbound) {
			o.Files = []channels.File{
				attached("notes.txt", []byte("Hello")), attached(`..\..\Überblick "final".pdf`, []byte{0, 1, 2}), attached("mail.eml", []byte("Subject: x\r\n\r\ny")),
			}
			o.Files[0].ContentType = "text/plain; charset=utf-8"
			o.Files[2].ContentType = "message/rfc822"
		},
		"automatic reply": func(o *channels.Outbound) { o.Automatic, o.Author = true, "" },
		"automatic first": func(o *channels.Outbound) { o.Automatic, o.InReplyTo, o.References = true, "", nil },
		"first contact": func(o *channels.Outbound) {
			o.InReplyTo, o.References, o.Author, o.Subject = "", nil, "Zoë Ångström", "Ваш заказ №7 готов: 日本語 too"
			o.From, o.Cc = "Help@acme.test", []channels.Party{{Key: "bob@bücher.test", Name: `Bob "B" <x@y>`}, {Key: "cy@customer.test", Name: "cy@customer.test"}}
		},
		"long thread": func(o *channels.Outbound) { o.References = append(long, "q1@customer.test") },
		"hostile": func(o *channels.Outbound) {
			o.Subject = "Hi\r\nBcc: evil@x.test\r\n\r\nbody"
			o.Author = "Kim\r\nX-Evil: 1"
			o.To[0].Name = "Ann\r\nBcc: evil@x.test"
			o.InReplyTo = "q1@customer.test>\r\nX-Evil: 1\r\n<"
			o.References = []string{"a b@x", "<ok@x>", "evil\r\nX-Evil: 1@x", "in<side@x"}
			o.Files = []channels.File{attached("a\r\nX-Evil: 1.txt", []byte("x"))}
			o.Files[0].ContentType = "text/plain\r\nX-Evil: 1"
		},
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := answer()
			change(&o)
			m, err := composer(t).Compose(o)
			if err != nil {
				t.Fatal(err)
			}
			got := nameBoundaries(write(t, m))
			golden.Text(t, "testdata/sent/"+strings.ReplaceAll(name, " ", "-")+".eml",
				fmt.Sprintf("%s\n-- envelope: %s to %s\n", got, m.From, strings.Join(m.Recipients, ", ")))
			checkHead(t, write(t, m))
		})
	}
}

// write returns a mail's bytes, whose number it must foretell.
func write(t *testing.T, m *Mail) []byte {
	t.Helper()
	var b bytes.Buffer
	n, err := m.Copy(t.Context(), &b)
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "bytes that Copy counts", n, int64(b.Len()))
	wantEqual(t, "bytes that SizeBytes foretells", m.SizeBytes(), int64(b.Len()))
	return b.Bytes()
}

// wantEqual checks one value, which what names.
func wantEqual[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %+v, want %+v", what, got, want)
	}
}

// maxLineBytes is how long a line of a mail may be (RFC 5322).
const maxLineBytes = 998

// checkHead proves that nothing could slip a header in, or a line beyond RFC 5322.
func checkHead(t *testing.T, raw []byte) {
	t.Helper()
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	allowed := []string{"Auto-Submitted", "Cc", "Content-Type", "Date", "From", "In-Reply-To", "Message-Id", "Mime-Version",
		"References", "Subject", "To", "X-Auto-Response-Suppress", mailid.MessageHeader}
	for name, values := range m.Header {
		if !slices.Contains(allowed, name) || len(values) != 1 {
			t.Errorf("got the field %s with %q, want one of %q, once", name, values, allowed)
		}
	}
	for line := range bytes.SplitSeq(raw, []byte("\r\n")) {
		if len(line) > maxLineBytes || bytes.ContainsAny(line, "\r\n") {
			t.Errorf("got a line of %d bytes, want at most %d without line ends: %.60q", len(line), maxLineBytes, line)
		}
	}
	for _, name := range []string{"From", "To", "Cc"} {
		if m.Header.Get(name) == "" {
			continue
		}
		if _, err := m.Header.AddressList(name); err != nil {
			t.Errorf("%s %q: %v", name, m.Header.Get(name), err)
		}
	}
}

// An answer refers to the anchor, to what it names and to what it answers, each once; another attempt has the same Message-ID.
func TestThreadHeaders(t *testing.T) {
	t.Parallel()
	c := composer(t)
	o := answer()
	own := mailid.Message(keys()[0], 12, 30, "acme.test")
	anchor := mailid.Anchor(keys()[0], 12, "acme.test")
	other := mailid.Anchor(keys()[0], 11, "acme.test") // a conversation of before: answers must not come to it
	o.References = []string{"q1@customer.test", anchor, other, own, "q1@customer.test", "q2@customer.test"}
	o.InReplyTo = "<q1@customer.test>"
	h, err := c.newHeaders(o)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{anchor, own, "q2@customer.test", "q1@customer.test"}
	if !slices.Equal(h.references, want) {
		t.Errorf("got the references %q, want %q", h.references, want)
	}
	wantEqual(t, "In-Reply-To", h.inReplyTo, "q1@customer.test")
	conversation, message, _ := mailid.Parse(keys(), h.id)
	wantEqual(t, "conversation in the id", conversation, o.ConversationID)
	wantEqual(t, "message in the id", message, o.MessageID)
	o.Attempt.Number, o.DeliveryID = 5, 99
	again, err := c.newHeaders(o)
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "id of another attempt", again.id, h.id)
}

// A mail without a Message-ID can't be named in an answer: what Parley calls it is no id that mails may have. The same goes
// for an id that lacks a side of the "@".
// Source: RFC 5322 section 3.6.4.
func TestAnswersNameNoInvalidID(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"sha256:a0592bb4f3a3c3c9d1b6c2c7a1f0e8d2", "<local>", "@customer.test", "q1@", "<>"} {
		o := answer()
		o.InReplyTo, o.References, o.Automatic = id, []string{"q0@customer.test", id}, true
		h, err := composer(t).newHeaders(o)
		if err != nil {
			t.Fatal(err)
		}
		want := []string{mailid.Anchor(keys()[0], 12, "acme.test"), "q0@customer.test"}
		if h.inReplyTo != "" || !slices.Equal(h.references, want) {
			t.Errorf("%q: in reply to %q, references %q; want none, and %q", id, h.inReplyTo, h.references, want)
		}
		if h.automatic != "auto-replied" {
			t.Errorf("%q: an automatic answer calls itself %q", id, h.automatic)
		}
	}
}

// An answer's subject begins with one Re:, in whatever language the marks before it were.
func TestSubject(t *testing.T) {
	t.Parallel()
	tests := []struct {
		subject string
		answer  bool
		want    string
	}{
		{subject: "Printer", answer: true, want: "Re: Printer"},
		{subject: "Re: Printer", answer: true, want: "Re: Printer"},
		{subject: "RE: re: AW: Printer", answer: true, want: "Re: Printer"},
		{subject: "Re[2]: SV: Printer", answer: true, want: "Re: Printer"},
		{subject: "回复：打印机", answer: true, want: "Re: 打印机"},
		{subject: "Fwd: Printer", answer: true, want: "Re: Fwd: Printer"},
		{subject: "Regarding: x", answer: true, want: "Re: Regarding: x"},
		{subject: "", answer: true, want: "Re: (no subject)"},
		{subject: "", want: "(no subject)"},
		{subject: "Re: kept", want: "Re: kept"},
		{subject: "a\r\n b\tc", want: "a b c"},
	}
	for _, tc := range tests {
		o := channels.Outbound{Subject: tc.subject}
		if tc.answer {
			o.InReplyTo = "x@y"
		}
		wantEqual(t, tc.subject, subjectLine(o), tc.want)
	}
	long := subjectLine(channels.Outbound{Subject: strings.Repeat("ä", 400)})
	wantEqual(t, "characters of a long subject", len([]rune(long)), maxSubjectRunes)
}

// The sender is the agent with the account's name, each once.
func TestSenderName(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ author, account, want string }{
		{author: "Ann Lee", account: "Acme Support", want: "Ann Lee (Acme Support)"},
		{author: "", account: "Acme Support", want: "Acme Support"},
		{author: "Ann Lee", account: "", want: "Ann Lee"},
		{author: "", account: "", want: ""},
		{author: "Acme", account: "Acme", want: "Acme"},
	} {
		wantEqual(t, "name of "+tc.author+" at "+tc.account, senderName(tc.author, tc.account), tc.want)
	}
}

// A mail leaves from the address of ours to which the customer wrote. One that is none of ours, or not any more, gives way to the
// main address.
func TestSenderAddress(t *testing.T) {
	t.Parallel()
	for via, want := range map[string]string{"": "Support@acme.test", "help@acme.test": "help@acme.test", "Help@Acme.test": "Help@Acme.test",
		"ceo@acme.test": "Support@acme.test", "ann@customer.test": "Support@acme.test"} {
		o := answer()
		o.From = via
		m, err := composer(t).Compose(o)
		if err != nil {
			t.Fatal(err)
		}
		wantEqual(t, "sender of an answer to a mail to "+via, m.From, want)
	}
}

// A mail goes to each address once; what is no address, or several, is refused.
func TestOutgoingRecipients(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"", "nobody", "a@b>, <c@d", "a@b\r\nBcc: c@d", "Ann <a@b.test>", "a b@c.test", "a@@b"} {
		o := answer()
		o.To = []channels.Party{{Key: key}}
		_, err := composer(t).Compose(o)
		wantClass(t, err, channels.BadRecipient)
	}
	o := answer()
	o.To = nil
	_, err := composer(t).Compose(o)
	wantClass(t, err, channels.BadRecipient)
	o.To = []channels.Party{{Key: "ann@customer.test"}, {Key: `"odd name"@customer.test`}}
	o.Cc = []channels.Party{{Key: "ann@customer.test"}, {Key: "jörg@customer.test"}}
	m, err := composer(t).Compose(o)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"ann@customer.test", "odd name@customer.test", "jörg@customer.test"}; !slices.Equal(m.Recipients, want) {
		t.Errorf("got the recipients %q, want %q", m.Recipients, want)
	}
	wantEqual(t, "the mail needs a server that takes UTF-8", m.UTF8, true)
	o.To = []channels.Party{{Key: "ann..lee.@customer.test"}} // as old phones have them
	if m, err = composer(t).Compose(o); err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "recipient with odd dots", m.Recipients[0], "ann..lee.@customer.test")
	o.To = []channels.Party{{Key: "ann@customer.test", Address: "Ann@customer.test"}}
	if m, err = composer(t).Compose(o); err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "recipient as spelled by the customer", m.Recipients[0], "Ann@customer.test")
}

// A file's name is what stands behind its folders, without what other programs can't write.
func TestAttachmentName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"a.txt":                           "a.txt",
		"/etc/passwd":                     "passwd",
		`C:\x\b.doc`:                      "b.doc",
		"":                                "file",
		"..":                              "..",
		".":                               "file",
		"a\r\nb.txt":                      "a b.txt",
		"Ünï.pdf":                         "Ünï.pdf",
		`q"<>.txt`:                        "q___.txt",
		"bad\xff.txt":                     "bad_.txt",
		strings.Repeat("x", 200) + ".pdf": strings.Repeat("x", 96) + ".pdf",
	} {
		wantEqual(t, fmt.Sprintf("name of %q", name), attachmentName(name), want)
	}
}

// Canonical Markdown survives the way out and back in: what a customer's program
// quotes, forwards or copies is what the agent wrote, at most spelled otherwise.
func TestMarkdownRoundTrip(t *testing.T) {
	t.Parallel()
	own := inbound.Options{Own: []string{"ann@customer.test"}, Keys: [][]byte{[]byte("somebody else's key")}}
	sendAndRead := func(t *testing.T, text string) string {
		o := answer()
		o.Text, o.Subject, o.InReplyTo, o.References = text, "x", "", nil
		m, err := composer(t).Compose(o)
		if err != nil {
			t.Fatal(err)
		}
		in, err := inbound.NewDecoder(own, sync.OnceValue(bodytext.NewPolicy)).Decode(write(t, m))
		if err != nil || len(in) != 1 {
			t.Fatalf("decoded as %+v, %v; want one message", in, err)
		}
		return strings.TrimSpace(in[0].Text)
	}
	for _, tc := range []struct{ written, back string }{ // back "": as it was written
		{written: "Hello."},
		{written: "One.\n\nTwo."},
		{written: "**bold**, *italic* and `code <b>`"},
		{written: "- one\n- two\n- three"},
		{written: "- one\n- two\n  - deep", back: "- one\n- two\n\n  - deep"},
		{written: "1. one\n2. two"},
		{written: "> quoted\n\nanswer"},
		{written: "[docs](https://acme.test/a_b?x=1&y=2)"},
		{written: "```\nif a < b {\n}\n```"},
		{written: "## Head\n\ntext"},
		{written: "5 \\* 3 = 15, a\\_b", back: "5 * 3 = 15, a_b"},
		{written: "\\*not italic\\*"},
		{written: "use \\<b> here"},
		{written: "use <b> here", back: "use \\<b> here"},
		{written: "~~gone~~"},
		{written: "| A | B |\n|---|---|\n| 1 | 2 |"},
		{written: "Grüße 日本語 🎉"},
	} {
		t.Run(tc.written, func(t *testing.T) {
			t.Parallel()
			back := sendAndRead(t, tc.written)
			wantEqual(t, "text that came back", back, cmp.Or(tc.back, tc.written))
			wantEqual(t, "text that came back once more", sendAndRead(t, back), back)
		})
	}
}

// A mail carries the pictures of its signature, where its reader's program finds them without
// loading anything, and its files behind them.
func TestComposeSignaturePictures(t *testing.T) {
	t.Parallel()
	logo, report := bytes.Repeat([]byte("logo"), 100), []byte("report")
	o := answer()
	o.Signature.Text, o.Signature.HTML = "Ann", `<b>Ann</b><img src="cid:signature-1@parley"/>`
	o.Signature.Pictures = []channels.Picture{{ContentID: "signature-1@parley", File: channels.File{Name: "logo.png", ContentType: "image/png", SizeBytes: int64(len(logo)),
		Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(logo)), nil }}}}
	o.Files = []channels.File{attached("report.txt", report)}
	m, err := composer(t).Compose(o)
	if err != nil {
		t.Fatal(err)
	}
	mail := string(nameBoundaries(write(t, m)))
	last := 0
	for _, part := range []string{"multipart/mixed", "multipart/related", "multipart/alternative", "text/plain", "--=20\nAnn", "text/html", "cid:signature-1@parley",
		"Content-Disposition: inline", "Content-Id: <signature-1@parley>", base64.StdEncoding.EncodeToString(logo)[:60], "report.txt", base64.StdEncoding.EncodeToString(report)} {
		at := strings.Index(strings.ToLower(mail[last:]), strings.ToLower(part))
		if at < 0 {
			t.Fatalf("%q doesn't stand behind what comes before it in\n%s", part, mail)
		}
		last += at
	}
	wantEqual(t, "parts that stand in the text", strings.Count(mail, "Content-Disposition: inline"), 1)
}
