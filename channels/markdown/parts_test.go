package markdown

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/yuin/goldmark/parser"

	"parley/channels/budget"
)

// A long text is parsed in pieces; none of it is lost.
func TestChunks(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]string{
		"nothing":           "",
		"a letter":          "a",
		"paragraphs":        strings.Repeat("a\n\n", 20000),
		"one long word":     strings.Repeat("ä", 100000),
		"lines":             strings.Repeat("a\n", 50000),
		"code, and then no": "```\n" + strings.Repeat("x\n\n", 5000) + "```\n" + strings.Repeat("y\n\n", 9000),
	} {
		chunks := splitChunks(s)
		if strings.Join(chunks, "") != s {
			t.Errorf("%s: the pieces aren't the text", name)
		}
		for _, c := range chunks {
			if len(c) > maxChunkBytes || c == "" {
				t.Errorf("%s: a piece has %d bytes, want 1 to %d", name, len(c), maxChunkBytes)
			}
		}
	}
}

// TestHostileMarks: marks that never end, or lie deeper than anybody reads, are text: all of
// them is shown, and they make no flood of parts.
func TestHostileMarks(t *testing.T) {
	t.Parallel()
	for _, mark := range []string{">", "> ", "#", "[](", "~", "- ", "1. ", "](", "a~", "[a](b \"", "[a](b ("} {
		s := "x" + strings.Repeat(mark, 60_000/len(mark))
		parts := Parts(s)
		if got, want := strings.Count(Plain(parts), mark[:1]), strings.Count(s, mark[:1])*99/100; got < want {
			t.Errorf("%q is shown %d times, want %d times at least", mark[:1], got, want)
		}
		if len(parts) > 200 {
			t.Errorf("%q became %d parts, want 200 at most", s[:10], len(parts))
		}
	}
	if got := Plain(Parts(strings.Repeat("> ", maxDepth+2) + "x")); !strings.HasSuffix(got, "> > x") {
		t.Errorf("two quotes deeper than allowed: got %q, want their marks at its end", got)
	}
}

// TestVerbatim: what bounds the parser leaves code, links and strikethrough as they are.
func TestVerbatim(t *testing.T) {
	t.Parallel()
	underline := "x := y +\n     ^" + strings.Repeat("~", 30)
	for _, code := range []string{underline, strings.Repeat("> ", 30), strings.Repeat("[](", 30)} {
		parts := Parts("```\n" + code + "\n```")
		if len(parts) != 1 || parts[0].Kind != Code || parts[0].Runs[0].Text != code {
			t.Errorf("%q became %+v, want one part of code with the same text", code, parts)
		}
		run := Parts("`" + strings.ReplaceAll(code, "\n", " ") + "` x")[0].Runs[0]
		if !run.Style.Code || strings.Contains(run.Text, `\`) {
			t.Errorf("%q in a line became %+v, want code without escapes", code, run)
		}
	}
	const links, address = 30, "https://x.test/(b)?c=%28"
	parts := Parts(strings.Repeat("[a]("+address+")", links))
	if len(parts) != 1 || len(parts[0].Runs) != links || parts[0].Runs[links-1].URL != address {
		t.Errorf("links became %+v, want one part with %d links to %s", parts, links, address)
	}
	parts = Parts("~~a~~ b")
	if len(parts) != 1 || !parts[0].Runs[0].Style.Strike || parts[0].Runs[0].Text != "a" {
		t.Errorf("strikethrough became %+v, want one part that begins with a struck a", parts)
	}
	if got := Plain(Parts("[1]: https://x.test/a\n")); !strings.Contains(got, "https://x.test/a") {
		t.Errorf("a definition became %q, want its address in it", got)
	}
	long := strings.Repeat("b", maxURLBytes)
	if got := Plain(Parts("[a](https://x.test/" + long + ")")); !strings.Contains(got, long) {
		t.Errorf("of a long address %d bytes are left, want all of it", len(got))
	}
}

// What is written literally is read as the same characters.
func TestLiteralSurvives(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		`a*b_c~d[e](f)<g>&amp; \x`, "# x", "- x", "1. x\n2) y", "> q", "===", "<b>x</b>", "&copy; &#65;", "|a|b|\n|-|-|\n|1|2|", "`tick` ``two``", `\\`, "**", "[x]: http://y.test",
	} {
		w := NewWriter()
		w.Literal(s)
		if got := Plain(Parts(w.Text().Markdown)); squash(got) != squash(s) {
			t.Errorf("%q is read as %q from %q, want the same words", s, got, w.Text().Markdown)
		}
	}
}

// squash makes every run of white space one space.
func squash(s string) string { return strings.Join(strings.Fields(s), " ") }

func FuzzLiteral(f *testing.F) {
	f.Add("a *b* <c>\n- d")
	for _, s := range budget.Seeds() {
		f.Add(s)
	}
	// Goldmark keeps a node for each line and each sign that may act: 0.5 µs each.
	literal := budget.NewMeterFor(budget.Allowance{Base: 2 * time.Millisecond, PerMegabyte: 400 * time.Millisecond})
	raw := budget.NewMeterFor(budget.Allowance{Base: 2 * time.Millisecond, PerMegabyte: 1500 * time.Millisecond})
	f.Fuzz(func(t *testing.T, s string) {
		budget.CheckRepeated(t, literal, s, func(s string) {
			w := NewWriter()
			w.Literal(s)
			Parts(w.Text().Markdown)
		})
		budget.CheckRepeated(t, raw, s, func(s string) { Plain(Parts(s)) })
		if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\n' || r == 0xfffd || r == 0x7f }) {
			t.Skip()
		}
		w := NewWriter()
		w.Literal(s)
		got := Plain(Parts(w.Text().Markdown))
		if strings.Count(got, "*") < strings.Count(s, "*") || strings.Count(got, "<") < strings.Count(s, "<") {
			t.Errorf("%q is read as %q, which has fewer * or <", s, got)
		}
	})
}

// Names are put in all at once: a text in which one makes another token reads the same each time.
func TestNamed(t *testing.T) {
	t.Parallel()
	names := map[string]string{MentionToken("A"): "*B*", MentionToken("B"): "Ben_Oak", MentionToken("C"): "C"}
	for range 100 {
		if got := Named("<<@A>> <@B>, <@C> <@D>", names); got != "<@B> @Ben Oak, @C <@D>" {
			t.Fatalf("named %q", got)
		}
	}
}

// TestReadAtOnce: texts are read by many at once, and reading leaves nothing behind.
func TestReadAtOnce(t *testing.T) {
	t.Parallel()
	before := parser.ContextKeyMax
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() { Parts("See [ours](https://example.org) and ~~that~~.") })
	}
	group.Wait()
	if n := parser.ContextKeyMax - before; n != 0 {
		t.Errorf("each later text keeps room for %d values more", n)
	}
}
