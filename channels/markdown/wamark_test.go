package markdown

import (
	"strings"
	"testing"
	"time"
	"unicode"

	"parley/channels/golden"
)

// Render makes WhatsApp's marks of Markdown; Plain leaves them out.
func TestRender(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ about, md, wa, plain string }{
		{"plain words", "Hello", "Hello", "Hello"},
		{"each mark", "**Hello** *there* ~~not~~ `x*y`", "*Hello* _there_ ~not~ `x*y`", "Hello there ~not~ x*y"},
		{"lines and paragraphs", "line one\nline two\n\nparagraph", "line one\nline two\n\nparagraph", "line one\nline two\n\nparagraph"},
		{"marks within a word are dropped", "un**believ**able", "unbelievable", "unbelievable"},
		{"a mark within a mark", "**_both_**", "*_both_*", "both"},
		{"a mark is closed at each line's end", "**two\nlines**", "*two*\n*lines*", "two\nlines"},
		{"a heading is bold", "# Title **bold**\n\ntext", "*Title bold*\n\ntext", "Title bold\n\ntext"},
		{"bullets", "- a\n- b\n  - c", "- a\n- b\n  - c", "- a\n- b\n  - c"},
		{"a plus is no minus", "+ 20 EUR", "+ 20 EUR", "+ 20 EUR"},
		{"numbers go on from the first", "3. a\n4. b", "3. a\n4. b", "3. a\n4. b"},
		{"quotations", "> quoted\n> **more**", "> quoted\n> *more*", "> quoted\n> more"},
		{"code without its language", "```go\nx := *y\n```", "```\nx := *y\n```", "x := *y"},
		{"a link's text stands before its address", "[our site](https://acme.test/a_b)", "our site: https://acme.test/a_b", "our site: https://acme.test/a_b"},
		{"a link that is its own text", "<https://acme.test/a_b_c>", "https://acme.test/a_b_c", "https://acme.test/a_b_c"},
		{"a host that the chat made a link", "[shop.example](<http://shop.example>)", "http://shop.example", "http://shop.example"},
		{"a script isn't an address", "[x](javascript:alert(1))", "x", "x"},
		{"a script in angle brackets", "[x](<  javascript:alert(1)>)", "x", "x"},
		{"what looks like the definition of a link", "[1]: https://acme.test/a", "[1]: https://acme.test/a", "[1]: https://acme.test/a"},
		{"a line break in a cell becomes a space", "| a |\n|---|\n| x<br>y |", "a\nx y", "a\nx y"},
		{"escapes and entities", "use <b> &amp; \\*stars\\*", "use <b> & *stars*", "use <b> & *stars*"},
		{"cells", "| a | b |\n|---|---|\n| 1 | 2 |", "a | b\n1 | 2", "a | b\n1 | 2"},
		{"tasks", "- [x] done\n- [ ] open", "- ☑ done\n- ☐ open", "- ☑ done\n- ☐ open"},
		{"indentation", "a\n\u00a0\u00a0b", "a\n\u00a0\u00a0b", "a\n  b"},
		{"nothing", "", "", ""},
	} {
		t.Run(c.about, func(t *testing.T) {
			t.Parallel()
			if got := Render(c.md); got != c.wa {
				t.Errorf("Render(%q) = %q, want %q", c.md, got, c.wa)
			}
			if got := WamarkPlain(c.md); got != c.plain {
				t.Errorf("Plain(%q) = %q, want %q", c.md, got, c.plain)
			}
		})
	}
}

// Parse makes Markdown of WhatsApp's marks, and escapes what isn't one.
func TestParse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ about, wa, md string }{
		{"plain words", "Hello", "Hello"},
		{"each mark", "*bold* _it_ ~no~ `code`", "**bold** *it* ~~no~~ `code`"},
		{"a mark within a mark", "*_both_*", "***both***"},
		{"stars between digits", "2*3*4", `2\*3\*4`},
		{"bullets", "* item\n* two\nend", "- item\n- two\n\nend"},
		{"a quotation ends with its line", "> quoted\nmine", "> quoted\n\nmine"},
		{"empty lines", "a\n\n\nb", "a\n\nb"},
		{"code of one line", "```one```", "`one`"},
		{"code of several lines", "see\n```\na\nb\n```\nok", "see\n\n````\na\nb\n````\n\nok"},
		{"code that is not closed", "not closed ```a", "not closed \\`\\`\\`a"},
		{"a star at the end of an address is none of it", "https://x.test/a_b_c?d=*e*", "<https://x.test/a_b_c?d=*e>\\*"},
		{"what means something in Markdown alone", "<b> [x](y) # no", `\<b> \[x\](y) # no`},
		{"a hash begins no heading", "# no heading", `\# no heading`},
		{"a bullet whose words end with a star", "* alone*", `- alone\*`},
		{"a mark that closes behind a space", "*not *", `\*not \*`},
		{"underscores within a word", "snake_case_name", "snake_case_name"},
		{"a space that does not break", "\u00a0", ""},
	} {
		t.Run(c.about, func(t *testing.T) {
			t.Parallel()
			if got := Parse(c.wa); strings.TrimSpace(got) != c.md {
				t.Errorf("Parse(%q) = %q, want %q", c.wa, got, c.md)
			}
		})
	}
}

// Text with WhatsApp's marks has the same marks after it was made Markdown and back.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for _, wa := range []string{"*bold* and _it_, ~gone~", "*a _b_ c*", "_a *b*_", "> q", "- a\n- b", "1. a\n2. b",
		"```\nx\ny\n```", "😀*b*😀", "(*b*)", "5 < 6 & 7 > 3", "a\\b", "https://x.test/?a=1&b=2"} {
		if got := Render(Parse(wa)); got != wa {
			t.Errorf("%q came back as %q by %q", wa, got, Parse(wa))
		}
	}
}

// The Markdown that Escape makes of any text shows that text. Parse keeps the words of any text. Both stay within their
// budget of time and memory.
func FuzzEscape(f *testing.F) {
	for _, s := range append(golden.Seeds(), "Hello", "*a* _b_ ~~c~~ `d` [e](f) <g> &amp; \\", "# a\n> b\n- c\n1. d\n---\n|a|b|\n|-|-|",
		"a\n===", "  x\n\ty",
		"http://a.b/c_d_(e)*f*.", "~~~\nx", "www.a.test/*x*", "a@b.test", "!", "\\\\*", "[ ] x", "***", "_ _") {
		f.Add(s)
	}
	// Parse reads marks within marks again, up to maxNesting times, so it may cost twice the usual.
	m := golden.NewMeterFor(golden.Allowance{Base: time.Millisecond, PerMegabyte: 100 * time.Millisecond})
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 2000 {
			return
		}
		golden.CheckRepeated(t, m, s, func(s string) { Escape(s) })
		golden.CheckRepeated(t, m, s, func(s string) { Parse(s) })
		if got, want := flat(WamarkPlain(Escape(s))), flat(cleanText(s)); got != want {
			t.Errorf("%q escaped as %q shows %q", want, Escape(s), got)
		}
		parsed := Parse(s)
		if Render(parsed) == "" && flat(cleanText(s)) != "" {
			t.Errorf("Parse(%q) = %q shows nothing", s, parsed)
		}
	})
}

// flat makes every run of white space one space, since Markdown doesn't keep more.
func flat(s string) string { return strings.Join(strings.FieldsFunc(s, unicode.IsSpace), " ") }

// Words within many nested quotes and lists are not lost.
func TestDeepMarks(t *testing.T) {
	t.Parallel()
	for _, mark := range []string{"> ", "- ", "1. ", "> - "} {
		for _, depth := range []int{5, 12, 15, 30} {
			if got := Render(strings.Repeat(mark, depth) + "words"); !strings.Contains(got, "words") {
				t.Errorf("%d times %q: %q", depth, mark, got)
			}
		}
	}
}
