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

// wantNotice checks that a remark says what was left out.
func wantNotice(t *testing.T, in channels.Inbound, words string) {
	t.Helper()
	if !hasNotice(in, words) {
		t.Errorf("got the notices %q, want one with %q", in.Notices, words)
	}
}

// wantOriginal checks that the whole mail is the last file, and returns it.
func wantOriginal(t *testing.T, in channels.Inbound) string {
	t.Helper()
	if len(in.Attachments) == 0 {
		t.Fatal("the message has no files, want the whole mail")
	}
	last := in.Attachments[len(in.Attachments)-1]
	wantEqual(t, "name of the last file", last.Name, "original.eml")
	return string(last.Content)
}

// TestCase37Depth: parts within parts are shown down to the last level that is read, and what lies deeper is attached.
func TestCase37Depth(t *testing.T) {
	t.Parallel()
	deep := decodeOne(t, nested(29))
	wantText(t, "29 levels", deep.Text, "bottom")
	wantEqual(t, "notices of 29 levels", len(deep.Notices), 0)

	deeper := decodeOne(t, nested(2000))
	wantText(t, "2000 levels", deeper.Text, "level 29")
	wantNotice(t, deeper, "30 levels")
	wantOriginal(t, deeper)
}

// TestCase37Parts: of more parts than are read the first are shown, and all are attached.
func TestCase37Parts(t *testing.T) {
	t.Parallel()
	const parts = 10_000
	in := decodeOne(t, "From: a@b.test\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"+
		strings.Repeat("--x\r\nContent-Type: text/plain\r\n\r\npart\r\n", parts)+"--x--\r\n")
	wantNotice(t, in, "1,000 parts")
	wantEqual(t, "parts shown: 1,000 without the mail itself", strings.Count(in.Text, "part"), 1000-1)
	if n := strings.Count(wantOriginal(t, in), "part"); n < parts {
		t.Errorf("the whole mail has %d parts, want %d", n, parts)
	}
}

// TestCase37Headers: of more headers than are read the first count, and the text is still found.
func TestCase37Headers(t *testing.T) {
	t.Parallel()
	in := decodeOne(t, "From: a@b.test\r\nSubject: many\r\n"+strings.Repeat("X-Filler: "+strings.Repeat("x", 90)+"\r\n", 30_000)+"\r\nStill here.")
	wantNotice(t, in, "1 MB of headers")
	wantEqual(t, "subject", in.Subject, "many")
	wantEqual(t, "text", in.Text, "Still here.")
}

// TestCase37Shapes: the mails that break parsers give a message each.
func TestCase37Shapes(t *testing.T) {
	t.Parallel()
	for name, raw := range map[string]string{
		"no header":       "just some words\nand more",
		"no body":         "From: a@b.test\nSubject: x",
		"binary":          "\x00\x01\xff\xfe\x80garbage",
		"no boundary":     "From: a@b.test\nContent-Type: multipart/mixed\n\nwords without parts",
		"wrong boundary":  "From: a@b.test\nContent-Type: multipart/mixed; boundary=x\n\nwords without parts",
		"guessable":       "From: a@b.test\nContent-Type: multipart/mixed; boundary=x\n\n--really-this\nContent-Type: text/plain\n\nwords\n--really-this--",
		"unclosed":        "From: a@b.test\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain\n\nwords",
		"body in header":  "From: a@b.test\nSubject: x\nwords that are no header\nmore words",
		"mbox":            "From a@b.test Mon Nov  2 11:00:00 2026\nFrom: a@b.test\n\nwords",
		"broken base64":   "From: a@b.test\nContent-Transfer-Encoding: base64\n\nd29y*ZHM=\nIQ==",
		"odd encoding":    "From: a@b.test\nContent-Transfer-Encoding: x-words\n\nwords",
		"odd charset":     "From: a@b.test\nContent-Type: text/plain; charset=klingon\n\nwords",
		"text attachment": "From: a@b.test\nContent-Type: text/plain; name=a.txt\n\nwords",
	} {
		in := decodeOne(t, raw)
		if in.From.Key == "" || in.ExternalID == "" {
			t.Errorf("%s: want a sender and an id, got %s", name, describe(in))
		}
		if in.Text == "" && name != "no body" {
			t.Errorf("%s: want a text, got %s", name, describe(in))
		}
	}
	for name, raw := range map[string]string{
		"odd multipart": "From: a@b.test\nContent-Type: multipart/*; boundary=x\n\n--x\nContent-Type: text/html\n\n<p>words</p>\n--x--",
		"blanks first":  " \r\n From: a@b.test\nSubject: x\n\nwords",
		"mark first":    "\xef\xbb\xbfFrom: a@b.test\nSubject: x\n\nwords",
		"bare returns":  "From: a@b.test\rSubject: x\r\rwords",
	} {
		in := decodeOne(t, raw)
		wantEqual(t, name+": sender", in.From.Key, "a@b.test")
		wantEqual(t, name+": text", in.Text, "words")
	}
}

// TestCase37Payloads: nothing at all is refused; a mailbox's empty mail, and a mail behind a broken envelope, are messages.
func TestCase37Payloads(t *testing.T) {
	t.Parallel()
	for _, empty := range []string{"", " \r\n\r\n"} {
		if ins, err := decode([]byte(empty), Options{}); err == nil {
			t.Errorf("the payload %q gave %v, want an error", empty, ins)
		}
	}
	if ins, err := decode([]byte(`{"v":1,"folder":"INBOX"}`+"\n"), Options{}); err != nil || len(ins) != 1 || len(ins[0].Notices) == 0 {
		t.Errorf("an empty mail of a mailbox gave %v, %v; want one message with a notice", ins, err)
	}
	if ins, err := decode([]byte(`{"v":broken`+"\nFrom: a@b.test\n\nwords"), Options{}); err != nil || len(ins) != 1 || ins[0].Text != "words" {
		t.Errorf("a broken envelope gave %v, %v; want one message with the words", ins, err)
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
	text := decodeOne(t, "From: a@b.test\r\nSubject: big\r\n\r\n"+strings.Repeat(line, size/len(line)))
	wantNotice(t, text, "very long")
	if n := len(text.Text); n > maxTextBytes {
		t.Errorf("50 MB of text: %d bytes are shown, want at most %d", n, maxTextBytes)
	}
	wantHugeFile(t, text, size/2)

	blob := strings.Repeat(strings.Repeat("QUJD", 19)+"\r\n", size/78)
	file := decodeOne(t, "From: a@b.test\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nsee file\r\n"+
		"--x\r\nContent-Type: application/zip; name=a.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n"+blob+"--x--\r\n")
	wantEqual(t, "text beside a file of 50 MB", file.Text, "see file")
	wantHugeFile(t, file, size/2)
	wantInTime(t, "both mails", started)
}

// wantHugeFile checks that a message has one file, of at least so many bytes.
func wantHugeFile(t *testing.T, in channels.Inbound, bytes int) {
	t.Helper()
	if len(in.Attachments) != 1 || len(in.Attachments[0].Content) < bytes {
		t.Errorf("got %d files, want one of at least %d bytes", len(in.Attachments), bytes)
	}
}

// wantInTime checks that reading mails took no longer than patienceWithOne.
func wantInTime(t *testing.T, what string, started time.Time) {
	t.Helper()
	if d := time.Since(started); d > patienceWithOne {
		t.Errorf("%s: took %v, want at most %v", what, d, patienceWithOne)
	}
}

// TestHostileHTML: HTML of any kind gives text; what is too long to be laid out is attached.
func TestHostileHTML(t *testing.T) {
	t.Parallel()
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
		wantText(t, name, decodeOne(t, htmlMail(html)).Text, "words")
		wantInTime(t, name, started)
	}
}

func htmlMail(html string) string {
	return "From: a@b.test\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + html
}

// TestDeepHTML: all words of HTML that lies deep are shown.
func TestDeepHTML(t *testing.T) {
	t.Parallel()
	const depth = 5000
	in := decodeOne(t, htmlMail(strings.Repeat("<div>first", depth)+"</div>last"))
	wantEqual(t, "notices", len(in.Notices), 0)
	wantEqual(t, "words before the last", strings.Count(in.Text, "first"), depth)
	wantEqual(t, "the last word is at the end", strings.HasSuffix(in.Text, "last"), true)
}

// TestLongHTML: of HTML with too many nodes the beginning is shown, and the whole is attached; also if the beginning has no words.
func TestLongHTML(t *testing.T) {
	t.Parallel()
	const tooManyNodes = 20_000 // as many as are read, and each is more than one
	const paragraph = "<p>words</p>"
	long := decodeOne(t, htmlMail(strings.Repeat(paragraph, tooManyNodes)))
	wantText(t, "beginning", long.Text, "words")
	wantNotice(t, long, "its beginning is shown, the whole is attached as message.html")
	wantEqual(t, "name of the file", long.Attachments[0].Name, "message.html")
	wantHugeFile(t, long, len(paragraph)*tooManyNodes)

	tags := decodeOne(t, htmlMail(strings.Repeat("<b></b>", tooManyNodes)+"words"))
	wantEqual(t, "text behind nothing but tags", tags.Text, "words")
	wantNotice(t, tags, "message.html")
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
			if n := len(in.Text); n == 0 || n > maxTextBytes {
				t.Errorf("%s: got %d bytes of text, want 1 to %d", name, n, maxTextBytes)
			}
			wantInTime(t, name, started)
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
		t.Fatalf("got %v, %v; want one message", ins, err)
	}
	in := ins[0]
	wantEqual(t, "sender", in.From.Key, "ann@customer.test")
	wantEqual(t, "subject", in.Subject, "Hi")
	wantText(t, "text", in.Text, `Hello \*there\*`)
	wantNotice(t, in, "could not be read")
	wantEqual(t, "files", len(in.Attachments), 1)
}
