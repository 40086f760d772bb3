package email

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// hostileMails are mails that are made to cost time or memory; whole, each is a few MB.
func hostileMails(percent int) map[string]string {
	rep := func(s string, n int) string { return strings.Repeat(s, n*percent/100) }
	const words = "words "
	text := func(body string) string {
		return "From: a@b.test\r\nSubject: x\r\nMessage-ID: <h@b.test>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + words + body
	}
	page := func(html string) string {
		return "From: a@b.test\r\nMessage-ID: <h@b.test>\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + words + html
	}
	head := func(name, value string) string {
		return "From: a@b.test\r\nMessage-ID: <h@b.test>\r\n" + name + ": " + value + "\r\n\r\n" + words
	}
	parts := func(kind, part string, n int) string {
		return "From: a@b.test\r\nContent-Type: multipart/" + kind + "; boundary=x\r\n\r\n" + words + rep("--x\r\n"+part+"\r\n", n) + "--x--\r\n"
	}
	const mb = 1 << 20
	return map[string]string{
		"text: quote marks":    text("\r\n" + rep(">\r\n", 5*mb/3)),
		"text: quote run":      text("\r\n" + rep(">", 5*mb)),
		"text: quoted words":   text("\r\n" + rep("> > > words\r\n", 5*mb/13)),
		"text: attributions":   text("\r\n" + rep("On 1 May 2026, a@b.test wrote:\r\n", 19_000)),
		"text: headers":        text("\r\n" + rep("From: a\r\n", 19_000)),
		"text: separators":     text("\r\n" + rep("-----------\r\n", 19_000)),
		"text: one line":       text(rep("schrieb a@b.test 12:00 ", 5*mb/23)),
		"text: urls":           text(rep("https://x.test/(a)_b ", 5*mb/21)),
		"text: url":            text("https://x.test/" + rep("a_&amp;(", 5*mb/8)),
		"text: schemes":        text(rep("a://", 5*mb/4)),
		"text: words://":       text(rep("1http://", 5*mb/8)),
		"text: letters://":     text(rep("a", 5*mb) + "://"),
		"text: marks":          text(rep("*a_~", 5*mb/4)),
		"text: brackets":       text(rep("[](", 5*mb/3)),
		"text: entities":       text(rep("&#1;&", mb)),
		"text: blanks":         text(rep(" ", 5*mb)),
		"text: empty lines":    text(rep("\r\n", 5*mb/2)),
		"text: nuls":           text(rep("\x00", 5*mb)),
		"text: broken utf-8":   text(rep("\xff\xc3", 5*mb/2)),
		"text: digits":         text("\r\n" + rep("123456789. \r\n", 5*mb/13)),
		"html: nested divs":    page(rep("<div>", 100_000)),
		"html: deep and wide":  page(strings.Repeat("<div>", 480) + rep("<b>words</b> https://x.test/ ", 40_000)),
		"html: deep links":     page(strings.Repeat("<div><span>", 240) + rep("<a href=https://x.test/>x</a>", 40_000)),
		"html: spans in spans": page(rep(strings.Repeat("<span>", 490)+"x"+strings.Repeat("</span>", 490), 300)),
		"html: formatting":     page(rep("<b><i><u><s>x</p>", 60_000)),
		"html: tables":         page(strings.Repeat("<table><tr><td>", 120) + rep("<table><tr><td>a<td>b<tr><td>c<td>d</table>", 20_000)),
		"html: nested tables":  page(rep("<table><tr><td>x<td>", 100_000)),
		"html: rows":           page("<table>" + rep("<tr><td>a<td>b", 100_000)),
		"html: cells":          page("<table><tr>" + rep("<td>a", 300_000)),
		"html: lists":          page(rep(strings.Repeat("<ul><li>x", 100)+strings.Repeat("</ul>", 100), 200)),
		"html: items":          page("<ol>" + rep("<li>x", 200_000)),
		"html: quotes":         page(rep(strings.Repeat("<blockquote>x", 200)+strings.Repeat("</blockquote>", 200), 100)),
		"html: breaks":         page(rep("<br>", 400_000)),
		"html: lines":          page(rep("<div>x</div>", 150_000)),
		"html: pictures":       page(rep("<img src=https://x.test/a.png alt=a>", 50_000)),
		"html: data pictures":  page(rep("<img src=data:image/png;base64,AAAA>", 50_000)),
		"html: attributes":     page("<p " + rep("a=b ", 400_000) + ">x"),
		"html: many attrs":     page(rep("<p "+strings.Repeat("a=b ", 100)+">x", 4000)),
		"html: zero fonts":     page(strings.Repeat("<div style='font-size:0'>", 400) + rep("<b>x</b>", 100_000)),
		"html: long style":     page(rep("<p style='"+strings.Repeat("font-size : 0x;", 250)+"'>x", 400)),
		"html: one text":       page(rep("*_[]~ https://x.test/_a_ ", 80_000)),
		"html: entities":       page(rep("&lt;&amp;&gt;", 150_000)),
		"html: comments":       page(rep("<!-- x -->", 200_000)),
		"html: comment opens":  page(rep("<!--", 500_000)),
		"html: tag opens":      page(rep("<", 2*mb-1000)),
		"html: pre":            page("<pre>" + rep("` ~ ```\n", 200_000)),
		"html: code":           page(rep("<code>`</code>", 100_000)),
		"html: headings":       page(rep("<h1>x</h1>", 100_000)),
		"html: too large":      page(rep("<b>x</b>", 5*mb/8)),
		"mime: parts":          parts("mixed", "Content-Type: text/plain\r\n\r\nx", 10_000),
		"mime: html parts":     parts("mixed", "Content-Type: text/html\r\n\r\n<p>x", 10_000),
		"mime: files":          parts("mixed", "Content-Type: image/png; name=a.png\r\nContent-ID: <a>\r\n\r\nx", 10_000),
		"mime: alternatives":   parts("alternative", "Content-Type: text/html\r\n\r\n<p>x", 10_000),
		"mime: delimiters":     parts("mixed", "", 500_000),
		"mime: half delimiter": parts("mixed", rep("--x ", 1000), 1000),
		"mime: nested":         nested(2000),
		"mime: mails":          parts("digest", "From: a@b.test\r\n\r\nFrom: b@c.test\r\n\r\nx", 10_000),
		"mime: calendars":      parts("mixed", "Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:x\r\nEND:VEVENT\r\nEND:VCALENDAR", 10_000),
		"head: subject":        head("Subject", rep("=?utf-8?q?=20?= ", 60_000)),
		"head: open words":     head("Subject", rep("=?utf-8?q?", 90_000)),
		"head: references":     head("References", rep("<a@b.test> ", 90_000)),
		"head: recipients":     head("To", rep("a@b.test, ", 90_000)),
		"head: groups":         head("To", rep("g: (", 200_000)),
		"head: quotes":         head("To", rep(`"\`, 400_000)),
		"head: date":           head("Date", rep("(", 900_000)),
		"head: type":           head("Content-Type", "text/plain"+rep("; a*0=b", 120_000)),
		"head: type quotes":    head("Content-Type", `text/plain; name="`+rep(`\"`, 400_000)),
		"head: results":        head("Authentication-Results", rep("x; spf=fail (", 70_000)),
		"head: fields":         "From: a@b.test\r\n" + rep("X-A: b\r\n", 600_000) + "\r\n" + words,
		"head: froms":          rep("From: a@b.test\r\n", 60_000) + "\r\n" + words,
		"head: receiveds":      rep("Received: x; yesterday\r\n", 40_000) + "From: a@b.test\r\n\r\n" + words,
		"head: folds":          head("Subject", rep("x\r\n ", 250_000)),
		"head: long line":      head("X-A", rep("x", 5*mb)),
		"head: no end":         "From: a@b.test\r\n" + rep("words words\r\n", 5*mb/13),
		"bounce: prose":        "From: mailer-daemon@b.test\r\nSubject: failure notice\r\n\r\n" + rep("<a@x.test>:\n550 5.1.1 x\n\n", 5*mb/24),
		"bounce: status": "From: mailer-daemon@b.test\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n--x\r\n\r\nwords\r\n--x\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n" +
			rep("Final-Recipient: rfc822; a@x.test\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n", 70_000) + "--x--\r\n",
	}
}

// TestHostileMails: no mail takes more than its length deserves, neither to be named
// nor to be decoded, and each gives something to show.
func TestHostileMails(t *testing.T) {
	t.Parallel()
	for name, raw := range hostileMails(10) {
		started := time.Now()
		factID([]byte(raw))
		ins, err := newTestDecoder().decode([]byte(raw))
		if err != nil || len(ins) == 0 {
			t.Errorf("%s: %d messages, %v", name, len(ins), err)
		}
		if d := time.Since(started); d > patience { // 0.2 s alone; what grows with the square of its length takes many minutes
			t.Errorf("%s: took %v", name, d)
		} else if d > time.Second {
			t.Logf("%s: took %v", name, d)
		}
	}
}

// BenchmarkHostile measures time and memory of each, whole.
func BenchmarkHostile(b *testing.B) {
	mails := hostileMails(100)
	for _, name := range slices.Sorted(maps.Keys(mails)) {
		raw := []byte(mails[name])
		b.Run(strings.ReplaceAll(name, " ", "-")+fmt.Sprintf("-%dkB", len(raw)>>10), func(b *testing.B) {
			d := newTestDecoder()
			b.ReportAllocs()
			for b.Loop() {
				factID(raw)
				_, _ = d.decode(raw)
			}
		})
	}
}
