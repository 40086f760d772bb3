package inbound

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/email/mailid"
)

// patienceWithOne bounds the reading of one mail, on a slow machine too.
const patienceWithOne = 2 * time.Minute

// hasNotice reports whether a remark contains words.
func hasNotice(in channels.Inbound, words string) bool {
	return strings.Contains(strings.Join(in.Notices, "\n"), words)
}

// nested makes a mail with multiparts inside each other.
func nested(depth int) string {
	var b strings.Builder
	b.WriteString("From: a@b.test\r\nSubject: deep\r\n")
	for i := range depth {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=\"b%d\"\r\n\r\n--b%d\r\nContent-Type: text/plain\r\n\r\nlevel %d\r\n--b%d\r\n", i, i, i, i)
	}
	b.WriteString("Content-Type: text/plain\r\n\r\nbottom\r\n")
	for i := depth - 1; i >= 0; i-- {
		fmt.Fprintf(&b, "--b%d--\r\n", i)
	}
	return b.String()
}

// TestCase37Shapes: the mails that break parsers give a message each, with what was
// left out named and the whole attached.
func TestCase37Shapes(t *testing.T) {
	t.Parallel()
	deep := decodeOne(t, nested(29))
	if len(deep.Notices) != 0 || !strings.Contains(deep.Text, "bottom") {
		t.Errorf("29 levels: %v", deep.Notices)
	}
	deeper := decodeOne(t, nested(2000))
	if !hasNotice(deeper, "30 levels") || !strings.Contains(deeper.Text, "level 29") || deeper.Attachments[len(deeper.Attachments)-1].Name != "original.eml" {
		t.Errorf("2000 levels: %v, %d files", deeper.Notices, len(deeper.Attachments))
	}
	parts := decodeOne(t, "From: a@b.test\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"+strings.Repeat("--x\r\nContent-Type: text/plain\r\n\r\npart\r\n", 10_000)+"--x--\r\n")
	if !hasNotice(parts, "1,000 parts") || strings.Count(parts.Text, "part") != 1000-1 {
		t.Errorf("10,000 parts: %v, %d shown", parts.Notices, strings.Count(parts.Text, "part"))
	}
	if last := parts.Attachments[len(parts.Attachments)-1]; last.Name != "original.eml" || strings.Count(string(last.Content), "part") < 10_000 {
		t.Error("10,000 parts: the original is not attached")
	}
	headers := decodeOne(t, "From: a@b.test\r\nSubject: many\r\n"+strings.Repeat("X-Filler: "+strings.Repeat("x", 90)+"\r\n", 30_000)+"\r\nStill here.")
	if !hasNotice(headers, "1 MB of headers") || headers.Subject != "many" || headers.Text != "Still here." {
		t.Errorf("3 MB of headers: %v, %q", headers.Notices, headers.Text)
	}
	for name, raw := range map[string]string{
		"no header":       "just some words\nand more",
		"no body":         "From: a@b.test\nSubject: x",
		"binary":          "\x00\x01\xff\xfe\x80garbage",
		"no boundary":     "From: a@b.test\nContent-Type: multipart/mixed\n\nwords without parts",
		"wrong boundary":  "From: a@b.test\nContent-Type: multipart/mixed; boundary=x\n\nwords without parts",
		"guessable":       "From: a@b.test\nContent-Type: multipart/mixed; boundary=x\n\n--really-this\nContent-Type: text/plain\n\nwords\n--really-this--",
		"odd multipart":   "From: a@b.test\nContent-Type: multipart/*; boundary=x\n\n--x\nContent-Type: text/html\n\n<p>words</p>\n--x--",
		"unclosed":        "From: a@b.test\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain\n\nwords",
		"body in header":  "From: a@b.test\nSubject: x\nwords that are no header\nmore words",
		"blanks first":    " \r\n From: a@b.test\nSubject: x\n\nwords",
		"mark first":      "\xef\xbb\xbfFrom: a@b.test\nSubject: x\n\nwords",
		"bare returns":    "From: a@b.test\rSubject: x\r\rwords",
		"mbox":            "From a@b.test Mon Nov  2 11:00:00 2026\nFrom: a@b.test\n\nwords",
		"broken base64":   "From: a@b.test\nContent-Transfer-Encoding: base64\n\nd29y*ZHM=\nIQ==",
		"odd encoding":    "From: a@b.test\nContent-Transfer-Encoding: x-words\n\nwords",
		"odd charset":     "From: a@b.test\nContent-Type: text/plain; charset=klingon\n\nwords",
		"text attachment": "From: a@b.test\nContent-Type: text/plain; name=a.txt\n\nwords",
	} {
		in := decodeOne(t, raw)
		if in.Text == "" && name != "no body" || in.From.Key == "" || in.ExternalID == "" {
			t.Errorf("%s: %s", name, describe(in))
		}
		if (name == "blanks first" || name == "mark first" || name == "bare returns" || name == "odd multipart") && (in.From.Key != "a@b.test" || in.Text != "words") {
			t.Errorf("%s: %s", name, describe(in))
		}
	}
	for _, empty := range []string{"", " \r\n\r\n"} {
		if ins, err := decode([]byte(empty), Options{}); err == nil {
			t.Errorf("an empty payload gave %v", ins)
		}
	}
	if ins, err := decode([]byte(`{"v":1,"folder":"INBOX"}`+"\n"), Options{}); err != nil || len(ins) != 1 || len(ins[0].Notices) == 0 {
		t.Errorf("an empty mail of a mailbox gave %v, %v", ins, err)
	}
	if ins, err := decode([]byte(`{"v":broken`+"\nFrom: a@b.test\n\nwords"), Options{}); err != nil || len(ins) != 1 || ins[0].Text != "words" {
		t.Errorf("a broken envelope gave %v, %v", ins, err)
	}
}

// TestCase37SameID: mails with equal ids and other content are other facts.
func TestCase37SameID(t *testing.T) {
	t.Parallel()
	one, two := []byte("Message-ID: <1@x>\n\none"), []byte("Message-ID: <1@x>\n\ntwo")
	if mailid.Fact(one) == mailid.Fact(two) {
		t.Error("two mails are one fact")
	}
}

// TestHugeMail: 50 MB are read in bounded time; what is too long to show is attached.
func TestHugeMail(t *testing.T) {
	t.Parallel()
	started := time.Now()
	const size = 50 << 20
	line := strings.Repeat("All work and no play. ", 3) + "\r\n"
	in := decodeOne(t, "From: a@b.test\r\nSubject: big\r\n\r\n"+strings.Repeat(line, size/len(line)))
	if !hasNotice(in, "very long") || len(in.Text) > maxTextBytes || len(in.Attachments) != 1 || len(in.Attachments[0].Content) < size/2 {
		t.Errorf("50 MB of text: %v, %d bytes shown, %d files", in.Notices, len(in.Text), len(in.Attachments))
	}
	blob := strings.Repeat(strings.Repeat("QUJD", 19)+"\r\n", size/78)
	in = decodeOne(t, "From: a@b.test\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nsee file\r\n--x\r\nContent-Type: application/zip; name=a.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n"+blob+"--x--\r\n")
	if in.Text != "see file" || len(in.Attachments) != 1 || len(in.Attachments[0].Content) < size/2 {
		t.Errorf("50 MB file: %q, %d files", in.Text, len(in.Attachments))
	}
	if d := time.Since(started); d > patienceWithOne {
		t.Errorf("took %v", d)
	}
}

// TestHostileHTML: HTML of any kind gives text; what is too long to be laid out is attached.
func TestHostileHTML(t *testing.T) {
	t.Parallel()
	mail := func(html string) string {
		return "From: a@b.test\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + html
	}
	for name, html := range map[string]string{
		"deep":         strings.Repeat("<div>", 5000) + "words" + strings.Repeat("</div>", 5000),
		"deep tables":  strings.Repeat("<table><tr><td>", 400) + "words",
		"huge":         strings.Repeat("<p>words words words</p>", 120_000),
		"in the title": "<title>words",
		"many tags":    strings.Repeat("<b><i>", 20_000) + "words",
		"many links":   strings.Repeat("<a href='https://x.test/'>words</a>", 10_000),
		"long word":    "words " + strings.Repeat("_", 300_000),
		"stars":        "words " + strings.Repeat("*", 100_000),
		"brackets":     "words " + strings.Repeat("[", 100_000) + strings.Repeat("](", 50_000),
		"ampersands":   "words " + strings.Repeat("&amp;", 100_000),
		"styles":       strings.Repeat(`<span style="display:block;display:block">words</span>`, 10_000),
	} {
		started := time.Now()
		in := decodeOne(t, mail(html))
		if !strings.Contains(in.Text, "words") {
			t.Errorf("%s: no text: %v", name, in.Notices)
		}
		if d := time.Since(started); d > patienceWithOne {
			t.Errorf("%s: took %v", name, d)
		} else if d > time.Second {
			t.Logf("%s: took %v", name, d)
		}
	}
	deep := decodeOne(t, mail(strings.Repeat("<div>first", 5000)+"</div>last"))
	if len(deep.Notices) > 0 || strings.Count(deep.Text, "first") != 5000 || !strings.HasSuffix(deep.Text, "last") {
		t.Errorf("deep HTML: %v, %d bytes", deep.Notices, len(deep.Text))
	}
	const tooManyNodes = 20_000 // as many as are read, and each is more than one
	long := decodeOne(t, mail(strings.Repeat("<p>words</p>", tooManyNodes)))
	if !hasNotice(long, "its beginning is shown, the whole is attached as message.html") || long.Attachments[0].Name != "message.html" || len(long.Attachments[0].Content) < 12*tooManyNodes || long.Text == "" {
		t.Errorf("long HTML: %v, %d bytes, %d files", long.Notices, len(long.Text), len(long.Attachments))
	}
	tags := decodeOne(t, mail(strings.Repeat("<b></b>", tooManyNodes)+"words"))
	if tags.Text != "words" || !hasNotice(tags, "message.html") {
		t.Errorf("nothing but tags at the beginning: %q, %v", tags.Text, tags.Notices)
	}
}

// TestHostileText: no plain text takes more than its length deserves.
func TestHostileText(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"url brackets": "https://x.test/" + strings.Repeat(")", 1<<20),
		"url stars":    "https://x.test/" + strings.Repeat("*)", 1<<19),
		"urls":         strings.Repeat("https://x.test/(( ", 1<<16),
		"colons":       strings.Repeat("On 1:\n", 1<<18),
		"one line":     "On Monday " + strings.Repeat("schrieb ", 1<<18) + ":",
		"footers":      "words\n" + strings.Repeat("Sent from my iPhone\n", 1<<16),
		"quotes":       strings.Repeat(">", 1<<20) + "\n" + strings.Repeat("> words\n", 1<<16),
		"signatures":   strings.Repeat("-- \nwords\n", 1<<16),
		"headers":      strings.Repeat("From: a\n", 1<<17),
		"emphasis":     strings.Repeat("*_~", 1<<18),
		"backslashes":  strings.Repeat("\\", 1<<20),
		"entities":     strings.Repeat("&amp;&#", 1<<17),
		"blanks":       strings.Repeat(" ", 1<<20) + "words" + strings.Repeat("\n", 1<<20),
		"angles":       strings.Repeat("<a@x.test>:\n550 5.1.1 x\n\n", 1<<15),
	} {
		for _, from := range []string{"a@b.test", "mailer-daemon@b.test"} {
			started := time.Now()
			in := decodeOne(t, "From: "+from+"\r\nSubject: failure notice\r\nReferences: "+strings.Repeat("<x@y>", 1000)+"\r\n\r\n"+text)
			if in.Text == "" || len(in.Text) > maxTextBytes {
				t.Errorf("%s: %d bytes of text", name, len(in.Text))
			}
			if d := time.Since(started); d > patienceWithOne {
				t.Errorf("%s: took %v", name, d)
			} else if d > time.Second {
				t.Logf("%s: took %v", name, d)
			}
		}
	}
}

// TestUnreadable: when a library gives up, the mail is shown as it came.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	d := newTestDecoder()
	raw := "From: Ann <ann@customer.test>\r\nSubject: Hi\r\nContent-Type: text/html\r\n\r\n<p>Hello *there*</p>"
	ins, err := d.decodeWith(func(Envelope, []byte) []channels.Inbound { panic("a library's fault") }, []byte(raw))
	if err != nil || len(ins) != 1 {
		t.Fatal(ins, err)
	}
	in := ins[0]
	if in.From.Key != "ann@customer.test" || in.Subject != "Hi" || !strings.Contains(in.Text, `Hello \*there\*`) || !hasNotice(in, "could not be read") || len(in.Attachments) != 1 {
		t.Error(describe(in))
	}
}
