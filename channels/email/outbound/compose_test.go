package outbound

import (
	"bytes"
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

// steady gives the random boundaries of a mail fixed names and shows line ends.
func steady(raw []byte) []byte {
	for i, m := range boundary.FindAllSubmatch(raw, -1) {
		raw = bytes.ReplaceAll(raw, m[1], fmt.Appendf(nil, "BOUNDARY-%d", i+1))
	}
	return bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n"))
}

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
			got := steady(written(t, m))
			golden.Text(t, "testdata/sent/"+strings.ReplaceAll(name, " ", "-")+".eml",
				fmt.Sprintf("%s\n-- envelope: %s to %s\n", got, m.From, strings.Join(m.Recipients, ", ")))
			checkHead(t, written(t, m))
		})
	}
}

// written gives a mail's bytes, which it must foretell.
func written(t *testing.T, m *Mail) []byte {
	t.Helper()
	var b bytes.Buffer
	n, err := m.Copy(t.Context(), &b)
	if err != nil || n != int64(b.Len()) || n != m.SizeBytes() {
		t.Fatalf("wrote %d bytes, counted %d, foretold %d: %v", b.Len(), n, m.SizeBytes(), err)
	}
	return b.Bytes()
}

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
			t.Errorf("header %s: %q", name, values)
		}
	}
	for line := range bytes.SplitSeq(raw, []byte("\r\n")) {
		if len(line) > 998 || bytes.ContainsAny(line, "\r\n") {
			t.Errorf("line of %d bytes: %.60q", len(line), line)
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

func TestThreadHeaders(t *testing.T) {
	t.Parallel()
	c := composer(t)
	o := answer()
	own := mailid.Message(keys()[0], 12, 30, "acme.test")
	anchor := mailid.Anchor(keys()[0], 12, "acme.test")
	o.References = []string{"q1@customer.test", anchor, own, "q1@customer.test", "q2@customer.test"}
	o.InReplyTo = "<q1@customer.test>"
	h, err := c.newHeaders(o)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{anchor, own, "q2@customer.test", "q1@customer.test"}
	if !slices.Equal(h.references, want) || h.inReplyTo != "q1@customer.test" {
		t.Errorf("references %q, in reply to %q", h.references, h.inReplyTo)
	}
	if conv, msg, ok := mailid.Parse(keys(), h.id); !ok || conv != 12 || msg != 34 {
		t.Errorf("id %s", h.id)
	}
	o.Attempt.Number, o.DeliveryID = 5, 99
	if again, _ := c.newHeaders(o); again.id != h.id {
		t.Error("another attempt has another Message-ID")
	}
}

func TestSubject(t *testing.T) {
	t.Parallel()
	tests := []struct {
		subject string
		answer  bool
		want    string
	}{
		{"Printer", true, "Re: Printer"},
		{"Re: Printer", true, "Re: Printer"},
		{"RE: re: AW: Printer", true, "Re: Printer"},
		{"Re[2]: SV: Printer", true, "Re: Printer"},
		{"回复：打印机", true, "Re: 打印机"},
		{"Fwd: Printer", true, "Re: Fwd: Printer"},
		{"Regarding: x", true, "Re: Regarding: x"},
		{"", true, "Re: (no subject)"},
		{"", false, "(no subject)"},
		{"Re: kept", false, "Re: kept"},
		{"a\r\n b\tc", false, "a b c"},
	}
	for _, tc := range tests {
		o := channels.Outbound{Subject: tc.subject}
		if tc.answer {
			o.InReplyTo = "x@y"
		}
		if got := subjectLine(o); got != tc.want {
			t.Errorf("%q: %q, want %q", tc.subject, got, tc.want)
		}
	}
	long := subjectLine(channels.Outbound{Subject: strings.Repeat("ä", 400)})
	if n := len([]rune(long)); n != maxSubjectRunes {
		t.Errorf("%d runes", n)
	}
}

func TestSenderName(t *testing.T) {
	t.Parallel()
	for _, tc := range [][3]string{
		{"Ann Lee", "Acme Support", "Ann Lee (Acme Support)"}, {"", "Acme Support", "Acme Support"},
		{"Ann Lee", "", "Ann Lee"}, {"", "", ""}, {"Acme", "Acme", "Acme"},
	} {
		if got := senderName(tc[0], tc[1]); got != tc[2] {
			t.Errorf("%q", got)
		}
	}
}

func TestOutgoingRecipients(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"", "nobody", "a@b>, <c@d", "a@b\r\nBcc: c@d", "Ann <a@b.test>", "a b@c.test", "a@@b"} {
		o := answer()
		o.To = []channels.Party{{Key: key}}
		_, err := composer(t).Compose(o)
		refusal(t, err, channels.BadRecipient)
	}
	o := answer()
	o.To = nil
	_, err := composer(t).Compose(o)
	refusal(t, err, channels.BadRecipient)
	o.To = []channels.Party{{Key: "ann@customer.test"}, {Key: `"odd name"@customer.test`}}
	o.Cc = []channels.Party{{Key: "ann@customer.test"}, {Key: "jörg@customer.test"}}
	m, err := composer(t).Compose(o)
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Recipients) != 3 || !m.UTF8 || m.Recipients[1] != "odd name@customer.test" {
		t.Errorf("recipients %q, utf8 %v", m.Recipients, m.UTF8)
	}
	o.To = []channels.Party{{Key: "ann..lee.@customer.test"}}
	if m, err = composer(t).Compose(o); err != nil || m.Recipients[0] != "ann..lee.@customer.test" {
		t.Errorf("an address of an old phone: %+v, %v", m, err)
	}
}

func TestAttachmentName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"a.txt": "a.txt", "/etc/passwd": "passwd", `C:\x\b.doc`: "b.doc", "": "file", "..": "..", ".": "file", "a\r\nb.txt": "a b.txt",
		"Ünï.pdf": "Ünï.pdf", `q"<>.txt`: "q___.txt", "bad\xff.txt": "bad_.txt",
		strings.Repeat("x", 200) + ".pdf": strings.Repeat("x", 96) + ".pdf",
	} {
		if got := attachmentName(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

// Canonical Markdown survives the way out and back in: what a customer's program
// quotes, forwards or copies is what the agent wrote, at most spelled otherwise.
func TestMarkdownRoundTrip(t *testing.T) {
	t.Parallel()
	own := inbound.Options{Own: []string{"ann@customer.test"}, Keys: [][]byte{[]byte("somebody else's key")}}
	trip := func(t *testing.T, text string) string {
		o := answer()
		o.Text, o.Subject, o.InReplyTo, o.References = text, "x", "", nil
		m, err := composer(t).Compose(o)
		if err != nil {
			t.Fatal(err)
		}
		in, err := inbound.NewDecoder(own, sync.OnceValue(bodytext.NewPolicy)).Decode(written(t, m))
		if err != nil || len(in) != 1 {
			t.Fatal(in, err)
		}
		return strings.TrimSpace(in[0].Text)
	}
	for _, tc := range [][2]string{
		{"Hello."},
		{"One.\n\nTwo."},
		{"**bold**, *italic* and `code <b>`"},
		{"- one\n- two\n- three"},
		{"- one\n- two\n  - deep", "- one\n- two\n\n  - deep"},
		{"1. one\n2. two"},
		{"> quoted\n\nanswer"},
		{"[docs](https://acme.test/a_b?x=1&y=2)"},
		{"```\nif a < b {\n}\n```"},
		{"## Head\n\ntext"},
		{"5 \\* 3 = 15, a\\_b", "5 * 3 = 15, a_b"},
		{"\\*not italic\\*"},
		{"use \\<b> here"},
		{"use <b> here", "use \\<b> here"},
		{"~~gone~~"},
		{"| A | B |\n|---|---|\n| 1 | 2 |"},
		{"Grüße 日本語 🎉"},
	} {
		t.Run(tc[0], func(t *testing.T) {
			t.Parallel()
			want := tc[1]
			if want == "" {
				want = tc[0]
			}
			got := trip(t, tc[0])
			if got != want {
				t.Errorf("came back as %q", got)
			}
			if again := trip(t, got); again != got {
				t.Errorf("changed once more: %q", again)
			}
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
	var raw bytes.Buffer
	if _, err := m.Copy(t.Context(), &raw); err != nil {
		t.Fatal(err)
	}
	mail := string(steady(raw.Bytes()))
	last := 0
	for _, part := range []string{"multipart/mixed", "multipart/related", "multipart/alternative", "text/plain", "--=20\nAnn", "text/html", "cid:signature-1@parley",
		"Content-Disposition: inline", "Content-Id: <signature-1@parley>", base64.StdEncoding.EncodeToString(logo)[:60], "report.txt", base64.StdEncoding.EncodeToString(report)} {
		at := strings.Index(strings.ToLower(mail[last:]), strings.ToLower(part))
		if at < 0 {
			t.Fatalf("%q is not where it should be in\n%s", part, mail)
		}
		last += at
	}
	if strings.Count(mail, "Content-Disposition: inline") != 1 {
		t.Errorf("not only the picture stands in the text:\n%s", mail)
	}
}
