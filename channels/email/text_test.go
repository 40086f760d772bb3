package email

import (
	"bytes"
	"html"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	gmhtml "github.com/yuin/goldmark/renderer/html"
)

// renderMarkdown shows Markdown as an independent reader does.
func renderMarkdown(t testing.TB, text string) string {
	t.Helper()
	var out bytes.Buffer
	md := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(gmhtml.WithHardWraps()))
	if err := md.Convert([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// markupTag is a tag that a reader of Markdown made.
var markupTag = regexp.MustCompile(`<(/?)([a-zA-Z0-9]+)([^>]*)>`)

// forged says which markup plain text made of itself, "" if none: lines and quotes
// are all that it may become, and links to what it says.
func forged(t testing.TB, text string) string {
	for _, m := range markupTag.FindAllStringSubmatch(renderMarkdown(t, text), -1) {
		switch m[2] {
		case "p", "br", "blockquote":
		case "a":
			if m[1] == "" && !strings.Contains(m[3], `href="http`) && !strings.Contains(m[3], `href="mailto:`) && !strings.Contains(m[3], `href="ftp:`) {
				return m[0]
			}
		default:
			return m[0]
		}
	}
	return ""
}

// visible gives the letters that a reader sees in rendered Markdown.
func visible(rendered string) string {
	return letters(html.UnescapeString(markupTag.ReplaceAllString(rendered, "")))
}

// letters drops blanks of all kinds.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}

func TestMarkdownText(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"lines", "one\ntwo\n\n\n\nthree  \n", "one\ntwo\n\nthree"},
		{"plain words", "5 * 3, snake_case, a|b, 100% #1 C:\\new", "5 * 3, snake_case, a|b, 100% #1 C:\\new"},
		{"emphasis", "*a* _b_ ~c~ **d** x*y", `\*a\* \_b\_ \~c\~ \*\*d\*\* x\*y`},
		{"code", "`a`\n```", "\\`a\\`\n\\`\\`\\`"},
		{"blocks", "# a\n#a\n- b\n-b\n+ c\n1. d\n1.5\n=\n***\n|a|\n|-|", "\\# a\n#a\n\\- b\n-b\n\\+ c\n1\\. d\n1.5\n\\=\n\\***\n|a|\n\\|-|"},
		{"links", "[a](http://x.test) ![b](c)", `\[a\](http://x.test) !\[b\](c)`},
		{"html", "<b> &amp; &x", `\<b> \&amp; &x`},
		{"backslash", `a\*b \\ c\`, `a\\\*b \\\ c\\`},
		{"indent", "    x\n\ty", nbsp + nbsp + nbsp + nbsp + "x\n" + nbsp + nbsp + nbsp + nbsp + "y"},
		{"quotes", "a\n> b\n> > c\nd", "a\n\n> b\n>\n> > c\n\nd"},
		{"url", "see https://x.test/a-b?c=1&d=2. (https://y.test/z)", "see https://x.test/a-b?c=1&d=2. (https://y.test/z)"},
		{"url with underscore", "https://x.test/a_b.", "<https://x.test/a_b>."},
		{"url with stars", "https://x.test/a*b", "<https://x.test/a*b>"},
		{"url in brackets", "[https://x.test/a]", `\[https://x.test/a\]`},
		{"url with entity", "https://x.test/?a=1&lt;=2", "<https://x.test/?a=1&lt;=2>"},
	}
	for _, tt := range tests {
		got := markdownText(tt.in)
		if got != tt.want {
			t.Errorf("%s:\n got %q\nwant %q", tt.name, got, tt.want)
		}
		if tag := forged(t, markdownText(tt.in)); tag != "" {
			t.Errorf("%s: became %s: %q", tt.name, tag, renderMarkdown(t, markdownText(tt.in)))
		}
	}
}
