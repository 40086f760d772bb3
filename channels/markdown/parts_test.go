package markdown

import (
	"strings"
	"testing"
	"time"

	"parley/channels/golden"
)

// A long text is parsed in pieces; none of it is lost.
func TestChunks(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		text string
	}{
		{name: "nothing", text: ""},
		{name: "a letter", text: "a"},
		{name: "paragraphs", text: strings.Repeat("a\n\n", 20000)},
		{name: "one long word", text: strings.Repeat("ä", 100000)},
		{name: "lines", text: strings.Repeat("a\n", 50000)},
		{name: "code, and paragraphs behind it", text: "```\n" + strings.Repeat("x\n\n", 5000) + "```\n" + strings.Repeat("y\n\n", 9000)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			chunks := splitChunks(tt.text)
			if strings.Join(chunks, "") != tt.text {
				t.Error("the pieces together are another text")
			}
			for i, c := range chunks {
				if len(c) > maxChunkBytes || c == "" {
					t.Errorf("piece %d has %d bytes, want 1 to %d", i, len(c), maxChunkBytes)
				}
			}
		})
	}
}

// Marks that never end, or that are nested too deep, are shown as text and don't make thousands of parts.
func TestHostileMarks(t *testing.T) {
	t.Parallel()
	const mostParts = 200
	for _, mark := range []string{">", "> ", "#", "[](", "~", "- ", "1. ", "](", "a~", "[a](b \"", "[a](b ("} {
		t.Run(mark, func(t *testing.T) {
			t.Parallel()
			sign := mark[:1]
			text := "x" + strings.Repeat(mark, 60_000/len(mark))
			parts := Parts(text)
			// Parley may still read the first marks as formatting, but at most one of a hundred.
			if got, want := strings.Count(Plain(parts), sign), strings.Count(text, sign)*99/100; got < want {
				t.Errorf("%q is shown %d times, want %d times at least", sign, got, want)
			}
			if len(parts) > mostParts {
				t.Errorf("got %d parts, want %d at most", len(parts), mostParts)
			}
		})
	}
}

// Marks in code, in a block or in a line, are shown unchanged.
func TestMarksInCode(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		code string
	}{
		{name: "an error below a line of a program", code: "x := y +\n     ^" + strings.Repeat("~", 30)},
		{name: "marks of quotations", code: strings.Repeat("> ", 30)},
		{name: "marks of links", code: strings.Repeat("[](", 30)},
	}
	for _, tt := range tests {
		t.Run(tt.name+", as a block", func(t *testing.T) {
			t.Parallel()
			parts := Parts("```\n" + tt.code + "\n```")
			if len(parts) != 1 {
				t.Fatalf("got %d parts, want one: %+v", len(parts), parts)
			}
			if parts[0].Kind != Code {
				t.Errorf("got the kind %v, want %v", parts[0].Kind, Code)
			}
			if got := parts[0].Runs[0].Text; got != tt.code {
				t.Errorf("got the text %q, want %q", got, tt.code)
			}
		})
		t.Run(tt.name+", in a line", func(t *testing.T) {
			t.Parallel()
			line := strings.ReplaceAll(tt.code, "\n", " ")
			run := Parts("`" + line + "` x")[0].Runs[0]
			if !run.Style.Code {
				t.Errorf("got %+v, want code", run)
			}
			if strings.Contains(run.Text, `\`) {
				t.Errorf("got the text %q, want one without escapes", run.Text)
			}
		})
	}
}

// A text that is written with Literal is read back with the same characters, even if they have a meaning in Markdown.
func TestLiteralSurvives(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"a*b_c~d[e](f)<g>&amp; \\x",
		"# x",
		"- x",
		"1. x\n2) y",
		"> q",
		"===",
		"<b>x</b>",
		"&copy; &#65;",
		"|a|b|\n|-|-|\n|1|2|",
		"`tick` ``two``",
		"\\\\",
		"**",
		"[x]: http://y.test",
	} {
		w := NewWriter()
		w.Literal(text)
		markdown := w.Text().Markdown
		if got, want := squash(Plain(Parts(markdown))), squash(text); got != want {
			t.Errorf("%q, written as %q: read as %q, want %q", text, markdown, got, want)
		}
	}
}

// squash makes every run of white space one space.
func squash(s string) string { return strings.Join(strings.Fields(s), " ") }

func FuzzLiteral(f *testing.F) {
	f.Add("a *b* <c>\n- d")
	for _, s := range golden.Seeds() {
		f.Add(s)
	}
	// Goldmark keeps a node for each line and each possible mark, which costs 0.5 µs each.
	literal := golden.NewMeterFor(golden.Allowance{Base: 2 * time.Millisecond, PerMegabyte: 400 * time.Millisecond})
	raw := golden.NewMeterFor(golden.Allowance{Base: 2 * time.Millisecond, PerMegabyte: 1500 * time.Millisecond})
	f.Fuzz(func(t *testing.T, s string) {
		golden.CheckRepeated(t, literal, s, func(s string) {
			w := NewWriter()
			w.Literal(s)
			Parts(w.Text().Markdown)
		})
		golden.CheckRepeated(t, raw, s, func(s string) { Plain(Parts(s)) })
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

// NameMentions replaces all tokens in one pass. So a name that looks like a token isn't replaced again, and the result is
// always the same.
func TestNamed(t *testing.T) {
	t.Parallel()
	names := map[string]string{MentionToken("A"): "*B*", MentionToken("B"): "Ben_Oak", MentionToken("C"): "C", MentionToken("E"): ""}
	for range 100 {
		if got, want := NameMentions("<<@A>> <@B>, <@C> <@D> <@E>", names), "<@B> @Ben Oak, @C <@D> a colleague"; got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
}
