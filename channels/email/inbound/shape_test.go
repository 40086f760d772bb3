package inbound

import (
	"strings"
	"testing"
)

// shaped gives a mail with a subject, a type and a body.
func shaped(subject, kind, body string) string {
	return "From: Ann <ann@customer.test>\r\nTo: help@acme.test\r\nMessage-ID: <a@customer.test>\r\nSubject: " + subject +
		"\r\nContent-Type: " + kind + "\r\n\r\n" + strings.ReplaceAll(body, "\n", "\r\n")
}

// inParts gives the body of a multipart with boundary b. Each part is a type and a text.
func inParts(parts ...[2]string) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString("--b\nContent-Type: " + p[0] + "\n\n" + p[1] + "\n")
	}
	return b.String() + "--b--\n"
}

const (
	gmailQuote = `<div class="gmail_quote"><div class="gmail_attr">On Mon, Nov 2, 2026 at 10:15 AM Acme &lt;help@acme.test&gt; wrote:</div>` +
		`<blockquote class="gmail_quote">Old</blockquote></div>`
	attribution = "On Mon, Nov 2, 2026 at 10:15 AM Acme <help@acme.test> wrote:\n> Old"
)

// TestAnswerInPlainAlone: some programs write an answer into the plain form, and only the quote into the HTML.
func TestAnswerInPlainAlone(t *testing.T) {
	t.Parallel()
	in := decodeOne(t, shaped("Re: x", "multipart/alternative; boundary=b", inParts(
		[2]string{"text/plain", "My answer.\n\n" + attribution}, [2]string{"text/html", gmailQuote})))
	wantEqual(t, "text", in.Text, "My answer.")
	wantText(t, "quote", in.Original.Quoted, "Old")
	for name, plain := range map[string]string{"the quote alone": attribution, "unmarked": "Old", "nothing": ""} {
		in := decodeOne(t, shaped("Re: x", "multipart/alternative; boundary=b", inParts(
			[2]string{"text/plain", plain}, [2]string{"text/html", gmailQuote})))
		wantText(t, name, in.Text, "> Old")
	}
}

// TestFormsOfOneType: parts of one type are no forms of the same text. None of them is left out, and none is shown twice.
func TestFormsOfOneType(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"text/plain", "text/html"} {
		in := decodeOne(t, shaped("x", "multipart/alternative; boundary=b", inParts(
			[2]string{kind, "First"}, [2]string{kind, "Second"}, [2]string{kind, "First"})))
		wantEqual(t, kind+": text", in.Text, "First\n\nSecond")
	}
	in := decodeOne(t, shaped("x", "multipart/alternative; boundary=b", inParts(
		[2]string{"text/plain", "Plain"}, [2]string{"text/plain", "Footer"}, [2]string{"text/html", "<p>HTML</p>"})))
	wantEqual(t, "text in both forms", in.Text, "HTML")
}

// TestPictureAboveText: Apple Mail writes an empty piece of HTML above a picture at the beginning. The text below it is shown
// once, and the plain form stands in for the HTML only where no piece has any text.
func TestPictureAboveText(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ below, want string }{
		"a text below it":        {"<html><body>Where is it?</body></html>", "Where is it?"},
		"the HTML says nothing":  {"<html><body><br></body></html>", "Where is it, plainly?"},
		"an answer in the plain": {gmailQuote, "My answer."},
	} {
		plain := map[bool]string{true: "My answer.\n\n" + attribution, false: "Where is it, plainly?"}[c.below == gmailQuote]
		mixed := strings.ReplaceAll(inParts([2]string{"text/html", "<html><head></head><body><br></body></html>"},
			[2]string{"image/jpeg; name=a.jpg", "x"}, [2]string{"text/html", c.below}), "--b", "--c")
		in := decodeOne(t, shaped("x", "multipart/alternative; boundary=b", inParts(
			[2]string{"text/plain", plain}, [2]string{"multipart/mixed; boundary=c", mixed})))
		wantEqual(t, name, in.Text, c.want)
		wantEqual(t, name+": files", len(in.Attachments), 1)
	}
}

// TestForwardBesideEmptyText: mail programs write an empty text beside a mail that they forward as a file.
func TestForwardBesideEmptyText(t *testing.T) {
	t.Parallel()
	inner := "From: Bob <bob@customer.test>\nSubject: Inner\n\nWhere is my lamp?"
	for name, empty := range map[string][2]string{
		"plain": {"text/plain", "\n"},
		"html":  {"text/html", `<div dir="ltr"><br></div>`},
		"both":  {"multipart/alternative; boundary=c", "--c\nContent-Type: text/plain\n\n\n--c\nContent-Type: text/html\n\n<div dir=\"ltr\"><br></div>\n--c--\n"},
	} {
		in := decodeOne(t, shaped("Inner", "multipart/mixed; boundary=b", inParts(empty, [2]string{"message/rfc822", inner})))
		wantText(t, name, in.Text, "bob@customer.test")
		wantText(t, name, in.Text, "Where is my lamp?")
		wantEqual(t, name+": files", len(in.Attachments), 1)
	}
	in := decodeOne(t, shaped("Inner", "multipart/mixed; boundary=b", inParts([2]string{"text/plain", "Look at this."}, [2]string{"message/rfc822", inner})))
	wantEqual(t, "text where it isn't empty", in.Text, "Look at this.")
}

// TestJapaneseHeaders: old Japanese programs write headers in ISO-2022-JP without encoding them. Its bytes may be those of quotes,
// commas and brackets.
func TestJapaneseHeaders(t *testing.T) {
	t.Parallel()
	const name = "\x1b$B\"<,\"\x1b(B" // a letter has the bytes "< and ,"
	in := decodeOne(t, "From: "+name+" <ann@customer.test>\r\nTo: help@acme.test\r\nSubject: \x1b$BCmJ8\x1b(B\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nx")
	wantEqual(t, "subject", in.Subject, "注文")
	wantEqual(t, "sender", in.From.Key, "ann@customer.test")
	if strings.ContainsAny(in.From.Name, "\"<,$") {
		t.Errorf("got the name %q, want the letter without its bytes in ASCII", in.From.Name)
	}
}

// TestTextAsInlineFile: some programs give the text of a mail a file's name. Where it is all that a mail says, it is
// shown, and stays a file. Beside other words, as a file, or when it is long, it is a file alone.
func TestTextAsInlineFile(t *testing.T) {
	t.Parallel()
	named := "text/plain\nContent-Disposition: inline; filename=msg.txt"
	for name, c := range map[string]struct {
		body, want string
	}{
		"alone":          {inParts([2]string{named, "My words"}), "My words"},
		"beside a file":  {inParts([2]string{"image/png; name=a.png", "x"}, [2]string{named, "My words"}), "My words"},
		"HTML":           {inParts([2]string{strings.Replace(named, "plain", "html", 1), "<p>My words</p>"}), "My words"},
		"in two forms":   {inParts([2]string{"multipart/alternative; boundary=c", "--c\nContent-Type: " + named + "\n\nMy words\n--c--"}), "My words"},
		"an empty text":  {inParts([2]string{"text/plain", " "}, [2]string{named, "My words"}), "My words"},
		"beside words":   {inParts([2]string{"text/plain", "See the file"}, [2]string{named, "A log"}), "See the file"},
		"as a file":      {inParts([2]string{strings.Replace(named, "inline", "attachment", 1), "A log"}), ""},
		"a long one":     {inParts([2]string{named, strings.Repeat("A long log\n", 1000)}), ""},
		"the first only": {inParts([2]string{named, "My words"}, [2]string{named, "A log"}), "My words"},
	} {
		in := decodeOne(t, shaped("x", "multipart/mixed; boundary=b", c.body))
		wantEqual(t, name+": text", in.Text, c.want)
		if len(in.Attachments) == 0 || in.Attachments[len(in.Attachments)-1].Name != "msg.txt" {
			t.Errorf("%s: got the files %+v, want the text as the last", name, in.Attachments)
		}
	}
}
