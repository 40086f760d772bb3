package inbound

import (
	"strings"
	"testing"
)

// These tests are about the parts of a mail: which of them are its text, and which are files.

// mailOf returns a mail with a subject, a type and a body.
func mailOf(subject, contentType, body string) string {
	return crlf("From: Ann <ann@customer.test>\nTo: help@acme.test\nMessage-ID: <a@customer.test>\nSubject: " + subject +
		"\nContent-Type: " + contentType + "\n\n" + body)
}

// part is a part of a multipart.
type part struct {
	contentType string // with further fields, perhaps
	body        string
}

// multipart returns a part whose parts are separated by a boundary.
func multipart(kind, boundary string, parts ...part) part {
	var body strings.Builder
	for _, p := range parts {
		body.WriteString("--" + boundary + "\nContent-Type: " + p.contentType + "\n\n" + p.body + "\n")
	}
	body.WriteString("--" + boundary + "--\n")
	return part{contentType: "multipart/" + kind + "; boundary=" + boundary, body: body.String()}
}

func alternative(forms ...part) part { return multipart("alternative", "b", forms...) }

func mixed(parts ...part) part { return multipart("mixed", "b", parts...) }

// mailOfPart returns a mail whose body is a part.
func mailOfPart(subject string, p part) string { return mailOf(subject, p.contentType, p.body) }

// A program that knows no MIME writes a file into the text, with its name in the text's charset.
func TestUUEncodedFile(t *testing.T) {
	t.Parallel()
	in := decodeOne(t, mailOf("Scan", "text/plain; charset=iso-8859-1", "See below.\n\nbegin 644 Gr\xfc\xdfe.pdf\n))5!$1BTQ+C0*\n`\nend\n"))
	wantEqual(t, "text", in.Text, "See below.")
	wantFiles(t, in, "Grüße.pdf")
}

const (
	gmailQuote = `<div class="gmail_quote"><div class="gmail_attr">On Mon, Nov 2, 2026 at 10:15 AM Acme &lt;help@acme.test&gt; wrote:</div>` +
		`<blockquote class="gmail_quote">Old</blockquote></div>`
	attribution = "On Mon, Nov 2, 2026 at 10:15 AM Acme <help@acme.test> wrote:\n> Old"
)

// Some programs write the answer into the plain form only, and nothing but the quote into the HTML. Then the answer
// is shown.
func TestAnswerInThePlainFormAlone(t *testing.T) {
	t.Parallel()
	in := decodeOne(t, mailOfPart("Re: x", alternative(
		part{"text/plain", "My answer.\n\n" + attribution},
		part{"text/html", gmailQuote},
	)))
	wantContains(t, "text", in.Text, "My answer.")
	wantContains(t, "text", in.Text, "> Old")
}

// If neither form has more than the quote, the quote is shown.
func TestQuoteInBothForms(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, plain string }{
		{name: "the quote", plain: attribution},
		{name: "the quote without marks", plain: "Old"},
		{name: "nothing", plain: ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := decodeOne(t, mailOfPart("Re: x", alternative(part{"text/plain", tt.plain}, part{"text/html", gmailQuote})))
			wantContains(t, "text", in.Text, "> Old")
		})
	}
}

// Parts of an alternative that have the same type are different texts. All of them are shown, and equal ones once.
func TestFormsOfOneType(t *testing.T) {
	t.Parallel()
	for _, contentType := range []string{"text/plain", "text/html"} {
		in := decodeOne(t, mailOfPart("x", alternative(
			part{contentType, "First"},
			part{contentType, "Second"},
			part{contentType, "First"},
		)))
		wantEqual(t, contentType+": text", in.Text, "First\n\nSecond")
	}
}

// If an alternative has parts of two types, the HTML is shown, however many plain parts there are.
func TestFormsOfTwoTypes(t *testing.T) {
	t.Parallel()
	in := decodeOne(t, mailOfPart("x", alternative(
		part{"text/plain", "Plain"},
		part{"text/plain", "Footer"},
		part{"text/html", "<p>HTML</p>"},
	)))
	wantEqual(t, "text", in.Text, "HTML")
}

// Apple Mail writes an empty piece of HTML above a picture with which a mail begins. The text below the picture is
// shown once. The plain form is shown instead only if no piece of HTML has a text by the author.
func TestPictureAboveText(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		plain string
		below string // HTML below the picture
		want  string
	}{
		{name: "a text below it", plain: "Where is it, plainly?", below: "<html><body>Where is it?</body></html>", want: "Where is it?"},
		{
			name: "the HTML says nothing", plain: "Where is it, plainly?", below: "<html><body><br></body></html>",
			want: "Where is it, plainly?",
		},
		{name: "the HTML has only the quote", plain: "My answer.\n\n" + attribution, below: gmailQuote, want: "My answer.\n\nOn Mon, Nov 2, 2026 at 10:15 AM Acme \\<help@acme.test> wrote:\n\n> Old"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := decodeOne(t, mailOfPart("x", alternative(
				part{"text/plain", tt.plain},
				multipart("mixed", "c",
					part{"text/html", "<html><head></head><body><br></body></html>"},
					part{"image/jpeg; name=a.jpg", "x"},
					part{"text/html", tt.below},
				),
			)))
			wantEqual(t, "text", in.Text, tt.want)
			wantFiles(t, in, "a.jpg")
		})
	}
}

// forwarded is a mail that is forwarded as a file.
var forwarded = part{"message/rfc822", "From: Bob <bob@customer.test>\nSubject: Inner\n\nWhere is my lamp?"}

// Mail programs write an empty text beside a mail that they forward as a file. Then the forwarded mail is shown.
func TestForwardBesideEmptyText(t *testing.T) {
	t.Parallel()
	const emptyHTML = `<div dir="ltr"><br></div>`
	tests := []struct {
		name  string
		empty part
	}{
		{name: "plain", empty: part{"text/plain", "\n"}},
		{name: "HTML", empty: part{"text/html", emptyHTML}},
		{name: "both", empty: multipart("alternative", "c", part{"text/plain", "\n"}, part{"text/html", emptyHTML})},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := decodeOne(t, mailOfPart("Inner", mixed(tt.empty, forwarded)))
			wantContains(t, "text", in.Text, "bob@customer.test")
			wantContains(t, "text", in.Text, "Where is my lamp?")
			wantEqual(t, "files", len(in.Attachments), 1)
		})
	}
}

func TestForwardBesideText(t *testing.T) {
	t.Parallel()
	in := decodeOne(t, mailOfPart("Inner", mixed(part{"text/plain", "Look at this."}, forwarded)))
	wantEqual(t, "text", in.Text, "Look at this.")
}

// Old Japanese programs write headers in ISO-2022-JP without encoding them. Some letters have the bytes of quotes,
// commas and brackets, which must not be read as such.
func TestJapaneseHeaders(t *testing.T) {
	t.Parallel()
	const name = "\x1b$B\"<,\"\x1b(B" // a letter has the bytes "< and ,"
	in := decodeOne(t, "From: "+name+" <ann@customer.test>\r\nTo: help@acme.test\r\nSubject: \x1b$BCmJ8\x1b(B\r\n"+
		"Content-Type: text/plain; charset=utf-8\r\n\r\nx")
	wantEqual(t, "subject", in.Subject, "注文")
	wantEqual(t, "sender", in.From.Key, "ann@customer.test")
	if strings.ContainsAny(in.From.Name, "\"<,$") {
		t.Errorf("name: got %q, want the letter without its bytes in ASCII", in.From.Name)
	}
}

// These are types of a text that has a file's name.
const (
	inlinePlain   = "text/plain\nContent-Disposition: inline; filename=msg.txt"
	inlineHTML    = "text/html\nContent-Disposition: inline; filename=msg.txt"
	attachedPlain = "text/plain\nContent-Disposition: attachment; filename=msg.txt"
)

// Some programs give the text of a mail a file's name. If a mail says nothing else, the text is shown and also
// attached. It is only attached if it stands beside other words, is marked as an attachment, or is long.
func TestTextAsInlineFile(t *testing.T) {
	t.Parallel()
	words := part{inlinePlain, "My words"}
	log := part{inlinePlain, "A log"}
	tests := []struct {
		name  string
		parts []part
		want  string
	}{
		{name: "alone", parts: []part{words}, want: "My words"},
		{name: "beside a file", parts: []part{{"image/png; name=a.png", "x"}, words}, want: "My words"},
		{name: "HTML", parts: []part{{inlineHTML, "<p>My words</p>"}}, want: "My words"},
		{name: "as a form", parts: []part{multipart("alternative", "c", words)}, want: "My words"},
		{name: "beside an empty text", parts: []part{{"text/plain", " "}, words}, want: "My words"},
		{name: "before another one", parts: []part{words, log}, want: "My words"},
		{name: "beside words", parts: []part{{"text/plain", "See the file"}, log}, want: "See the file"},
		{name: "as a file", parts: []part{{attachedPlain, "A log"}}, want: ""},
		{name: "long", parts: []part{{inlinePlain, strings.Repeat("A long log\n", 1000)}}, want: ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := decodeOne(t, mailOfPart("x", mixed(tt.parts...)))
			wantEqual(t, "text", in.Text, tt.want)
			if len(in.Attachments) == 0 {
				t.Fatal("files: got none, want the text among them")
			}
			wantEqual(t, "last file", in.Attachments[len(in.Attachments)-1].Name, "msg.txt")
		})
	}
}

// If an answer is nothing but a remote picture, which Parley doesn't load, the quote is there.
func TestQuoteBelowARemotePicture(t *testing.T) {
	t.Parallel()
	in := decodeOne(t, crlf("From: a@b.test\nContent-Type: text/html\n\n<p><img src=\"https://x.test/a.png\"></p>"+
		"<div class=\"gmail_quote\"><div>On 2.11.2026 Acme wrote:</div><blockquote>old</blockquote></div>"))
	wantContains(t, "text", in.Text, "old")
}
