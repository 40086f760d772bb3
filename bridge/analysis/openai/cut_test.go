package openai

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"parley/bridge/analysis"
)

// bulky is a question with too much of everything, made of one text.
func bulky(text string, n int) analysis.Question {
	var q analysis.Question
	for i := range n {
		files := []string{}
		for range n {
			files = append(files, text)
		}
		m := analysis.Message{Subject: text, Text: text, Files: files, FromAgent: i%2 == 1}
		q.Before = append(q.Before, m)
		m.FromAgent = false
		q.Burst = append(q.Burst, m)
		id := fmt.Sprint(i)
		q.Desk.Tags = append(q.Desk.Tags, analysis.Tag{Name: id + text, Words: files})
		q.Desk.Intents = append(q.Desk.Intents, analysis.Intent{Name: id + text, About: text})
		q.Desk.References = append(q.Desk.References, analysis.Pattern{Kind: id + text, Regexp: text})
		q.Desk.Sources = append(q.Desk.Sources, analysis.Source{ID: id + text, Title: text, Link: text, Text: text, Reply: text})
		q.Desk.Examples = append(q.Desk.Examples, analysis.Example{Text: text, Intent: text, Tags: files, Solver: text})
	}
	return q
}

// TestCutFits: whatever is asked, the request stays below 6,000 estimated tokens.
func TestCutFits(t *testing.T) {
	t.Parallel()
	for _, unit := range []string{"a", "word ", "\x00", "\"", "\\", "\n", "é", "字", "\xff", "😀", "<&>", "\u2028"} {
		for _, size := range []int{1, 60, 4000} {
			for _, n := range []int{1, 20, 50} {
				p := newPrompt(cut(bulky(strings.Repeat(unit, size), n)))
				if total := estimateTokens(systemText) + estimateTokens(shapeText) + written(p.user); total > 6000 {
					t.Errorf("%q × %d × %d: %d tokens, want at most 6000", unit, size, n, total)
				}
				if len(p.q.Burst) == 0 {
					t.Errorf("%q × %d × %d: nothing is left", unit, size, n)
				}
			}
		}
	}
	if n := estimateTokens(systemText) + estimateTokens(shapeText); n > 800 {
		t.Errorf("what is always told has %d tokens, want at most 800", n)
	}
}

// written estimates a text whose escapes are written already.
func written(s string) int {
	ascii, other := 0, 0
	for _, r := range s {
		if r < 0x80 {
			ascii++
		} else {
			other++
		}
	}
	return ascii*2/7 + other
}

// TestCutOrder: the history loses its beginning, sources their end, the burst nothing while it is short.
func TestCutOrder(t *testing.T) {
	t.Parallel()
	q := question()
	if got := cut(q); !reflect.DeepEqual(got.Burst, q.Burst) || !reflect.DeepEqual(got.Before, q.Before) || len(got.Desk.Intents) != 13 {
		t.Errorf("a short question was cut: %+v", got)
	}
	q.Before = nil
	for i := range 500 {
		q.Before = append(q.Before, analysis.Message{Text: fmt.Sprintf("message %d %s", i, strings.Repeat("word ", 20))})
		q.Desk.Sources = append(q.Desk.Sources, analysis.Source{ID: fmt.Sprint(i), Text: strings.Repeat("word ", 100)})
	}
	got := cut(q)
	if n := len(got.Before); n == 0 || n == 500 || !strings.HasPrefix(got.Before[n-1].Text, "message 499") {
		t.Errorf("history: %d left", n)
	}
	if n := len(got.Desk.Sources); n < 3 || n > 20 || got.Desk.Sources[0].ID != "tpl-1" {
		t.Errorf("sources: %d left", n)
	}
	if len(q.Before) != 500 || len(q.Desk.Sources) != 501 || q.Desk.Sources[5].Text != strings.Repeat("word ", 100) {
		t.Error("the caller's question was changed")
	}
}

// TestClip: a clipped text is a beginning.
func TestClip(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in   string
		most int
		want string
	}{{"short", 10, "short"}, {"字字字字字", 3, "字字…"}, {"字", 0, "…"}, {"", 0, ""}} {
		if got := clipTokens(c.in, c.most); got != c.want {
			t.Errorf("clip(%q, %d) = %q, want %q", c.in, c.most, got, c.want)
		}
	}
}
