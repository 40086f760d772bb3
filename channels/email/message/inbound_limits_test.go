package message

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/channels"
)

// These tests are about mails that are larger, deeper or more broken than people write them. Each is read in bounded
// time and gives a message with a text. If something is left out of the text, the whole mail is attached.

// patienceWithOne bounds the reading of one mail, on a slow machine too.
const patienceWithOne = 2 * time.Minute

// wantInTime checks that reading mails took no longer than patienceWithOne.
func wantInTime(t *testing.T, started time.Time) {
	t.Helper()
	if took := time.Since(started); took > patienceWithOne {
		t.Errorf("reading took %v, want at most %v", took, patienceWithOne)
	}
}

// hasNotice reports whether a notice contains words.
func hasNotice(in channels.Inbound, words string) bool {
	return strings.Contains(strings.Join(in.Notices, "\n"), words)
}

// wantNotice checks that a notice says what was left out.
func wantNotice(t *testing.T, in channels.Inbound, words string) {
	t.Helper()
	if !hasNotice(in, words) {
		t.Errorf("notices: got %q, want one with %q", in.Notices, words)
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

// nested makes a mail with multiparts inside each other.
func nested(depth int) string {
	var b strings.Builder
	b.WriteString("From: a@b.test\nSubject: deep\n")
	for level := range depth {
		boundary := fmt.Sprint("b", level)
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=%q\n\n", boundary)
		fmt.Fprintf(&b, "--%s\nContent-Type: text/plain\n\nlevel %d\n--%s\n", boundary, level, boundary)
	}
	b.WriteString("Content-Type: text/plain\n\nbottom\n")
	for level := depth - 1; level >= 0; level-- {
		fmt.Fprintf(&b, "--b%d--\n", level)
	}
	return crlf(b.String())
}

// If parts are nested deeper than that, a notice says so, and the whole mail is attached.
func TestCase37TooDeep(t *testing.T) {
	t.Parallel()
	in := decodeOne(t, nested(2000))
	wantContains(t, "text", in.Text, "level 29")
	wantNotice(t, in, "30 levels")
	wantOriginal(t, in)
}

// Each of these mails, which break parsers, gives a message with a text.
func TestCase37Shapes(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, raw string }{
		{name: "no header", raw: "just some words\nand more"},
		{name: "binary", raw: "\x00\x01\xff\xfe\x80garbage"},
		{name: "body in the header", raw: "From: a@b.test\nSubject: x\nwords that are no header\nmore words"},
		{name: "line of an mbox file", raw: "From a@b.test Mon Nov  2 11:00:00 2026\nFrom: a@b.test\n\nwords"},

		{name: "no boundary", raw: "From: a@b.test\nContent-Type: multipart/mixed\n\nwords without parts"},
		{name: "wrong boundary", raw: "From: a@b.test\nContent-Type: multipart/mixed; boundary=x\n\nwords without parts"},
		{
			name: "wrong boundary that can be guessed",
			raw: "From: a@b.test\nContent-Type: multipart/mixed; boundary=x\n\n" +
				"--really-this\nContent-Type: text/plain\n\nwords\n--really-this--",
		},
		{name: "no end of the parts", raw: "From: a@b.test\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain\n\nwords"},

		{name: "broken base64", raw: "From: a@b.test\nContent-Transfer-Encoding: base64\n\nd29y*ZHM=\nIQ=="},
		{name: "unknown encoding", raw: "From: a@b.test\nContent-Transfer-Encoding: x-words\n\nwords"},
		{name: "unknown charset", raw: "From: a@b.test\nContent-Type: text/plain; charset=klingon\n\nwords"},
		{name: "a file's name", raw: "From: a@b.test\nContent-Type: text/plain; name=a.txt\n\nwords"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := decodeOne(t, tt.raw)
			wantSenderAndID(t, in)
			if in.Text == "" {
				t.Errorf("got %s, want a text", describe(in))
			}
		})
	}
}

// wantSenderAndID checks that a message has a sender and an id.
func wantSenderAndID(t *testing.T, in channels.Inbound) {
	t.Helper()
	if in.From.Key == "" {
		t.Errorf("got %s, want a sender", describe(in))
	}
	if in.ExternalID == "" {
		t.Errorf("got %s, want an id", describe(in))
	}
}

// Two mails with the same Message-ID and different content count as two facts, so that neither hides the other.
func TestCase37SameID(t *testing.T) {
	t.Parallel()
	one, two := Fact([]byte("Message-ID: <1@x>\n\none")), Fact([]byte("Message-ID: <1@x>\n\ntwo"))
	if one == two {
		t.Errorf("both mails are the fact %s, want two", one)
	}
}

// wantHugeFile checks that a message has one file, of at least so many bytes.
func wantHugeFile(t *testing.T, in channels.Inbound, bytes int) {
	t.Helper()
	if len(in.Attachments) != 1 {
		t.Fatalf("files: got %d, want one", len(in.Attachments))
	}
	if got := len(in.Attachments[0].Content); got < bytes {
		t.Errorf("file: got %d bytes, want at least %d", got, bytes)
	}
}

// When a library panics, the mail is shown as it came.
func TestMailOnWhichALibraryPanics(t *testing.T) {
	t.Parallel()
	const raw = "From: Ann <ann@customer.test>\r\nSubject: Hi\r\nContent-Type: text/html\r\n\r\n<p>Hello *there*</p>"
	panicking := func(Envelope, []byte) []channels.Inbound { panic("a library's fault") }
	ins, err := newTestDecoder().decodeWith(panicking, []byte(raw))
	noError(t, err)
	if len(ins) != 1 {
		t.Fatalf("decoded: got %+v, want one message", ins)
	}
	wantEqual(t, "sender", ins[0].From.Key, "ann@customer.test")
	wantEqual(t, "subject", ins[0].Subject, "Hi")
	wantContains(t, "text", ins[0].Text, `Hello \*there\*`)
	wantNotice(t, ins[0], "could not be read")
	wantEqual(t, "files", len(ins[0].Attachments), 1)
	wantEqual(t, "why it is automatic", ins[0].Automatic, "damaged") // so that no automatic reply answers it

	sent, err := newTestDecoder().decodeWith(panicking, []byte(inFolder(true, raw)))
	noError(t, err)
	wantEqual(t, "things that come of it in the folder of sent mail", len(sent), 0)
}
