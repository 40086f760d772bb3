package email

import (
	"bytes"
	"fmt"
	netmail "net/mail"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/golden"
)

// composer is a channel that connects to nothing, at a fixed time.
func composer(t testing.TB) *Channel {
	t.Helper()
	c, err := newChannel(channels.Account{ID: 1, Config: channels.Config{
		fieldAddress: "Support@acme.test", fieldAliases: "help@acme.test", fieldSenderName: "Acme Support",
		fieldIMAPHost: "imap.acme.test", fieldIMAPPassword: "x", fieldSMTPHost: "smtp.acme.test",
	}}, channels.Env{Keys: testKeys(), Now: func() time.Time { return time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC) }}, defaultOptions(), newProcess())
	if err != nil {
		t.Fatal(err)
	}
	return c
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
		"reply": func(o *channels.Outbound) { o.Signature = "**Kim Park**, [Acme](https://acme.test)" },
		"rich": func(o *channels.Outbound) {
			o.Text = "# Plan\n\nUse <b> and 5 * 3, [docs](https://acme.test/a_b?x=1&y=2) or https://acme.test.\nNext line.\n\n" +
				"1. one\n2. two\n   - *deep*\n\n> quoted\n> text\n\n```\ncode <i>\n```\n\n| A | B |\n|---|---|\n| 1 | ~~2~~ |\n\n[bad](javascript:alert(1)) &lt;ok&gt; \\*plain\\*"
		},
		"files": func(o *channels.Outbound) {
			o.Files = []channels.File{
				file("notes.txt", []byte("Hello")), file(`..\..\Überblick "final".pdf`, []byte{0, 1, 2}), file("mail.eml", []byte("Subject: x\r\n\r\ny")),
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
			o.Files = []channels.File{file("a\r\nX-Evil: 1.txt", []byte("x"))}
			o.Files[0].ContentType = "text/plain\r\nX-Evil: 1"
		},
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := reply()
			change(&o)
			m, err := composer(t).compose(o)
			if err != nil {
				t.Fatal(err)
			}
			got := steady(written(t, m))
			golden.Text(t, "testdata/sent/"+strings.ReplaceAll(name, " ", "-")+".eml",
				fmt.Sprintf("%s\n-- envelope: %s to %s\n", got, m.from, strings.Join(m.recipients, ", ")))
			checkHead(t, written(t, m))
		})
	}
}

// written gives a mail's bytes, which it must foretell.
func written(t *testing.T, m *outgoing) []byte {
	t.Helper()
	var b bytes.Buffer
	n, err := m.writeTo(t.Context(), &b)
	if err != nil || n != int64(b.Len()) || n != m.sizeBytes() {
		t.Fatalf("wrote %d bytes, counted %d, foretold %d: %v", b.Len(), n, m.sizeBytes(), err)
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
		"References", "Subject", "To", "X-Auto-Response-Suppress", messageHeader}
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
	o := reply()
	own := messageID(testKeys()[0], 12, 30, "acme.test")
	anchor := anchorID(testKeys()[0], 12, "acme.test")
	o.References = []string{"q1@customer.test", anchor, own, "q1@customer.test", "q2@customer.test"}
	o.InReplyTo = "<q1@customer.test>"
	h, err := c.headers(o)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{anchor, own, "q2@customer.test", "q1@customer.test"}
	if !slices.Equal(h.references, want) || h.inReplyTo != "q1@customer.test" {
		t.Errorf("references %q, in reply to %q", h.references, h.inReplyTo)
	}
	if conv, msg, ok := parseToken(testKeys(), h.id); !ok || conv != 12 || msg != 34 {
		t.Errorf("id %s", h.id)
	}
	o.Attempt, o.DeliveryID = 5, 99
	if again, _ := c.headers(o); again.id != h.id {
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
		if got := subject(o); got != tc.want {
			t.Errorf("%q: %q, want %q", tc.subject, got, tc.want)
		}
	}
	long := subject(channels.Outbound{Subject: strings.Repeat("ä", 400)})
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
		o := reply()
		o.To = []channels.Party{{Key: key}}
		_, err := composer(t).compose(o)
		class(t, err, channels.BadRecipient)
	}
	o := reply()
	o.To = nil
	_, err := composer(t).compose(o)
	class(t, err, channels.BadRecipient)
	o.To = []channels.Party{{Key: "ann@customer.test"}, {Key: `"odd name"@customer.test`}}
	o.Cc = []channels.Party{{Key: "ann@customer.test"}, {Key: "jörg@customer.test"}}
	m, err := composer(t).compose(o)
	if err != nil {
		t.Fatal(err)
	}
	if len(m.recipients) != 3 || !m.utf8 || smtpPath(m.recipients[1]) != `<"odd name"@customer.test>` {
		t.Errorf("recipients %q, utf8 %v", m.recipients, m.utf8)
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
	own := decodeOptions{Own: []string{"ann@customer.test"}, Keys: [][]byte{[]byte("somebody else's key")}}
	trip := func(t *testing.T, text string) string {
		o := reply()
		o.Text, o.Subject, o.InReplyTo, o.References = text, "x", "", nil
		m, err := composer(t).compose(o)
		if err != nil {
			t.Fatal(err)
		}
		in, err := decode(written(t, m), own)
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

func TestPlainText(t *testing.T) {
	t.Parallel()
	tests := [][2]string{
		{"5 \\* 3 &amp; \\&amp;", "5 * 3 & &amp;"},
		{"a\nb  \nc", "a\nb\nc"},
		{"**b** *i* ~~s~~ `c*d`", "*b* _i_ s `c*d`"},
		{"[text](https://x.test) <https://y.test> [https://z.test](https://z.test)", "text <https://x.test> https://y.test https://z.test"},
		{"[mail](mailto:a@b.test) [a@b.test](mailto:a@b.test)", "mail <mailto:a@b.test> a@b.test"},
		{"[x](javascript:alert(1)) [y]( JavaScript:alert(1))", "x y"},
		{"![cat](https://x.test/c.png)", "cat <https://x.test/c.png>"},
		{"- a\n- b\n  1. c", "- a\n- b\n  1. c"},
		{"3. a\n4. b", "3. a\n4. b"},
		{"- a\n\n- b", "- a\n\n- b"},
		{"> q\n>\n> r", "> q\n>\n> r"},
		{"```\nx < y\n\nz\n```", "    x < y\n\n    z"},
		{"# H\n\n---\n\nt", "H\n\n* * *\n\nt"},
		{"| A | B |\n|---|---|\n| 1 | x<br>y |", "A | B\n1 | x y"},
		{"use <b> and <!-- c -->", "use <b> and <!-- c -->"},
		{"<div>\n**x**\n</div>", "<div>\n*x*\n</div>"},
		{"- [x] done\n- [ ] open", "- [x] done\n- [ ] open"},
		{"a\\", "a\\"},
		{"[1]: https://acme.test/a", "[1]: https://acme.test/a"},
		{"", ""},
	}
	for _, tc := range tests {
		if got := plain(newMarkdown(), tc[0]); got != tc[1] {
			t.Errorf("%q:\n%q, want\n%q", tc[0], got, tc[1])
		}
	}
}

// Raw HTML of an agent, or of a customer who is quoted, is shown and never acts.
func TestRawHTMLIsText(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		"use <b> here":                     "use &lt;b&gt; here",
		"<script>alert(1)</script>":        "&lt;script&gt;alert(1)&lt;/script&gt;",
		"<div onclick=\"x\">\ny\n</div>":   "&lt;div onclick=&quot;x&quot;&gt;",
		"<!-- hidden -->":                  "&lt;!-- hidden --&gt;",
		"<img src=x onerror=alert(1)>":     "&lt;img src=x onerror=alert(1)&gt;",
		"a <br> b":                         "a <br> b",
		"[x](javascript:alert(1))":         `<a href="">x</a>`,
		"[x](data:text/html,<script>)":     "data:text/html",
		"![x](javascript:alert(1))":        `src=""`,
		"line one\nline two":               "line one<br>\nline two",
		"www.acme.test":                    `<a href="http://www.acme.test">`,
		"&lt;script&gt;alert(1)&lt;/x&gt;": "&lt;script&gt;",
	} {
		got, err := renderHTML(newMarkdown(), source, "", "")
		if err != nil {
			t.Fatal(err)
		}
		if source != "[x](data:text/html,<script>)" && !strings.Contains(got, want) {
			t.Errorf("%q:\n%s", source, got)
		}
		for _, bad := range []string{"<script", "<div ", "<img src=x", `href="javascript`, `href="data:`, "<!-- hid"} {
			if strings.Contains(got, bad) {
				t.Errorf("%q is active:\n%s", source, got)
			}
		}
	}
}
