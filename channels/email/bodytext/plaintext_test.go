package bodytext

import (
	"strings"
	"testing"
)

// The plain form of a mail says what its Markdown says, as people write in plain text.
func TestPlainText(t *testing.T) {
	t.Parallel()
	tests := []struct{ markdown, want string }{
		{"5 \\* 3 &amp; \\&amp;", "5 * 3 & &amp;"},
		{"a\nb  \nc", "a\nb\nc"},
		{"**b** *i* ~~s~~ `c*d`", "*b* _i_ s `c*d`"},
		{"[text](https://x.test) <https://y.test> [https://z.test](https://z.test)", "text <https://x.test> https://y.test https://z.test"},
		{"[mail](mailto:a@b.test) [a@b.test](mailto:a@b.test)", "mail <mailto:a@b.test> a@b.test"},
		{"[shop.example/a](<http://shop.example/a/>) [shop.example](<http://evil.test>)", "http://shop.example/a/ shop.example <http://evil.test>"},
		{"[x](javascript:alert(1)) [y]( JavaScript:alert(1))", "x y"},
		{"![cat](https://x.test/c.png)", "cat <https://x.test/c.png>"},
		{"- a\n- b\n  1. c", "- a\n- b\n  1. c"},
		{"3. a\n4. b", "3. a\n4. b"},
		{"- a\n\n- b", "- a\n\n- b"},
		{"> q\n>\n> r", "> q\n>\n> r"},
		{"```\nx < y\n\nz\n```", "    x < y\n\n    z"},
		{"# H\n\n---\n\nt", "H\n\n* * *\n\nt"},
		{"| A | B |\n|---|---|\n| 1 | x<br>y |", "A | B\n1 | x y"},
		{"use <b> and <!-- c -->", "use <b> and <!-- c -->"},
		{"<div>\n**x**\n</div>", "<div>\n*x*\n</div>"},
		{"- [x] done\n- [ ] open", "- [x] done\n- [ ] open"},
		{"a\\", "a\\"},
		{"[1]: https://acme.test/a", "[1]: https://acme.test/a"},
		{"", ""},
	}
	for _, tc := range tests {
		if got := renderPlain(NewRenderer(), tc.markdown); got != tc.want {
			t.Errorf("%q became\n%q, want\n%q", tc.markdown, got, tc.want)
		}
	}
}

// Raw HTML of an agent, or of a customer who is quoted, is shown and never acts.
func TestRawHTMLIsText(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		"use <b> here":                     "use &lt;b&gt; here",
		"<script>alert(1)</script>":        "&lt;script&gt;alert(1)&lt;/script&gt;",
		"<div onclick=\"x\">\ny\n</div>":   "&lt;div onclick=&quot;x&quot;&gt;",
		"<!-- hidden -->":                  "&lt;!-- hidden --&gt;",
		"<img src=x onerror=alert(1)>":     "&lt;img src=x onerror=alert(1)&gt;",
		"a <br> b":                         "a <br> b",
		"[x](javascript:alert(1))":         `<a href="">x</a>`,
		"![x](javascript:alert(1))":        `src=""`,
		"line one\nline two":               "line one<br>\nline two",
		"www.acme.test":                    `<a href="http://www.acme.test">`,
		"&lt;script&gt;alert(1)&lt;/x&gt;": "&lt;script&gt;",
	} {
		got, err := RenderHTML(NewRenderer(), source, "", "")
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(got, want) {
			t.Errorf("%q became\n%s\nwant %q in it", source, got, want)
		}
		wantInactive(t, source, got)
	}
	const dataLink = "[x](data:text/html,<script>)"
	got, err := RenderHTML(NewRenderer(), dataLink, "", "")
	if err != nil {
		t.Fatal(err)
	}
	wantInactive(t, dataLink, got)
}

// wantInactive checks that nothing of the HTML that a text became acts.
func wantInactive(t *testing.T, source, html string) {
	t.Helper()
	for _, bad := range []string{"<script", "<div ", "<img src=x", `href="javascript`, `href="data:`, "<!-- hid"} {
		if strings.Contains(html, bad) {
			t.Errorf("%q became\n%s\nwant it without %q", source, html, bad)
		}
	}
}
