package markdown_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"parley/channels/budget"
	"parley/channels/markdown"
)

// TestDepth: marks that lie too deep are text, and cost no more than text.
func TestDepth(t *testing.T) { // not parallel: it measures what the process spends
	md := markdown.New()
	m := budget.NewMeterFor(budget.Allowance{Base: 2 * time.Millisecond, PerMegabyte: 1500 * time.Millisecond})
	for _, mark := range []string{">", "> ", "- ", "1. ", "+ ", "> - "} {
		source := []byte(strings.Repeat(mark, 40_000/len(mark)) + "words")
		m.Check(t, len(source), func() {
			var out bytes.Buffer
			if err := md.Convert(source, &out); err != nil {
				t.Error(err)
			}
			if !strings.Contains(out.String(), "words") {
				t.Errorf("%q became %.200s, which lost the words", mark, out.String())
			}
			if quotes := strings.Count(out.String(), "<blockquote>"); quotes > 12 {
				t.Errorf("%q became %d quotes within one another, want 12 at most", mark, quotes)
			}
		})
	}
}

// TestIsEntity: what Markdown decodes behind an ampersand.
func TestIsEntity(t *testing.T) {
	t.Parallel()
	longest := strings.Repeat("a", 32)
	for _, s := range []string{"amp;", "#1;", "#1234567;", "#x1F;", "#XaBc;x", "a1;", longest + ";"} {
		if !markdown.IsEntity(s) {
			t.Errorf("%q is taken for no entity", s)
		}
	}
	for _, s := range []string{
		"", ";", "a;", "#;", "#x;", "#12345678;", "#x1234567;", "#xg;", "1a;", "amp", longest + "a;", "a b;",
	} {
		if markdown.IsEntity(s) {
			t.Errorf("%q is taken for an entity", s)
		}
	}
}
