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
			if err := md.Convert(source, &out); err != nil || !strings.Contains(out.String(), "words") || strings.Count(out.String(), "<blockquote>") > 12 {
				t.Errorf("%q: %.200s, %v", mark, out.String(), err)
			}
		})
	}
}

// TestIsEntity: what Markdown decodes behind an ampersand.
func TestIsEntity(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{
		"amp;": true, "#1;": true, "#1234567;": true, "#x1F;": true, "#XaBc;x": true, "a1;": true, strings.Repeat("a", 32) + ";": true,
		"": false, ";": false, "a;": false, "#;": false, "#x;": false, "#12345678;": false, "#x1234567;": false, "#xg;": false, "1a;": false, "amp": false, strings.Repeat("a", 33) + ";": false, "a b;": false,
	} {
		if markdown.IsEntity(s) != want {
			t.Errorf("%q: %v", s, !want)
		}
	}
}
