package markdown

import (
	"bytes"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/renderer/html"
)

// TestBothSides: agents and customers read the same, and nothing that somebody wrote vanishes.
func TestBothSides(t *testing.T) {
	t.Parallel()
	md := New(goldmark.WithRendererOptions(html.WithUnsafe()))
	long := "https://x.test/" + strings.Repeat("b", 5000)
	for name, c := range map[string]struct {
		source string
		chat   string // the characters that a chat shows
		mail   string // is in the HTML of a mail
	}{
		"HTML is what its characters say": {"<div>\n**bold**\n</div>", "<div>\nbold\n</div>", "<strong>bold</strong>"},
		"HTML hides nothing behind it":    {"<script>\nx\n\n# head", "<script>\nx\nhead", "<h1>head</h1>"},
		"nor does a comment":              {"<!-- a\n\n- b -->", "<!-- a\nb -->", "<li>b --&gt;</li>"},
		"a line break of HTML is one":     {"one<br>two", "one\ntwo", "one<br>two"},
		"which cells need":                {"|a|b|\n|-|-|\n|1<br/>2|3|", "a | b\n1 2 | 3", "<td>1<br/>2</td>"},
		"code stays in its line":          {"`a\nb` c", "a b c", "<code>a b</code>"},
		"a definition is text":            {"[1]: https://x.test/a", "[1]: https://x.test/a", "https://x.test/a</a>"},
		"deep marks are text":             {strings.Repeat("> ", 14) + "x", "> > x", "&gt; &gt; x"},
		"entities":                        {`\&amp; &amp; &nosuch; &#12345678;`, "&amp; & &nosuch; &#12345678;", "&amp;amp; &amp; &amp;nosuch;"},
		"strikethrough":                   {"x~~~~a~~ ~~b~~", "x~~~~a~~ b", "x~~~~a~~ <del>b</del>"},
		"no link for a chat":              {"[file](ftp://x.test/a)", "file (ftp://x.test/a)", `href="ftp://x.test/a"`},
		"one without words":               {"[](ftp://x.test/a)", "ftp://x.test/a", `href="ftp://x.test/a"`},
		"one that is too long":            {"[a](" + long + ")", "a (" + long + ")", `href="` + long + `"`},
		"an address that does something":  {"[act](javascript:alert(1))", "act", "act"},
		"the same in disguise":            {"[act](javascript&#58;alert(1))", "act", "act"},
	} {
		if got := Plain(Parts(c.source)); got != c.chat {
			t.Errorf("%s: of %.60q the chat shows %.90q, want %.90q", name, c.source, got, c.chat)
		}
		var out bytes.Buffer
		if err := md.Convert([]byte(c.source), &out); err != nil || !strings.Contains(out.String(), c.mail) {
			t.Errorf("%s: of %.60q the mail has %.200q (%v), want %.90q in it", name, c.source, out.String(), err, c.mail)
		}
	}
}

// TestAddresses: a link leads to the same place on both sides.
func TestAddresses(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		"[a](https://x.test/?a=1&amp;b=2&#38;c=3)": "https://x.test/?a=1&b=2&c=3",
		`[a](https://x.test/a\_b)`:                 "https://x.test/a_b",
		"[a](<https://x.test/a b>)":                "https://x.test/a b",
		"<https://x.test/?a=1&b=2>":                "https://x.test/?a=1&b=2",
		"[a](//x.test/a)":                          "",
	} {
		parts := Parts(source)
		if got := parts[0].Runs[0].URL; got != want {
			t.Errorf("%s leads to %q, want %q", source, got, want)
		}
	}
}

// TestLinksOfWriters: only an address that a customer can open becomes a link; of another one stands what people read.
func TestLinksOfWriters(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"https://x.test/a":     "[here](<https://x.test/a>)",
		"mailto:ann@x.test":    "[here](<mailto:ann@x.test>)",
		"javascript:alert(1)":  "here",
		"JavaScript:alert(1)":  "here",
		"slack://channel?id=1": "here",
		"file:///etc/passwd":   "here",
		"x.test/a":             "here",
	} {
		w := NewWriter()
		w.Link(address, "here", Style{})
		if got := w.Text().Markdown; got != want {
			t.Errorf("a link to %s became %q, want %q", address, got, want)
		}
	}
}

// TestEscapedVerbs: the backslash that a person types so that a verb is taken for a text stays as it is at the beginning of a text
// alone. Elsewhere it is a backslash.
func TestEscapedVerbs(t *testing.T) {
	t.Parallel()
	for before, want := range map[string]string{"": `\!take`, "say ": `say \\!take`} {
		w := NewWriter()
		w.Literal(before)
		w.Literal(`\!take`)
		if got := w.Text().Markdown; got != want {
			t.Errorf("behind %q it became %q, want %q", before, got, want)
		}
	}
}

// TestCutBesideABackslash: a long line isn't cut between a backslash and the sign that it protects.
func TestCutBesideABackslash(t *testing.T) {
	t.Parallel()
	const room = maxChunkBytes / 4 // characters of up to four bytes
	for signs, want := range map[string]int{`*`: room, `\*`: room - 1, `\\*`: room} {
		line := strings.Repeat("a", room-len(signs)+1) + signs + "b"
		if got := cutInLine(line); got != want {
			t.Errorf("a line that ends with %s there is cut at %d, want %d", signs, got, want)
		}
	}
}
