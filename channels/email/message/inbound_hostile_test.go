package message

import (
	"encoding/base64"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/channels/golden"
)

// hostile makes mails of about size bytes that are meant to cost time or memory.
type hostile struct{ size int }

// repeat repeats a piece up to the size.
func (h hostile) repeat(piece string) string { return strings.Repeat(piece, h.size/len(piece)+1) }

// repeatNumbered repeats a piece up to the size, with another number in each.
func (h hostile) repeatNumbered(format string) string {
	var b strings.Builder
	for i := 0; b.Len() < h.size; i++ {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

const hostileHead = "From: a@b.test\r\nSubject: x\r\nMessage-ID: <h@b.test>\r\n"

func (hostile) text(body string) string {
	return hostileHead + "Content-Type: text/plain; charset=utf-8\r\n\r\nwords " + body
}

func (hostile) page(html string) string {
	return hostileHead + "Content-Type: text/html; charset=utf-8\r\n\r\nwords " + html
}

func (hostile) head(fields string) string { return hostileHead + fields + "\r\n\r\nwords" }

func (h hostile) parts(kind, part string) string {
	return hostileHead + "Content-Type: multipart/" + kind + "; boundary=x\r\n\r\nwords" + h.repeat("--x\r\n"+part+"\r\n") + "--x--\r\n"
}

func (hostile) report(prose string) string {
	return crlf("From: mailer-daemon@b.test\nSubject: failure notice\nReferences: <"+messageID(1, 2)+">\n\n") + "words\n" + prose
}

// texts are mails of plain text. Each piece is repeated alone, above a quote, in a quote, and in a report.
func (h hostile) texts() map[string]string {
	mails := map[string]string{
		"run of quote marks":   h.text("\r\n" + h.repeat(">")),
		"one word":             h.text(h.repeat("a") + "://"),
		"url":                  h.text("https://x.test/" + h.repeat("a_&amp;(")),
		"url brackets":         h.text("https://x.test/" + h.repeat(")")),
		"blanks":               h.text(h.repeat(" ") + "x"),
		"flowed":               hostileHead + "Content-Type: text/plain; format=flowed\r\n\r\n" + h.repeat(strings.Repeat(">", 500)+" a \r\n"),
		"report without codes": h.report(strings.Repeat("<a@x.test>:\nword\n\n", 100) + h.repeat("word\n")),
		"report of codes":      h.report(h.repeat("<a@x.test>:\n550 5.1.1 x\n\n")),
	}
	for _, piece := range []string{
		"\r\n", ">\r\n", "> > > words\r\n", "On 1 May 2026, a@b.test wrote:\r\n", "On 1:\n", "On 1 a@b.c 12:00:\n",
		"On 1 " + strings.Repeat("wrot ", 60) + "12:0 x:\n", "-->",
		"From: a\r\n", "From: a\nTo: b\n", "-----------\r\n", "--a--\n", "-- \n", "Sent from my iPhone\n", "see below\n", "u.\n",
		"schrieb a@b.test 12:00 ",
		"https://x.test/(a)_b ", "a://", "1http://", "*a_~", "[](", "&#1;&", "\x00", "123456789. \r\n", "=\n", "\\", "`", "|-|\n",
		"<<", "\u00a0", "\u200b\n", "\u202e",
		"c1.00000000 ", "c1.m1.00000000 ", "4 5 ", "(a" + strings.Repeat("b", 90) + "\n", "(@\n", "Message-ID:<", "Message-ID:\n",
		"delivery d",
	} {
		mails["text of "+piece] = h.text("\r\n" + h.repeat(piece))
		mails["text, then a quote, of "+piece] = h.text("\r\n" + h.repeat(piece) + "\n> quoted")
		mails["quoted text of "+piece] = h.text("> x\n" + h.repeat("> "+piece))
		mails["report of "+piece] = h.report(h.repeat(piece))
	}
	return mails
}

// pages are mails of HTML. Each piece is repeated alone, and deep inside other elements.
func (h hostile) pages() map[string]string {
	border := "<div style='border-top:solid #e1e1e1 1.0pt'>"
	wideRow := strings.Repeat("<td><a href=https://x.test/"+strings.Repeat("a", 400)+">b</a>", 20)
	emptyRows := strings.Repeat("<tr>"+strings.Repeat("<td>", 20), 199)
	formatted := "<p>"
	for i := range 300 {
		formatted += fmt.Sprintf("<font x=%d>", i)
	}
	mails := map[string]string{
		"html: bordered":             h.page(strings.Repeat(border, 40) + "x"),
		"html: formatted paragraphs": h.page(formatted + h.repeat("<p>x")),
		"html: bodies":               h.page(h.repeatNumbered("<body a%d=x>")),
		"html: htmls":                h.page(h.repeatNumbered("<html a%d=x>")),
		"html: attributes":           h.page("<p " + h.repeatNumbered("a%d=b ") + ">x"),
		"html: one attribute":        h.page("<p title='" + h.repeat("&amp;") + "'>x"),
		"html: deep":                 h.page(h.repeat("<div>")),
		"html: entities in a tag":    h.page("<" + h.repeat("a&")),
		"html: lists in lists":       h.page(h.repeat(strings.Repeat("<ul><li>x", 100) + strings.Repeat("</ul>", 100))),
		"html: spans in spans":       h.page(h.repeat(strings.Repeat("<span>", 490) + "x" + strings.Repeat("</span>", 490))),
		"html: quotes in quotes":     h.page(h.repeat(strings.Repeat("<blockquote>x", 200) + strings.Repeat("</blockquote>", 200))),
		"html: tables in tables":     h.page(strings.Repeat("<table><tr><td>", 120) + h.repeat("<table><tr><td>a<td>b<tr><td>c<td>d</table>")),
		"html: cells":                h.page("<table><tr>" + h.repeat("<td>a")),
		"html: rows":                 h.page("<table>" + h.repeat("<tr><td>a<td>b")),
		"html: text in a table":      h.page("<table>" + h.repeat("x<tr>")),
		"html: code":                 h.page("<pre>" + h.repeat("` ~ ```\n")),
		"html: zero fonts":           h.page(strings.Repeat("<div style='font-size:0'>", 400) + h.repeat("<b>x</b>")),
		"html: long style":           h.page(h.repeat("<p style='" + strings.Repeat("font-size : 0x;", 250) + "'>x")),
		"html: comment":              h.page("<!--" + h.repeat("--")),
		"html: wide columns":         h.page(h.repeat("<table><tr>" + wideRow + emptyRows + "</table>")),
	}
	for _, piece := range []string{
		border, border + "x</div>", "<b>words</b> https://x.test/ ", "<a href=https://x.test/>x</a>",
		"<a href=https://x.test/>https://x.test/</a>", "<a href=https://www.x.test>www.a.test</a>", "a!<a href=https://x.test>b</a>",
		"<b><i><u><s>x</p>", "<b>x</b>", "<b>x</b> <i>(y)</i>z", "<b><p>x</b>", "<p>", "<p>x", "</p>", "x</z>", "<z>", "<li>x",
		"<ol start=9999><li>x<br>", "<dl><dd>x", "<br>", "<br>x", "<div>x</div>", "<div>&nbsp;</div>", "<h1>x#</h1>", "<hr>",
		"<img src=https://x.test/a.png alt=a>", "<img src=data:image/png;base64,AAAA>", "<img src=cid:a alt=b>", "<p a=b a=c>x",
		"<p style='margin:0'>x", "<p style=display:none>x", "<span style='font-size:0'>", "<code>`</code>", "<pre>\n</pre>",
		"*_[]~ https://x.test/_a_ ", "&lt;&amp;&gt;", "&", "&a", "&nbsp;", "<!-- x -->", "<!--", "<", "-->", "_ ",
		"<table><tr><td>", "<table><tr><td>a<td>b<tr><td>c<td>d</table>", "<svg><a/></svg>", "<select><xmp></select>",
		"<title>x</title>", "<o:p>x</o:p>",
	} {
		mails["html of "+piece] = h.page(h.repeat(piece))
		mails["html, deep, of "+piece] = h.page(strings.Repeat("<div><span>", 120) + h.repeat(piece))
		mails["html, boxed, of "+piece] = h.page("<b><i><s>" + strings.Repeat("<blockquote><ul><li>", 8) + h.repeat(piece))
		mails["html, bordered, of "+piece] = h.page(strings.Repeat(border, 250) + h.repeat(piece))
	}
	return mails
}

// fields are header fields, one long one and many short ones of each kind.
func (h hostile) fields() map[string]string {
	mails := map[string]string{
		"head: fields":             h.head(h.repeat("X-A: b\r\n") + "X: y"),
		"head: folds":              h.head("Subject: " + h.repeat("x\r\n ")),
		"head: long line":          h.head("X-A: " + h.repeat("x")),
		"head: no end":             "From: a@b.test\r\n" + h.repeat("words words\r\n"),
		"head: encoded recipients": h.head("To: " + h.repeatNumbered("=?x?b?/////////////////////////////////////w==?= <a%d@b.test>, ")),
		"head: charsets":           h.head("Subject: " + h.repeatNumbered("=?x%d?b?/////////////////////////////////////w==?= ")),
		"head: recipients":         h.head("To: " + h.repeatNumbered("a%d@b.test, ")),
		"head: recipient fields":   h.head(h.repeatNumbered("To: a%d@b.test\r\n") + "X: y"),
		"head: angles":             h.head("To: " + h.repeat(">")),
		"head: references":         h.head("References: " + h.repeatNumbered("<a%d@b.test> ")),
	}
	names := []string{
		"To", "From", "Reply-To", "Delivered-To", "References", "Message-ID", "Date", "Received", "Subject", "Content-Type",
		"Content-Disposition", "Authentication-Results", "X-Failed-Recipients",
	}
	for _, piece := range []string{
		">", "<>", "<", "<a@b.c>", ":", "a:", "=?utf-8?q?a?= ", "=?utf-8?q?=20?= ", "=?utf-8?q?", "(", "g: (", `"`, `"\`, ",",
		"a@b.test, ", "; a*0=b", "; name*=x''%ff", "x; spf=fail (", "\xff", "\xe4 words ", "\u202e",
		"<\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff>",
	} {
		for _, name := range names {
			mails["head: "+name+" of "+piece] = name + ": " + h.repeat(piece) + "\r\n" + hostileHead + "\r\nwords"
			mails["head: many "+name+" of "+piece] = h.repeat(name+": "+strings.Repeat(piece, 20)+"\r\n") + hostileHead + "\r\nwords"
		}
	}
	return mails
}

// statusHead begins a report on message 2 of ours; the fields of its status follow.
var statusHead = crlf(`From: mailer-daemon@b.test
References: <` + messageID(1, 2) + `>
Content-Type: multipart/report; boundary=x

--x

words
--x
Content-Type: message/delivery-status

Reporting-MTA: x

`)

// bodies are bodies of many parts, of odd charsets and encodings.
func (h hostile) bodies() map[string]string {
	mails := map[string]string{
		"mime: nested":          nested(min(2000, h.size/100+1)),
		"mime: half delimiters": h.parts("mixed", strings.Repeat("--x ", 1000)),
		"mime: alternatives":    h.parts("alternative", "Content-Type: text/html\r\n\r\n<p>x"),
		"mime: mails":           h.parts("digest", "From: a@b.test\r\n\r\nFrom: b@c.test\r\n\r\nx"),
		"mime: statuses":        h.parts("report", "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: x\r\n\r\nAction: x\r\n"),
		"mime: status":          statusHead + h.repeat("Diagnostic-Code: "+strings.Repeat("\xff", 21)+"\r\n\r\n") + "--x--\r\n",

		// Larger than the others: looking for a newline is so cheap that only this shows what all the looking costs.
		"mime: delimiters between bare returns": hostileHead + "Content-Type: multipart/mixed; boundary=x\r\n\r\nwords" +
			hostile{2 << 20}.repeat("\r--xy"),

		"mime: base64 of base64": hostileHead + "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
			h.repeat(base64.StdEncoding.EncodeToString([]byte("Content-Transfer-Encoding: base64\r\n"))),
	}
	for _, part := range []string{
		"", "A:\r\n\r\n", "Content-Type: text/plain\r\n\r\nx", "Content-Type: text/html\r\n\r\n<p>x",
		"Content-Type: image/png; name=a.png\r\nContent-ID: <a>\r\n\r\nx",
		"Content-Type: text/plain\r\n\r\n" + strings.Repeat("\xff", 25), "Content-Type: text/html\r\n\r\n<meta<meta\xff",
		"Content-Type: a/b; name*=x''" + strings.Repeat("%ff", 21) + "\r\n\r\n",
		"Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:x\r\nEND:VEVENT\r\nEND:VCALENDAR",
		"Content-Type: application/ms-tnef\r\n\r\nx",
	} {
		mails["mime: parts of "+part] = h.parts("mixed", part)
	}
	for _, line := range []string{
		"SUMMARY:a\r\n", "ATTENDEE;PARTSTAT=X:a\r\n", "DTSTART;TZID=x:1\r\n", "\r\n ", "A;\"", "BEGIN:VEVENT\r\nEND:VEVENT\r\n",
		"DESCRIPTION:<p>\\n\r\n", "COMMENT:a\\n\\n\r\n",
	} {
		mails["calendar of "+line] = hostileHead + "Content-Type: text/calendar\r\n\r\nBEGIN:VEVENT\r\n" + h.repeat(line)
	}
	for _, charset := range []string{"", "iso-2022-jp", "gb18030", "shift_jis", "utf-16", "klingon"} {
		for _, piece := range []string{"\xff\xc3", "+AGE", "\x1b$B$\"", "\x81\x30", "<meta<meta\xff"} {
			mails["charset "+charset+" of "+piece] = hostileHead + "Content-Type: " +
				"text/plain; charset=" + charset + "\r\n\r\nwords " + h.repeat(piece)
		}
	}
	for _, encoding := range []string{"base64", "quoted-printable"} {
		for _, piece := range []string{"=", "= \t", "=3D", "YWJj", "\r\n", "a\r\n"} {
			head := hostileHead + "Content-Transfer-Encoding: " + encoding + "\r\n\r\n"
			mails["encoding "+encoding+" of "+piece] = head + h.repeat(piece)
		}
	}
	return mails
}

// all returns all of these mails by name.
func (h hostile) all() map[string]string {
	all := h.texts()
	for _, more := range []map[string]string{h.pages(), h.fields(), h.bodies()} {
		maps.Copy(all, more)
	}
	return all
}

// newMailMeter makes a Meter for whole mails. It allows a base time, because a short mail may be nothing but tags or
// parts, of which up to maxHTMLNodes and maxParts are read.
func newMailMeter() *golden.Meter {
	allowed := golden.Usual()
	allowed.Base = 4 * time.Millisecond
	return golden.NewMeterFor(allowed)
}

// textGrowth is how many times longer than a mail its text may be. Tables and lists are filled up, and a longer text
// would cost those who show it.
const textGrowth = 20

// hostileSizes are the lengths of the mails in bytes. From 80,000 bytes on, code that takes quadratic time exceeds its
// budget several times, even if each step is as cheap as comparing two lines of ten letters.
func hostileSizes() []int {
	if os.Getenv("PARLEY_TEST_LONG") != "" {
		return []int{10_000, 80_000, 150_000}
	}
	return []int{80_000}
}

// Naming and decoding a mail takes no more time and memory than its length allows. Each mail gives a message, and its
// text isn't much longer than the mail.
func TestHostileMails(t *testing.T) { // not parallel: it measures what the process spends
	d, m := newTestDecoder(), newMailMeter()
	d.policy()
	for _, size := range hostileSizes() {
		mails := hostile{size}.all()
		for _, name := range slices.Sorted(maps.Keys(mails)) {
			raw := []byte(mails[name])
			t.Run(fmt.Sprintf("%d bytes, %s", size, name), func(t *testing.T) {
				m.Check(t, len(raw), func() { Fact(raw) })
				m.Check(t, len(raw), func() {
					ins, err := d.Decode(raw)
					if err != nil {
						t.Error(err)
					}
					if len(ins) == 0 {
						t.Error("decoded: got no message, want one at least")
					}
					for _, in := range ins {
						if got, most := len(in.Text), textGrowth*len(raw); got > most {
							t.Errorf("text: got %d bytes, want at most %d", got, most)
						}
					}
				})
			})
		}
	}
}
