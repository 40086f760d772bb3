package bodytext

import (
	"strings"
	"testing"
	"time"

	"parley/channels/budget"
)

// TestHTMLToMarkdown: how mailers write, and what people should read.
func TestHTMLToMarkdown(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"divs are lines", "<div>a</div><div>b</div><div><br></div><div>c</div>", "a\nb\n\nc"},
		{"nested divs", "<div><div>a</div><div><div>b</div></div></div>c", "a\nb\nc"},
		{"text then div", "a<div>b</div>c", "a\nb\nc"},
		{"paragraphs", "<p>a</p><p>b</p>", "a\n\nb"},
		{"outlook lines", "<p class=MsoNormal>a</p><p class=MsoNormal>&nbsp;</p><p class=MsoNormal>b</p>", "a\n\nb"},
		{"tight paragraphs", `<p style="margin:0">a</p><p style="margin: 0px">b</p>`, "a\nb"},
		{"breaks", "a<br>b<br><br>c", "a\nb\n\nc"},
		{"emphasis", "<b>a</b> <i>b</i> <strong>c</strong> <em>d</em> <del>e</del>", "**a** *b* **c** *d* ~~e~~"},
		{"blanks in emphasis", "x<b> a </b>y", "x **a** y"},
		{"code", "<code>a*b &lt;c&gt; &amp;amp;</code>", "`a*b <c> &amp;`"},
		{"pre", "<pre>a  b\n  *c* &lt;d&gt;</pre>", "```\na  b\n  *c* <d>\n```"},
		{"heading", "<h2>a_b</h2>text", "## a_b\n\ntext"},
		{"list", "<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>", "- a\n- b\n\n  - c"},
		{"list of divs", "<ol><li><div>a</div></li><li><p>b</p></li></ol>", "1. a\n2. b"},
		{"link", `<a href="https://x.test/?a=1&amp;b=2">go</a>`, "[go](https://x.test/?a=1&b=2)"},
		{"link to itself", `<a href="https://x.test/a_b">https://x.test/a_b</a>`, "<https://x.test/a_b>"},
		{"query stays", `<a href="https://x.test/?q=a+b%2Bc=d">go</a>`, "[go](https://x.test/?q=a+b%2Bc=d)"},
		{"link around block", `<a href="https://x.test/"><div>go</div><div>there</div></a>`, "[go there](https://x.test/)"},
		{"mail link", `<a href="mailto:a_b@x.test">a_b@x.test</a>`, "a_b@x.test"},
		{"phone link", `<a href="tel:+4930">call</a>`, "[call](tel:+4930)"},
		{"script link", `<a href="javascript:x()">go</a> <a href="data:text/html,x">there</a> <a href="/rel">rel</a>`, "go there rel"},
		{"lying link", `<a href="https://evil.test/x">www.bank.test</a>`, "[www.bank.test](https://evil.test/x) (evil.test)"},
		{"link with bracket", `<a href="https://x.test/a)b">a]b</a>`, `[a\]b](https://x.test/a%29b)`},
		{"picture link", `<a href="https://x.test/"><img src="https://x.test/l.png" alt="Logo"></a>`, "[Logo](https://x.test/)"},
		{"empty link", `a<a href="https://x.test/"><img src="https://x.test/l.png"></a>b`, "ab"},
		{"hidden", `<div style="display: none">a</div><span style="font-size:0">b</span><p hidden>c</p>d`, "d"},
		{"newsletter columns", `<div style="font-size:0px"><div style="font-size:13px">a</div></div><div style="mso-hide:all">b</div>`, "a\nb"},
		{"visible sizes", `<span style="font-size:0.9em">a</span><span style="opacity:0.5">b</span>`, "ab"},
		{"layout table", "<table><tr><td>Left</td><td>Right</td></tr><tr><td colspan=2>Below</td></tr></table>", "Left Right\nBelow"},
		{"data table", "<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>x|y</td></tr></table>", "| a | b   |\n|---|-----|\n| 1 | x\\|y |"},
		{"entities", "&lt;b&gt; &amp;lt; &copy; a &amp; b", `\<b> \&lt; © a & b`},
		{"markdown in text", "# a <br>- b <br>1. c <br>*d* _e_ [f](g)", "\\# a\n\\- b\n1\\. c\n\\*d\\* \\_e\\_ \\[f\\](g)"},
		{"middle of a line", "<b>Name</b> - text <i>x</i>: y, <u>in</u> 2024. z", "**Name** - text *x*: y, in 2024. z"},
		{"start in an element", "<div><span>- a</span></div><div><span>2.</span> b</div>", "\\- a\n2\\. b"},
		{"split emphasis", "<span>*</span><span>a</span><span>*</span>", `\*a\*`},
		{"open drawing", "a<svg><text>b<p>c", "a\n\nc"},
		{"drawings that end themselves", "<svg/>a <b>b</b><p>c<svg><path/></svg>d<svg><g/>e</svg>f", "a **b**\n\ncdf"},
		{"hidden signs", `a&#x202e;b&#8;c<img src="cid:known" width=200 alt="d&#x202e;e">`, "abc![de](cid:known)"},
		{"open lines", "<p>a<p>b<ul><li>c<li>d</ul><table><tr><td>e<td>f</table>", "a\n\nb\n\n- c\n- d\n\ne f"},
		{"overlapping elements", "<b><p>a</b> b</p><i>c<div>d</i>e</div> </span>f", "**a**\n\nb*c*\n*d*\ne f"},
		{"no idle marks", "<b>Name:</b>Ann, <b>b</b>c<i>(d)</i>e <b>f</b>.", "Name:Ann, **b**c(d)e **f**."},
		{"styles that end apart", "<b><i>a</i> b</b> <b><i>c</i></b> <i>d <b>e</b></i>", "***a* b *c*** *d **e***"},
		{"picture of a link", `Look!<a href="https://x.test/">go</a>`, `Look\![go](https://x.test/)`},
		{"bare address", "see https://x.test/a_b, ok", "see <https://x.test/a_b>, ok"},
		{"quote", "<p>a</p><blockquote><p>b</p></blockquote><p>c</p>", "a\n\n> b\n\nc"},
		{"icon", `<img src="cid:known" width=16 height=16 alt="x"><img src="cid:known" width=200>`, "x![file.png](cid:known)"},
		{"alt attack", `<img src="cid:known" alt="](http://evil.test) **x**">`, `![\](http://evil.test) \*\*x\*\*](cid:known)`},
	}
	for _, tt := range tests {
		got := NewReader(true, map[string]string{"known": "file.png"}).readHTML(tt.in)
		if got.Text != tt.want {
			t.Errorf("%s:\n got %q\nwant %q", tt.name, got.Text, tt.want)
		}
	}
}

// TestHTMLQuotes: the marks of mailers, each with text that must stay.
func TestHTMLQuotes(t *testing.T) {
	t.Parallel()
	for name, history := range map[string]string{
		"gmail":          `<div class="gmail_quote"><div class="gmail_attr">On 2 Nov 2026 at 10:15, A &lt;a@x.test&gt; wrote:</div><blockquote class="gmail_quote">old</blockquote></div>`,
		"gmail x_":       `<div class="x_gmail_quote"><div>On 2 Nov 2026 at 10:15, A wrote:</div><blockquote class="x_gmail_quote">old</blockquote></div>`,
		"cite, far in":   strings.Repeat(" \n", maxLineBytes) + `<blockquote type="cite">old</blockquote>`,
		"thunderbird":    `<div class="moz-cite-prefix">Am 02.11.26 um 10:15 schrieb A:<br></div><blockquote type="cite" cite="mid:1"><p>old</p></blockquote>`,
		"outlook web":    `<div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>From:</b> A</div><div>old</div>`,
		"outlook web x_": `<div id="x_x_divRplyFwdMsg"><b>From:</b> A</div><div>old</div>`,
		"outlook new":    `<div id="mail-editor-reference-message-container"><div>old</div></div>`,
		"outlook word":   `<div style="border:none;border-top:solid #B5C4DF 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class=MsoNormal><b>From:</b> A<br><b>Sent:</b> today<br><b>To:</b> B<br><b>Subject:</b> C</p></div><p>old</p>`,
		"header block":   `<div><b>Von:</b> A<br><b>Gesendet:</b> heute<br><b>An:</b> B<br><b>Betreff:</b> C</div><div>old</div>`,
		"yahoo":          `<div class="yahoo_quoted"><div>On Monday A wrote:</div><div>old</div></div>`,
		"proton":         `<div class="protonmail_quote">On Monday A wrote:<br><blockquote type="cite">old</blockquote></div>`,
		"zoho":           `<div class="zmail_extra"><div>---- On Monday A wrote ----</div><div>old</div></div>`,
		"mobile footer":  `<div>Sent from my iPhone</div><br><blockquote type="cite">On 2 Nov 2026, at 10:15, A wrote:<br>old</blockquote>`,
	} {
		got := NewReader(false, nil).readHTML("<html><body><div>My <b>answer</b></div><br>" + history + "</body></html>")
		if got.Text != "My **answer**" || !strings.Contains(got.Quoted, "old") {
			t.Errorf("%s: got the text %q and the quote %q, want the answer and what is old", name, got.Text, got.Quoted)
		}
		if alone := NewReader(false, nil).readHTML(history); !strings.Contains(alone.Text, "old") {
			t.Errorf("%s alone: got the text %q, want what is old in it", name, alone.Text)
		}
	}
	for name, source := range map[string]string{
		"own citation":  "<p>As they say:</p><blockquote>old</blockquote>",
		"indented":      `<p>List:</p><blockquote style="margin:0 0 0 40px;border:none;padding:0px">old</blockquote>`,
		"answers below": `<blockquote type="cite">question</blockquote><p>old</p>`,
		"inside":        `<blockquote type="cite">question</blockquote><p>answer</p><blockquote type="cite">old</blockquote>`,
		"no headers":    `<p>new</p><div style="border:none;border-top:solid #E1E1E1 1.0pt">old</div>`,
	} {
		if got := NewReader(false, nil).readHTML(source); got.Quoted != "" || !strings.Contains(got.Text, "old") {
			t.Errorf("%s: got the text %q and the quote %q, want all in the text", name, got.Text, got.Quoted)
		}
	}
}

// A reader reads Markdown as before after it has sanitised something.
func TestSanitisedLeavesReading(t *testing.T) {
	t.Parallel()
	const source = `<p>A <img src="https://x.test/a.png" alt="lamp"></p>`
	r := NewReader(false, nil)
	if safe := r.Sanitised(source, NewPolicy()); !strings.Contains(safe, "<img") {
		t.Errorf("sanitised it is %q, want the picture in it", safe)
	}
	if got, want := r.readHTML(source).Text, NewReader(false, nil).readHTML(source).Text; got != want {
		t.Errorf("read afterwards it is %q, want %q as by a new reader", got, want)
	}
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
	policy := NewPolicy()
	allowed := budget.Usual()
	allowed.Base = 4 * time.Millisecond // nothing but tags costs up to maxHTMLNodes, however few bytes they have
	m := budget.NewMeterFor(allowed)
	f.Fuzz(func(t *testing.T, source string) {
		if len(source) > 4000 {
			return
		}
		budget.CheckRepeated(t, m, source, func(s string) { NewReader(false, nil).readHTML(s) })
		cids := map[string]string{"a": "a.png"}
		safe := NewReader(false, cids).Sanitised(source, policy)
		lower := strings.ToLower(safe)
		for _, bad := range []string{"<script", "<iframe", "<svg", "<form", "<style", "<object", "javascript:", " onerror=", " src=\"http"} {
			i := strings.Index(lower, bad)
			if i < 0 {
				continue
			}
			isInTag := strings.LastIndexByte(lower[:i], '<') > strings.LastIndexByte(lower[:i], '>')
			if strings.HasPrefix(bad, "<") || isInTag {
				t.Fatalf("the HTML has %s: %q", bad, safe)
			}
		}
		body := NewReader(false, cids).readHTML(source)
		for _, text := range []string{body.Text, body.Quoted} {
			for _, m := range markupTag.FindAllStringSubmatch(renderMarkdown(t, text), -1) {
				if strings.Contains(m[3], "javascript:") || m[2] == "script" || strings.Contains(m[3], "src=\"http") {
					t.Fatalf("%q became %s by %q, want nothing that acts or loads", source, m[0], text)
				}
			}
		}
	})
}
