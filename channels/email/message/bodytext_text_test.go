package message

import (
	"bytes"
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	gmhtml "github.com/yuin/goldmark/renderer/html"

	"parley/channels/golden"
)

// renderMarkdown renders Markdown with a reader that isn't ours.
func renderMarkdown(t testing.TB, text string) string {
	t.Helper()
	var out bytes.Buffer
	md := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(gmhtml.WithHardWraps()))
	if err := md.Convert([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

var goodHref = regexp.MustCompile(`href="(http|mailto:|ftp:)`)

// markupTag is a tag that the reader of Markdown wrote.
var markupTag = regexp.MustCompile(`<(/?)([a-zA-Z0-9]+)([^>]*)>`)

// forgedTag returns the first tag that plain text became without being allowed to, or "". Plain text may become only
// lines, quotes, and links to the addresses in it.
func forgedTag(t testing.TB, text string) string {
	for _, m := range markupTag.FindAllStringSubmatch(renderMarkdown(t, text), -1) {
		isEnd, name, attributes := m[1] != "", m[2], m[3]
		isLink := name == "a" && (isEnd || goodHref.MatchString(attributes))
		if !isLink && !slices.Contains([]string{"p", "br", "blockquote"}, name) {
			return m[0]
		}
	}
	return ""
}

// visible returns the letters that a reader sees in rendered Markdown.
func visible(rendered string) string {
	return letters(html.UnescapeString(markupTag.ReplaceAllString(rendered, "")))
}

// letters removes blanks of all kinds.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}

// Plain text becomes Markdown that shows the same letters.
func TestMarkdownText(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{name: "lines", text: "one\ntwo\n\n\n\nthree  \n", want: "one\ntwo\n\nthree"},
		{name: "plain words", text: "5 * 3, snake_case, a|b, 100% #1 C:\\new", want: "5 * 3, snake_case, a|b, 100% #1 C:\\new"},
		{name: "emphasis", text: "*a* _b_ ~c~ **d** x*y", want: `\*a\* \_b\_ \~c\~ \*\*d\*\* x\*y`},
		{name: "code", text: "`a`\n```", want: "\\`a\\`\n\\`\\`\\`"},
		{
			name: "blocks",
			text: "# a\n#a\n- b\n-b\n+ c\n1. d\n1.5\n=\n***\n|a|\n|-|",
			want: "\\# a\n#a\n\\- b\n-b\n\\+ c\n1\\. d\n1.5\n\\=\n\\***\n|a|\n\\|-|",
		},
		{name: "links", text: "[a](http://x.test) ![b](c)", want: `\[a\](http://x.test) !\[b\](c)`},
		{name: "html", text: "<b> &amp; &x", want: `\<b> \&amp; &x`},
		{name: "backslash", text: `a\*b \\ c\`, want: `a\\\*b \\\ c\\`},
		{name: "indent", text: "    x\n\ty", want: nbsp + nbsp + nbsp + nbsp + "x\n" + nbsp + nbsp + nbsp + nbsp + "y"},
		{name: "quotes", text: "a\n> b\n> > c\nd", want: "a\n\n> b\n>\n> > c\n\nd"},
		{
			name: "url",
			text: "see https://x.test/a-b?c=1&d=2. (https://y.test/z)",
			want: "see https://x.test/a-b?c=1&d=2. (https://y.test/z)",
		},
		{name: "url with underscore", text: "https://x.test/a_b.", want: "<https://x.test/a_b>."},
		{name: "url with stars", text: "https://x.test/a*b", want: "<https://x.test/a*b>"},
		{name: "url in brackets", text: "[https://x.test/a]", want: `\[https://x.test/a\]`},
		{name: "url with entity", text: "https://x.test/?a=1&lt;=2", want: "<https://x.test/?a=1&lt;=2>"},
	}

	for _, tt := range tests {
		got := Markdown(tt.text)
		if got != tt.want {
			t.Errorf("%s:\n got %q\nwant %q", tt.name, got, tt.want)
		}
		if tag := forgedTag(t, got); tag != "" {
			t.Errorf("%s: %q is rendered with the tag %s, want lines, quotes and links alone: %q", tt.name, got, tag, renderMarkdown(t, got))
		}
	}
}

func markdownSeeds() []string {
	return []string{
		"# a\n> b\n- c\n1. d",
		"*a* _b_ `c` ~d~ **e** __f__",
		"[a](b) ![c](d) <e> &lt; \\* \\",
		"a | b\n--- | ---\nc | d",
		"a\n===\nb\n---",
		"https://x.test/a_b*c?d=1&lt;=2 www.x.test a@b.test",
		"```\nx\n```\n    y\n\tz",
		"[a]: http://x\n[a]",
		"<!-- x --> <b>\n<?x?>",
		"* * *\n___\n***",
		"2) x\n+ y\n10. z",
		"- [ ] task",
		"a\\\nb  \nc",
		"_a_b_ *a*b* a_b",
		"~~~\nx",
		"http://[x](y)_z_",
		"!<https://x> \\https://x_y",
		"\u00a0\u2003# a",
		"a\u2028# b",
		"1\\. x",
		"&#35; x",
		"\\_a_",
		"a*\nb*",
		"[^1]: x",
		"|a|\n|-|",
		":-:|\n-|-",
	}
}

// Plain text becomes Markdown that shows the same letters and nothing else. That holds for a plain text and for the
// text of HTML.
func FuzzMarkdown(f *testing.F) {
	for _, s := range markdownSeeds() {
		f.Add(s)
	}
	for _, s := range golden.Seeds() {
		f.Add(s)
	}
	m := golden.NewMeter()
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 2000 {
			return
		}
		golden.CheckRepeated(t, m, text, func(s string) { Markdown(s) })
		text = DropControls(strings.ToValidUTF8(text, ""))

		out := Markdown(text)
		if tag := forgedTag(t, out); tag != "" {
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

		body := NewReader(nil).readHTML("<p>" + html.EscapeString(text) + "</p>")
		if tag := forgedTag(t, body.Text); tag != "" {
			t.Fatalf("in HTML %q became %s by %q:\n%s", text, tag, body.Text, renderMarkdown(t, body.Text))
		}
		if got, want := visible(renderMarkdown(t, body.Text)), letters(text); got != want {
			t.Fatalf("in HTML %q shows %q, by %q", want, got, body.Text)
		}
	})
}
