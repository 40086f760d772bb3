package openai

import (
	"fmt"
	"strings"
	"testing"

	"parley/bridge/analysis"
)

// maxPromptTokens is how many tokens, as estimated, all that a model is told may have.
const maxPromptTokens = 6000

// repeatText makes a list of n times the same text.
func repeatText(text string, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = text
	}
	return list
}

// newLargeQuestion makes a question with n of everything, all made of one text.
func newLargeQuestion(text string, n int) analysis.Question {
	var q analysis.Question
	texts := repeatText(text, n)
	for i := range n {
		isByAgent := i%2 == 1
		q.Before = append(q.Before, analysis.Message{Subject: text, Text: text, Files: texts, FromAgent: isByAgent})
		q.Burst = append(q.Burst, analysis.Message{Subject: text, Text: text, Files: texts})

		name := fmt.Sprint(i) + text // different ones
		q.Desk.Tags = append(q.Desk.Tags, analysis.Tag{Name: name, Words: texts})
		q.Desk.Intents = append(q.Desk.Intents, analysis.Intent{Name: name, About: text})
		q.Desk.References = append(q.Desk.References, analysis.Pattern{Kind: name, Regexp: text})
		q.Desk.Sources = append(q.Desk.Sources, analysis.Source{ID: name, Title: text, Link: text, Text: text})
	}
	return q
}

// However large a question is, the prompt stays below its limit, and some of the customer's message is left.
func TestCutFits(t *testing.T) {
	t.Parallel()
	units := []string{
		"a", "word ", "é", "字", "😀",
		"\x00", "\"", "\\", "\n", "\xff", "<&>", "\u2028", // written as escapes
	}
	for _, unit := range units {
		for _, repeats := range []int{1, 60, 4000} {
			for _, n := range []int{1, 20, 50} {
				p := newPrompt(cut(newLargeQuestion(strings.Repeat(unit, repeats), n)))
				total := estimateTokens(systemText) + estimateTokens(shapeText) + estimateWritten(p.user)
				if total > maxPromptTokens {
					t.Errorf("%d texts of %d × %q: got %d tokens, want at most %d", n, repeats, unit, total, maxPromptTokens)
				}
				if len(p.q.Burst) == 0 {
					t.Errorf("%d texts of %d × %q: nothing of the message is left", n, repeats, unit)
				}
			}
		}
	}
}

// estimateWritten estimates the tokens of a text whose escapes are written already.
func estimateWritten(s string) int {
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

// A clipped text is the beginning of the text, with an ellipsis.
func TestClipTokens(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		max  int
		want string
	}{
		{text: "short", max: 10, want: "short"},
		{text: "字字字字字", max: 3, want: "字字…"},
		{text: "字", max: 0, want: "…"},
		{text: "", max: 0, want: ""},
	}
	for _, tt := range tests {
		if got := clipTokens(tt.text, tt.max); got != tt.want {
			t.Errorf("clipTokens(%q, %d) = %q, want %q", tt.text, tt.max, got, tt.want)
		}
	}
}

// A cut leaves no part of a placeholder, which couldn't be restored: a model that repeats it would show it to an agent, or in
// a suggested reply.
func TestClipLeavesNoPartOfAPlaceholder(t *testing.T) {
	t.Parallel()
	hidden := analysis.New()
	before, after := strings.Repeat("é", 10)+" ", " "+strings.Repeat("é", 10)
	placeholder := hidden.Hide("+49 170 1234567")
	text := before + placeholder + after
	for limit := 1; limit < estimateTokens(text); limit++ {
		clipped := strings.TrimSuffix(clipTokens(text, limit), "…")
		isWhole := strings.Contains(clipped, placeholder)
		if !isWhole && strings.Contains(clipped, "[") {
			t.Errorf("clipped to %d tokens, it is %q", limit, clipped)
		}
	}
}
