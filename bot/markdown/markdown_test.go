package markdown

import (
	"strings"
	"testing"
)

// A long text is parsed in pieces; none of it is lost.
func TestChunks(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "a", strings.Repeat("a\n\n", 20000), strings.Repeat("ä", 100000), strings.Repeat("a\n", 50000), "```\n" + strings.Repeat("x\n\n", 5000) + "```\n" + strings.Repeat("y\n\n", 9000)} {
		cs := chunks(s)
		if strings.Join(cs, "") != s {
			t.Errorf("%.10q lost", s)
		}
		for _, c := range cs {
			if len(c) > chunkMost || c == "" {
				t.Errorf("%.10q: chunk of %d bytes", s, len(c))
			}
		}
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
			t.Errorf("%q became %q by %q", s, got, w.Text().Markdown)
		}
	}
}

func squash(s string) string { return strings.Join(strings.Fields(s), " ") }

func FuzzLiteral(f *testing.F) {
	f.Add("a *b* <c>\n- d")
	f.Fuzz(func(t *testing.T, s string) {
		if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\n' || r == 0xfffd || r == 0x7f }) {
			t.Skip()
		}
		w := NewWriter()
		w.Literal(s)
		got := Plain(Parts(w.Text().Markdown))
		if strings.Count(got, "*") < strings.Count(s, "*") || strings.Count(got, "<") < strings.Count(s, "<") {
			t.Errorf("%q became %q", s, got)
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
