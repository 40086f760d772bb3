package message

import (
	"strings"
	"testing"
)

// The plain form of a mail says the same as its Markdown, in the way in which people write plain text.
func TestPlainText(t *testing.T) {
	t.Parallel()
	tests := []struct{ markdown, want string }{
		{markdown: "5 \\* 3 &amp; \\&amp;", want: "5 * 3 & &amp;"},
		{markdown: "a\nb  \nc", want: "a\nb\nc"},
		{markdown: "**b** *i* ~~s~~ `c*d`", want: "*b* _i_ ~s~ `c*d`"},
		{
			markdown: "[text](https://x.test) <https://y.test> [https://z.test](https://z.test)",
			want:     "text <https://x.test> https://y.test https://z.test",
		},
		{markdown: "[mail](mailto:a@b.test) [a@b.test](mailto:a@b.test)", want: "mail <mailto:a@b.test> a@b.test"},
		{
			markdown: "[shop.example/a](<http://shop.example/a/>) [shop.example](<http://evil.test>)",
			want:     "http://shop.example/a/ shop.example <http://evil.test>",
		},
		{markdown: "[x](javascript:alert(1)) [y]( JavaScript:alert(1))", want: "x y"},
		{markdown: "![cat](https://x.test/c.png)", want: "cat <https://x.test/c.png>"},
		{markdown: "- a\n- b\n  1. c", want: "- a\n- b\n  1. c"},
		{markdown: "3. a\n4. b", want: "3. a\n4. b"},
		{markdown: "- a\n\n- b", want: "- a\n\n- b"},
		{markdown: "> q\n>\n> r", want: "> q\n>\n> r"},
		{markdown: "```\nx < y\n\nz\n```", want: "    x < y\n\n    z"},
		{markdown: "# H\n\n---\n\nt", want: "H\n\n* * *\n\nt"},
		{markdown: "| A | B |\n|---|---|\n| 1 | x<br>y |", want: "A | B\n1 | x y"},
		{markdown: "use <b> and <!-- c -->", want: "use <b> and <!-- c -->"},
		{markdown: "<div>\n**x**\n</div>", want: "<div>\n*x*\n</div>"},
		{markdown: "- [x] done\n- [ ] open", want: "- [x] done\n- [ ] open"},
		{markdown: "a\\", want: "a\\"},
		{markdown: "[1]: https://acme.test/a", want: "[1]: https://acme.test/a"},
		{markdown: "", want: ""},
	}

	for _, tt := range tests {
		if got := renderPlain(NewRenderer(), tt.markdown); got != tt.want {
			t.Errorf("renderPlain(%q)\n got %q\nwant %q", tt.markdown, got, tt.want)
		}
	}
}

// Raw HTML by an agent, or in a customer's quoted text, is shown as text and never takes effect.
func TestRawHTMLIsText(t *testing.T) {
	t.Parallel()
	tests := []struct{ source, want string }{
		{source: "use <b> here", want: "use &lt;b&gt; here"},
		{source: "<script>alert(1)</script>", want: "&lt;script&gt;alert(1)&lt;/script&gt;"},
		{source: "<div onclick=\"x\">\ny\n</div>", want: "&lt;div onclick=&quot;x&quot;&gt;"},
		{source: "<!-- hidden -->", want: "&lt;!-- hidden --&gt;"},
		{source: "<img src=x onerror=alert(1)>", want: "&lt;img src=x onerror=alert(1)&gt;"},
		{source: "a <br> b", want: "a <br> b"},
		{source: "[x](javascript:alert(1))", want: `<a href="">x</a>`},
		{source: "![x](javascript:alert(1))", want: `src=""`},
		{source: "line one\nline two", want: "line one<br>\nline two"},
		{source: "www.acme.test", want: `<a href="http://www.acme.test">`},
		{source: "&lt;script&gt;alert(1)&lt;/x&gt;", want: "&lt;script&gt;"},
	}

	for _, tt := range tests {
		got := mustRenderHTML(t, tt.source)
		if !strings.Contains(got, tt.want) {
			t.Errorf("RenderHTML(%q) = %s\nwant %q in it", tt.source, got, tt.want)
		}
		wantInactive(t, tt.source, got)
	}
}

// A link with its target page in the address itself (data:) is made inactive.
func TestDataLinkIsInactive(t *testing.T) {
	t.Parallel()
	const source = "[x](data:text/html,<script>)"
	wantInactive(t, source, mustRenderHTML(t, source))
}

func mustRenderHTML(t *testing.T, markdown string) string {
	t.Helper()
	html, err := RenderHTML(NewRenderer(), markdown, "", "")
	if err != nil {
		t.Fatal(err)
	}
	return html
}

// wantInactive checks that nothing in the HTML of a text takes effect.
func wantInactive(t *testing.T, source, html string) {
	t.Helper()
	for _, bad := range []string{"<script", "<div ", "<img src=x", `href="javascript`, `href="data:`, "<!-- hid"} {
		if strings.Contains(html, bad) {
			t.Errorf("RenderHTML(%q) = %s\nwant it without %q", source, html, bad)
		}
	}
}
