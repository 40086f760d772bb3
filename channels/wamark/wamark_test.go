package wamark

import (
	"strings"
	"testing"
	"time"
	"unicode"

	"parley/channels/budget"
)

func TestRender(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ md, wa, plain string }{
		{"Hello", "Hello", "Hello"},
		{"**Hello** *there* ~~not~~ `x*y`", "*Hello* _there_ ~not~ `x*y`", "Hello there not x*y"},
		{"line one\nline two\n\nparagraph", "line one\nline two\n\nparagraph", "line one\nline two\n\nparagraph"},
		{"un**believ**able", "unbelievable", "unbelievable"},
		{"**_both_**", "*_both_*", "both"},
		{"**two\nlines**", "*two*\n*lines*", "two\nlines"},
		{"# Title **bold**\n\ntext", "*Title bold*\n\ntext", "Title bold\n\ntext"},
		{"- a\n- b\n  - c", "- a\n- b\n  - c", "- a\n- b\n  - c"},
		{"3. a\n4. b", "3. a\n4. b", "3. a\n4. b"},
		{"> quoted\n> **more**", "> quoted\n> *more*", "> quoted\n> more"},
		{"```go\nx := *y\n```", "```\nx := *y\n```", "x := *y"},
		{"[our site](https://acme.test/a_b)", "our site: https://acme.test/a_b", "our site: https://acme.test/a_b"},
		{"<https://acme.test/a_b_c>", "https://acme.test/a_b_c", "https://acme.test/a_b_c"},
		{"[shop.example](<http://shop.example>)", "http://shop.example", "http://shop.example"},
		{"[x](javascript:alert(1))", "x", "x"},
		{"[x](<  javascript:alert(1)>)", "x", "x"},
		{"[1]: https://acme.test/a", "[1]: https://acme.test/a", "[1]: https://acme.test/a"},
		{"| a |\n|---|\n| x<br>y |", "a\nx y", "a\nx y"},
		{"use <b> &amp; \\*stars\\*", "use <b> & *stars*", "use <b> & *stars*"},
		{"| a | b |\n|---|---|\n| 1 | 2 |", "a | b\n1 | 2", "a | b\n1 | 2"},
		{"- [x] done\n- [ ] open", "- ☑ done\n- ☐ open", "- ☑ done\n- ☐ open"},
		{"", "", ""},
	} {
		if got := Render(c.md); got != c.wa {
			t.Errorf("Render(%q) = %q, want %q", c.md, got, c.wa)
		}
		if got := Plain(c.md); got != c.plain {
			t.Errorf("Plain(%q) = %q, want %q", c.md, got, c.plain)
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ wa, md string }{
		{"Hello", "Hello"},
		{"*bold* _it_ ~no~ `code`", "**bold** *it* ~~no~~ `code`"},
		{"*_both_*", "***both***"},
		{"2*3*4", `2\*3\*4`},
		{"* item\n* two\nend", "- item\n- two\n\nend"},
		{"> quoted\nmine", "> quoted\n\nmine"},
		{"a\n\n\nb", "a\n\nb"},
		{"```one```", "`one`"},
		{"see\n```\na\nb\n```\nok", "see\n\n````\na\nb\n````\n\nok"},
		{"not closed ```a", "not closed \\`\\`\\`a"},
		{"https://x.test/a_b_c?d=*e*", "<https://x.test/a_b_c?d=*e>\\*"},
		{"<b> [x](y) # no", `\<b> \[x\](y) # no`},
		{"# no heading", `\# no heading`},
		{"* alone*", `- alone\*`},
		{"*not *", `\*not \*`},
		{"snake_case_name", "snake_case_name"},
		{"\u00a0", ""},
	} {
		if got := Parse(c.wa); strings.TrimSpace(got) != c.md {
			t.Errorf("Parse(%q) = %q, want %q", c.wa, got, c.md)
		}
	}
}

// What a customer wrote with marks comes back with the same marks.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for _, wa := range []string{"*bold* and _it_, ~gone~", "*a _b_ c*", "_a *b*_", "> q", "- a\n- b", "1. a\n2. b",
		"```\nx\ny\n```", "😀*b*😀", "(*b*)", "5 < 6 & 7 > 3", "a\\b", "https://x.test/?a=1&b=2"} {
		if got := Render(Parse(wa)); got != wa {
			t.Errorf("%q came back as %q by %q", wa, got, Parse(wa))
		}
	}
}

// FuzzEscape: what is escaped shows the same text.
func FuzzEscape(f *testing.F) {
	for _, s := range []string{"Hello", "*a* _b_ ~~c~~ `d` [e](f) <g> &amp; \\", "# a\n> b\n- c\n1. d\n---\n|a|b|\n|-|-|", "a\n===", "  x\n\ty",
		"http://a.b/c_d_(e)*f*.", "~~~\nx", "www.a.test/*x*", "a@b.test", "!", "\\\\*", "[ ] x", "***", "_ _"} {
		f.Add(s)
	}
	for _, s := range budget.Seeds() {
		f.Add(s)
	}
	// Marks inside marks are read again, up to maxNesting times; texts have 4,096 letters at most.
	m := budget.NewMeterFor(budget.Allowance{Base: time.Millisecond, PerMegabyte: 100 * time.Millisecond})
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 2000 {
			return
		}
		budget.CheckRepeated(t, m, s, func(s string) { Escape(s) })
		budget.CheckRepeated(t, m, s, func(s string) { Parse(s) })
		if got, want := flat(Plain(Escape(s))), flat(cleanText(s)); got != want {
			t.Errorf("%q escaped as %q shows %q", want, Escape(s), got)
		}
		once := Parse(s)
		if Render(once) == "" && flat(cleanText(s)) != "" {
			t.Errorf("%q vanished: %q", s, once)
		}
	})
}

// flat gives a text without what Markdown doesn't keep: the kind and number of blanks.
func flat(s string) string { return strings.Join(strings.FieldsFunc(s, unicode.IsSpace), " ") }

// No words are lost, however deep they lie.
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
