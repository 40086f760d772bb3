package email

import (
	"html"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"parley/channels"
	"parley/channels/budget"
	"parley/channels/email/rawmail"
)

// addSamples seeds a fuzz target with the sample mails. long are those of which TestHostileMails reads
// long forms.
func addSamples(f *testing.F) (long map[string]bool) {
	files, err := filepath.Glob("testdata/mail/*.eml")
	if err != nil || len(files) == 0 {
		f.Fatalf("no sample mails: %v", err)
	}
	for _, path := range files {
		f.Add(sampleMail(f, path))
	}
	if folder := os.Getenv("PARLEY_TESTDATA"); folder != "" {
		more, err := filepath.Glob(filepath.Join(folder, "mail", "*", "*.eml"))
		if err != nil {
			f.Fatal(err)
		}
		for _, path := range more {
			f.Add(sampleMail(f, path))
		}
	}
	mails := hostile{500}.all()
	long = map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(mails)) {
		f.Add([]byte(mails[name]))
		long[mails[name]] = true
	}
	f.Add([]byte(nested(40)))
	f.Add(append([]byte("From: a@b.test\nContent-Type: application/ms-tnef\n\n"), testTNEF()...))
	return long
}

// FuzzDecode: whatever bytes a mailbox holds, a message comes of them that can be
// read, stored and told apart; the same each time.
func FuzzDecode(f *testing.F) {
	long := addSamples(f)
	d, m := newTestDecoder(), newMailMeter()
	check := func(t *testing.T, payload []byte) {
		m.Check(t, len(payload), func() { factID(payload) })
		m.Check(t, len(payload), func() {
			e, raw := splitPayload(payload)
			d.decodeMail(e, raw)
		})
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		if len(payload) > 1<<16 {
			return
		}
		check(t, payload)
		if head, body := rawmail.SplitHead(payload); !long[string(payload)] {
			if many, ok := budget.Repeated(body); ok {
				check(t, slices.Concat(head, []byte("\n"), many))
			}
			if many, ok := budget.Repeated(head); ok {
				check(t, slices.Concat(many, []byte("\n"), body))
			}
		}
		e, raw := splitPayload(payload)
		ins := d.decodeMail(e, raw) // without the net that catches panics
		if e.Sent && len(ins) == 0 {
			return // nobody of the team wrote it
		}
		if problem := unreadable(ins); problem != "" {
			t.Fatal(problem)
		}
		for _, in := range ins {
			checkInbound(t, in)
		}
		if again := d.decodeMail(e, raw); !reflect.DeepEqual(ins, again) {
			t.Fatalf("read again, it became another message:\n%+v\nfirst:\n%+v", again, ins)
		}
		if id := factID(raw); len(id) != 37 {
			t.Fatalf("fact id %q", id)
		}
	})
}

// checkInbound checks what the engine relies on.
func checkInbound(t *testing.T, in channels.Inbound) {
	t.Helper()
	if len(in.ExternalID) > 510 || strings.ContainsAny(in.ExternalID, "\x00\n") || !utf8.ValidString(in.ExternalID) {
		t.Fatalf("external id %q", in.ExternalID)
	}
	if strings.ContainsAny(in.Subject+in.From.Name+in.From.Key, "\n\r\x00") {
		t.Fatalf("line breaks in a header: %q from %q", in.Subject, in.From.Name)
	}
	if (in.Kind == channels.InboundStatus) != (in.Status != nil) {
		t.Fatalf("kind %s, status %v", in.Kind, in.Status)
	}
	for _, a := range in.Attachments {
		if a.Name == "" || strings.ContainsAny(a.Name, "/\\\x00\n") || !utf8.ValidString(a.Name) || !utf8.ValidString(a.ContentType+a.ContentID) {
			t.Fatalf("attachment %q %q %q", a.Name, a.ContentType, a.ContentID)
		}
	}
	for _, p := range append(append(append([]channels.Party{}, in.To...), in.Cc...), in.ReplyTo...) {
		if !strings.Contains(p.Key, "@") || p.Key != strings.ToLower(p.Key) {
			t.Fatalf("party %q", p.Key)
		}
	}
	safe := safeHTML(in)
	lower := strings.ToLower(safe)
	for _, bad := range []string{"<script", "<iframe", "<svg", "<form", "<style", "<object", "javascript:", " onerror=", " src=\"http"} {
		if i := strings.Index(lower, bad); i >= 0 && strings.HasPrefix(bad, "<") {
			t.Fatalf("HTML holds %s: %q", bad, safe)
		} else if i >= 0 && insideTag(lower, i) {
			t.Fatalf("HTML holds %s in a tag: %q", bad, safe)
		}
	}
}

// insideTag reports whether position i of HTML lies in a tag.
func insideTag(s string, i int) bool {
	return strings.LastIndexByte(s[:i], '<') > strings.LastIndexByte(s[:i], '>')
}

// FuzzMarkdown: plain text becomes Markdown that shows the same letters and
// nothing else, whether it comes as plain text or as the text of HTML.
func FuzzMarkdown(f *testing.F) {
	for _, s := range []string{
		"# a\n> b\n- c\n1. d", "*a* _b_ `c` ~d~ **e** __f__", "[a](b) ![c](d) <e> &lt; \\* \\", "a | b\n--- | ---\nc | d", "a\n===\nb\n---",
		"https://x.test/a_b*c?d=1&lt;=2 www.x.test a@b.test", "```\nx\n```\n    y\n\tz", "[a]: http://x\n[a]", "<!-- x --> <b>\n<?x?>", "* * *\n___\n***", "2) x\n+ y\n10. z", "- [ ] task", "a\\\nb  \nc", "_a_b_ *a*b* a_b", "~~~\nx", "http://[x](y)_z_", "!<https://x> \\https://x_y",
		"\u00a0\u2003# a", "a\u2028# b", "1\\. x", "&#35; x", "\\_a_", "a*\nb*", "[^1]: x", "|a|\n|-|", ":-:|\n-|-",
	} {
		f.Add(s)
	}
	for _, s := range budget.Seeds() {
		f.Add(s)
	}
	m := budget.NewMeter()
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 2000 {
			return
		}
		budget.CheckRepeated(t, m, text, func(s string) { markdownText(s) })
		text = rawmail.DropControls(strings.ToValidUTF8(text, ""))
		out := markdownText(text)
		if tag := forged(t, out); tag != "" {
			t.Fatalf("%q became %s by %q:\n%s", text, tag, out, renderMarkdown(t, out))
		}
		var plain strings.Builder
		for line := range strings.SplitSeq(text, "\n") {
			_, line = quoteDepth(line)
			plain.WriteString(line)
		}
		if got, want := visible(renderMarkdown(t, out)), letters(plain.String()); got != want {
			t.Fatalf("%q shows %q, by %q", want, got, out)
		}
		body := newHTMLReader(true, nil).read("<p>" + html.EscapeString(text) + "</p>")
		if tag := forged(t, body.text); tag != "" {
			t.Fatalf("in HTML %q became %s by %q:\n%s", text, tag, body.text, renderMarkdown(t, body.text))
		}
		if got, want := visible(renderMarkdown(t, body.text)), letters(text); got != want {
			t.Fatalf("in HTML %q shows %q, by %q", want, got, body.text)
		}
	})
}

// FuzzHTML: HTML of any kind gives Markdown in which links lead only where links
// may, and HTML in which nothing acts.
func FuzzHTML(f *testing.F) {
	for _, s := range []string{
		"<p>a</p><div>b<br>c</div>", "<a href='javascript:x'>a</a><a href='https://x.test/)('>b</a>", "<table><tr><td>a|b</td><td>c</td></tr><tr><td>d</td><td>e</td></tr></table>",
		"<pre>```\nx</pre><code>`a*b`</code>", "<ul><li>a<ol start=5><li>b</ol></ul>", "<blockquote type=cite>x</blockquote>y", "<b> a</b><i>b </i>", "<h1>a<br>b</h1>",
		"<img src='cid:a' alt='](http://evil.test)'><img src='data:image/png;base64,AAAA' alt='x'>", "<a href=\"https://x.test/\n\">a\nb</a>", "<del>a</del><s>b</s>", "<div id=divRplyFwdMsg>From: a</div>",
		"<svg><script>x</script></svg><math><a xlink:href='javascript:1'>", "<p title='\"><script>'>x", "<a href='https://x.test' title='\"'>t</a>",
	} {
		f.Add(s)
	}
	for _, s := range budget.Seeds() {
		f.Add(s)
	}
	d, m := newTestDecoder(), newMailMeter()
	f.Fuzz(func(t *testing.T, source string) {
		if len(source) > 4000 {
			return
		}
		budget.CheckRepeated(t, m, source, func(s string) { newHTMLReader(false, nil).read(s) })
		cids := map[string]string{"a": "a.png"}
		checkInbound(t, channels.Inbound{HTML: &page{decoder: d, segments: []segment{{html: source}}, cids: cids}})
		body := newHTMLReader(false, cids).read(source)
		for _, text := range []string{body.text, body.quoted} {
			for _, m := range markupTag.FindAllStringSubmatch(renderMarkdown(t, text), -1) {
				if strings.Contains(m[3], "javascript:") || m[2] == "script" || strings.Contains(m[3], "src=\"http") {
					t.Fatalf("%q: %s by %q", source, m[0], text)
				}
			}
		}
	})
}

// FuzzQuote: hiding loses nothing and never hides all.
func FuzzQuote(f *testing.F) {
	for _, s := range []string{
		"a\n\nOn 2.11.2026 x@y.test wrote:\n> b", "a\n-- \nb", "> a\nb\n> c", "From: a\nSent: b\nTo: c\nSubject: d", "-----Original Message-----\nx", "a\nSent from my iPhone", "\n\n> x",
		"Am 1.1. um 10:00 schrieb\nx@y.test:\n>b", "差出人: a\n宛先: b\n件名: c",
	} {
		f.Add(s, false)
	}
	for _, s := range budget.Seeds() {
		f.Add(s, false)
	}
	m := budget.NewMeter()
	f.Fuzz(func(t *testing.T, text string, whole bool) {
		budget.CheckRepeated(t, m, text, func(s string) { splitQuote(s, whole) })
		now, history := splitQuote(text, whole)
		if history == "" && now != text || history != "" && now+"\n"+history != text {
			t.Fatalf("%q became %q and %q", text, now, history)
		}
		if strings.TrimSpace(text) != "" && strings.TrimSpace(now) == "" {
			t.Fatalf("all of %q is hidden", text)
		}
		if whole && history != "" {
			t.Fatalf("hid %q of a forward", history)
		}
	})
}

// FuzzToken: only what a key of ours made is a token.
func FuzzToken(f *testing.F) {
	f.Add(int64(12), int64(34), "c12.m34.01234567@acme.test")
	f.Add(int64(1), int64(0), "<c1.ffffffff>")
	for _, s := range append(budget.Seeds(), "c1.", "c1.00000000 ", "c1.m1.00000000 ") {
		f.Add(int64(1), int64(1), s)
	}
	m := budget.NewMeter()
	f.Fuzz(func(t *testing.T, conv, msg int64, text string) {
		budget.CheckRepeated(t, m, text, func(s string) { scanTokens(decodeKeys, []byte(s)) })
		if c, m, ok := parseToken(decodeKeys, text); ok {
			made := false
			for _, key := range decodeKeys {
				id := messageID(key, c, m, "")
				if m == 0 {
					id = anchorID(key, c, "")
				}
				made = made || strings.Contains(strings.ToLower(text), strings.TrimSuffix(id, "@"))
			}
			if !made {
				t.Fatalf("%q counted as %d, %d", text, c, m)
			}
		}
		for _, tok := range scanTokens(decodeKeys, []byte(text)) {
			if tok.conversation <= 0 {
				t.Fatalf("%q holds %v", text, tok)
			}
		}
		if conv < 1 || msg < 1 || conv > 1e17 || msg > 1e17 {
			return
		}
		if c, m, ok := parseToken(decodeKeys, messageID(decodeKeys[1], conv, msg, "acme.test")); !ok || c != conv || m != msg {
			t.Fatalf("our own token gave %d, %d, %v", c, m, ok)
		}
	})
}

// FuzzTNEF: no winmail.dat reads outside itself.
func FuzzTNEF(f *testing.F) {
	f.Add(testTNEF())
	m := budget.NewMeter()
	f.Fuzz(func(t *testing.T, b []byte) {
		m.Check(t, len(b), func() { decodeTNEF(b, rawmail.NewGuesser()) })
		if long, ok := budget.Repeated(b[min(len(b), 6):]); ok { // behind the signature
			long = slices.Concat(b[:6], long)
			m.Check(t, len(long), func() { decodeTNEF(long, rawmail.NewGuesser()) })
		}
		if r, ok := decodeTNEF(b, rawmail.NewGuesser()); ok {
			total := 0
			for _, file := range r.files {
				total += len(file.Content)
			}
			if total > len(b)*tnefMaxParts || len(r.files) > tnefMaxParts {
				t.Fatalf("%d bytes in %d files of %d bytes", total, len(r.files), len(b))
			}
		}
	})
}
