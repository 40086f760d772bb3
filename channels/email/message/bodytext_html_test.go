package message

import (
	"strings"
	"testing"
	"time"

	"parley/channels/golden"
)

// htmlTest is HTML as mail programs write it, and the Markdown that people should read.
type htmlTest struct {
	name string
	html string
	want string
}

// checkHTML checks the Markdown of HTML in a mail that has one picture, file.png.
func checkHTML(t *testing.T, tests []htmlTest) {
	t.Helper()
	for _, tt := range tests {
		got := NewReader(map[string]string{"known": "file.png"}).readHTML(tt.html).Text
		if got != tt.want {
			t.Errorf("%s: %s\n got %q\nwant %q", tt.name, tt.html, got, tt.want)
		}
	}
}

// Lines and paragraphs are recognised however a program writes them.
func TestHTMLLines(t *testing.T) {
	t.Parallel()
	checkHTML(t, []htmlTest{
		{name: "divs are lines", html: "<div>a</div><div>b</div><div><br></div><div>c</div>", want: "a\nb\n\nc"},
		{name: "nested divs", html: "<div><div>a</div><div><div>b</div></div></div>c", want: "a\nb\nc"},
		{name: "text then div", html: "a<div>b</div>c", want: "a\nb\nc"},
		{name: "paragraphs", html: "<p>a</p><p>b</p>", want: "a\n\nb"},
		{name: "outlook lines", html: "<p class=MsoNormal>a</p><p class=MsoNormal>&nbsp;</p><p class=MsoNormal>b</p>", want: "a\n\nb"},
		{name: "tight paragraphs", html: `<p style="margin:0">a</p><p style="margin: 0px">b</p>`, want: "a\nb"},
		{name: "breaks", html: "a<br>b<br><br>c", want: "a\nb\n\nc"},
		{name: "heading", html: "<h2>a_b</h2>text", want: "## a_b\n\ntext"},
		{name: "list", html: "<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>", want: "- a\n- b\n\n  - c"},
		{name: "list of divs", html: "<ol><li><div>a</div></li><li><p>b</p></li></ol>", want: "1. a\n2. b"},
		{name: "quote", html: "<p>a</p><blockquote><p>b</p></blockquote><p>c</p>", want: "a\n\n> b\n\nc"},
	})
}

// A style becomes a mark if Markdown has one, and if the mark would change something.
func TestHTMLStyles(t *testing.T) {
	t.Parallel()
	checkHTML(t, []htmlTest{
		{name: "emphasis", html: "<b>a</b> <i>b</i> <strong>c</strong> <em>d</em> <del>e</del>", want: "**a** *b* **c** *d* ~~e~~"},
		{name: "blanks in emphasis", html: "x<b> a </b>y", want: "x **a** y"},
		{name: "code", html: "<code>a*b &lt;c&gt; &amp;amp;</code>", want: "`a*b <c> &amp;`"},
		{name: "pre", html: "<pre>a  b\n  *c* &lt;d&gt;</pre>", want: "```\na  b\n  *c* <d>\n```"},
		{name: "no idle marks", html: "<b>Name:</b>Ann, <b>b</b>c<i>(d)</i>e <b>f</b>.", want: "Name:Ann, **b**c(d)e **f**."},
		{name: "styles that end apart", html: "<b><i>a</i> b</b> <b><i>c</i></b> <i>d <b>e</b></i>", want: "***a* b *c*** *d **e***"},
		{name: "split emphasis", html: "<span>*</span><span>a</span><span>*</span>", want: `\*a\*`},
		{name: "middle of a line", html: "<b>Name</b> - text <i>x</i>: y, <u>in</u> 2024. z", want: "**Name** - text *x*: y, in 2024. z"},
	})
}

// A link whose text names another address shows where it really leads. Links to a script, to data or to a relative
// address are removed, and only their text stays.
func TestHTMLLinks(t *testing.T) {
	t.Parallel()
	checkHTML(t, []htmlTest{
		{name: "link", html: `<a href="https://x.test/?a=1&amp;b=2">go</a>`, want: "[go](https://x.test/?a=1&b=2)"},
		{name: "link to itself", html: `<a href="https://x.test/a_b">https://x.test/a_b</a>`, want: "<https://x.test/a_b>"},
		{name: "query stays", html: `<a href="https://x.test/?q=a+b%2Bc=d">go</a>`, want: "[go](https://x.test/?q=a+b%2Bc=d)"},
		{
			name: "link around block",
			html: `<a href="https://x.test/"><div>go</div><div>there</div></a>`,
			want: "[go there](https://x.test/)",
		},
		{name: "mail link", html: `<a href="mailto:a_b@x.test">a_b@x.test</a>`, want: "a_b@x.test"},
		{name: "phone link", html: `<a href="tel:+4930">call</a>`, want: "[call](tel:+4930)"},
		{
			name: "script link",
			html: `<a href="javascript:x()">go</a> <a href="data:text/html,x">there</a> <a href="/rel">rel</a>`,
			want: "go there rel",
		},
		{
			name: "lying link",
			html: `<a href="https://evil.test/x">www.bank.test</a>`,
			want: "[www.bank.test](https://evil.test/x) (evil.test)",
		},
		{name: "link with bracket", html: `<a href="https://x.test/a)b">a]b</a>`, want: `[a\]b](https://x.test/a%29b)`},
		{
			name: "picture link",
			html: `<a href="https://x.test/"><img src="https://x.test/l.png" alt="Logo"></a>`,
			want: "[Logo](https://x.test/)",
		},
		{name: "empty link", html: `a<a href="https://x.test/"><img src="https://x.test/l.png"></a>b`, want: "ab"},
		{name: "picture of a link", html: `Look!<a href="https://x.test/">go</a>`, want: `Look\![go](https://x.test/)`},
		{name: "bare address", html: "see https://x.test/a_b, ok", want: "see <https://x.test/a_b>, ok"},
	})
}

// Text that is hidden from readers of the HTML is left out.
func TestHTMLHiddenText(t *testing.T) {
	t.Parallel()
	checkHTML(t, []htmlTest{
		{name: "hidden", html: `<div style="display: none">a</div><span style="font-size:0">b</span><p hidden>c</p>d`, want: "d"},
		{
			name: "newsletter columns",
			html: `<div style="font-size:0px"><div style="font-size:13px">a</div></div><div style="mso-hide:all">b</div>`,
			want: "a\nb",
		},
		{name: "visible sizes", html: `<span style="font-size:0.9em">a</span><span style="opacity:0.5">b</span>`, want: "ab"},
		{name: "hidden signs", html: `a&#x202e;b&#8;c<img src="cid:known" width=200 alt="d&#x202e;e">`, want: "abc![de](cid:known)"},
	})
}

// A table that serves only as layout becomes lines. A table of data stays a table.
func TestHTMLTables(t *testing.T) {
	t.Parallel()
	checkHTML(t, []htmlTest{
		{
			name: "layout table",
			html: "<table><tr><td>Left</td><td>Right</td></tr><tr><td colspan=2>Below</td></tr></table>",
			want: "Left Right\nBelow",
		},
		{
			name: "data table",
			html: "<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>x|y</td></tr></table>",
			want: "| a | b   |\n|---|-----|\n| 1 | x\\|y |",
		},
	})
}

// Text that looks like Markdown, or like HTML, stays text.
func TestHTMLTextIsNoMarkdown(t *testing.T) {
	t.Parallel()
	checkHTML(t, []htmlTest{
		{name: "entities", html: "&lt;b&gt; &amp;lt; &copy; a &amp; b", want: `\<b> \&lt; © a & b`},
		{
			name: "markdown in text",
			html: "# a <br>- b <br>1. c <br>*d* _e_ [f](g)",
			want: "\\# a\n\\- b\n1\\. c\n\\*d\\* \\_e\\_ \\[f\\](g)",
		},
		{name: "start in an element", html: "<div><span>- a</span></div><div><span>2.</span> b</div>", want: "\\- a\n2\\. b"},
	})
}

// From any HTML, links in the Markdown lead only to allowed addresses, and the sanitised HTML contains nothing that
// acts.
func FuzzHTML(f *testing.F) {
	sources := []string{
		"<p>a</p><div>b<br>c</div>",
		"<a href='javascript:x'>a</a><a href='https://x.test/)('>b</a>",
		"<table><tr><td>a|b</td><td>c</td></tr><tr><td>d</td><td>e</td></tr></table>",
		"<pre>```\nx</pre><code>`a*b`</code>",
		"<ul><li>a<ol start=5><li>b</ol></ul>",
		"<blockquote type=cite>x</blockquote>y",
		"<b> a</b><i>b </i>",
		"<h1>a<br>b</h1>",
		"<img src='cid:a' alt='](http://evil.test)'><img src='data:image/png;base64,AAAA' alt='x'>",
		"<a href=\"https://x.test/\n\">a\nb</a>",
		"<del>a</del><s>b</s>",
		"<div id=divRplyFwdMsg>From: a</div>",
		"<svg><script>x</script></svg><math><a xlink:href='javascript:1'>",
		"<p title='\"><script>'>x",
		"<a href='https://x.test' title='\"'>t</a>",
	}
	for _, s := range sources {
		f.Add(s)
	}
	for _, s := range golden.Seeds() {
		f.Add(s)
	}

	policy := NewPolicy()
	allowed := golden.Usual()
	allowed.Base = 4 * time.Millisecond // HTML that is only tags costs up to maxHTMLNodes, however few bytes it has
	m := golden.NewMeterFor(allowed)
	f.Fuzz(func(t *testing.T, source string) {
		if len(source) > 4000 {
			return
		}
		golden.CheckRepeated(t, m, source, func(s string) { NewReader(nil).readHTML(s) })

		cids := map[string]string{"a": "a.png"}
		safe := NewReader(cids).Sanitised(source, policy)
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

		body := NewReader(cids).readHTML(source)
		for _, text := range []string{body.Text} {
			for _, m := range markupTag.FindAllStringSubmatch(renderMarkdown(t, text), -1) {
				if strings.Contains(m[3], "javascript:") || m[2] == "script" || strings.Contains(m[3], "src=\"http") {
					t.Fatalf("%q became %s by %q, want nothing that acts or loads", source, m[0], text)
				}
			}
		}
	})
}
